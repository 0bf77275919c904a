"""Why the model decides as it does on one comment."""

import streamlit as st

from pages.parts import explain_views
from pages.parts.choices import need_dataset, need_run
from pages.parts.frame import open_page

open_page()
st.title("Explain")
dataset = need_dataset()
run = need_run(dataset, "then this page shows which words made it decide.")
text = explain_views.choose_text(run)
if text:
    explain_views.show(run, text)
