"""To be written."""

import streamlit as st


def show(run, text, feedback_id) -> None:
    st.info("Soon.")
