import streamlit as st

from pages.parts.frame import open_page

open_page()
st.title("Train")
