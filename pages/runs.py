"""Every training and what it measured."""

import streamlit as st

from pages.parts import run_history
from pages.parts.choices import choose_dataset
from pages.parts.frame import open_page
from pages.parts.progress import watch_active

open_page()
dataset = choose_dataset()
st.title("Runs")
watch_active()
run_history.show(dataset)
