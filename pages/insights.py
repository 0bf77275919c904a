"""Themes, trends and segments, each number with its range, each mark with its comments."""

import streamlit as st

from pages.parts import insight_tabs, results, run_notes, run_results
from pages.parts.choices import need_dataset, need_run
from pages.parts.frame import open_page
from pages.parts.plain import bullets, plain

open_page()
st.title("Insights")
dataset = need_dataset()
run = need_run(dataset, "then this page shows what share of the feedback each label has, and how it moves.")
insights = results.insights(run)
st.caption(
    f"{plain(dataset.name)} · {insights.rows:,} comments, {insights.labelled:,} labelled by people · "
    f"label set {plain(insights.label_set)} · run {run.id}"
)
run_notes.standing(run)
run_notes.show(run)
if run.recommended == "baseline" and run_results.is_beaten(run, run.baseline.name):
    st.warning(
        f"On held-out comments the simple baseline (macro F1 {run.baseline.macro_f1:.2f}) beats this model "
        f"({run.model.macro_f1:.2f}) by more than chance. Treat the counts of unlabelled comments with care.",
        icon=":material/balance:",
    )
with st.container(border=True):
    st.markdown(bullets(results.sentences(run)))
insight_tabs.show(run, insights)
with st.expander("How these numbers are counted", icon=":material/help:"):
    st.markdown(plain(insights.counting, 2000))
    st.markdown(bullets(insights.notes))
