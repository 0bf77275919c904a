"""To be written."""

import streamlit as st


def show(run) -> None:
    st.info("Soon.")
