"""To be written."""

import streamlit as st


def show(run, attribution) -> None:
    st.info("Soon.")
