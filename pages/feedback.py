"""Upload comments, say what each column is, check their health."""

import streamlit as st

from pages.parts import health_card, uploads
from pages.parts.choices import choose_dataset
from pages.parts.frame import open_page

open_page()
dataset = choose_dataset()
st.title("Feedback")
uploads.take(dataset)
if dataset is not None:
    health_card.show(dataset)
