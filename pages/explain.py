"""Why the model decides as it does: on one comment, and as a whole."""

import streamlit as st

from pages.parts import explain_chooser, explain_views
from pages.parts.choices import need_dataset, need_run
from pages.parts.frame import open_page

open_page()
head = st.container(horizontal=True, vertical_alignment="center")
head.title("Explain", width="content")
dataset = need_dataset()
run = need_run(dataset, "then this page shows which words made it decide.")
explain_chooser.take_over(run)
with head:
    about = explain_chooser.choose_scope()
if about == explain_chooser.MODEL:
    explain_views.show_model(run)
elif comment := explain_chooser.choose_comment(run):
    explain_views.show_comment(run, comment)
