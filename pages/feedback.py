"""Bring in comments, say what each column is, check their health."""

import streamlit as st

from pages.parts import append_card, dataset_tabs, import_progress, uploads
from pages.parts.choices import choose_dataset
from pages.parts.frame import open_page

open_page()
import_progress.arrive()
dataset = choose_dataset()
st.title("Feedback")
busy = uploads.take(dataset)
import_progress.watch_active()
import_progress.tell(dataset)
if dataset is not None and not busy:
    append_card.show(dataset)
    dataset_tabs.show(dataset)
