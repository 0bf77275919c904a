"""Take the findings with you: preview, what is left out and why, and the files."""

import streamlit as st

from pages.parts import report_view, run_notes
from pages.parts.choices import need_dataset, need_run
from pages.parts.frame import open_page

open_page()
st.title("Report")
dataset = need_dataset()
run = need_run(dataset, "then its findings become a deck, a page and a workbook.")
run_notes.standing(run)
run_notes.show(run)
report_view.downloads(run)
report_view.preview(run)
