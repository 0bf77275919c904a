"""To be written."""

import streamlit as st


def show(run, text) -> None:
    st.info("Soon.")
