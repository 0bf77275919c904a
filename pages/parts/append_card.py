"""A file that is read and compared with the dataset and waits for a word."""

import streamlit as st

from core.domain import Dataset
from core.workflow import importing
from core.workflow.importing import Waiting
from pages.parts import import_progress, resources
from pages.parts.accounting import in_words
from pages.parts.plain import bullets, counted, plain

ALWAYS = ("New", "Changed", "The same")


def show(dataset: Dataset) -> None:
    for waits in importing.waiting(resources.store(), dataset.id):
        with st.container(border=True, key=f"waiting_{waits.job_id}"):
            _card(dataset, waits)


def _card(dataset: Dataset, waits: Waiting) -> None:
    outcome, counts = waits.outcome, waits.outcome.counts
    st.markdown(f"**{plain(waits.file_name)}** is read. Add it to **{plain(dataset.name)}**?")
    aside = sum(item.rows for item in outcome.rejections)
    facts = (
        ("New", counts.new, "Comments that the dataset does not have yet. They are added."),
        ("Changed", counts.updated, "Known comments whose words or other columns changed. They are updated."),
        ("The same", counts.same, "Already in the dataset as they are. They are skipped."),
        (
            "Repeated",
            counts.repeated,
            "The same words by the same author as a comment that is there. Skipped.",
        ),
        ("Kept aside", aside, "Rows that cannot be stored. You can download them after the import."),
    )
    with st.container(horizontal=True):
        for name, value, help in [fact for fact in facts if fact[1] or fact[0] in ALWAYS]:
            st.metric(name, f"{value:,}", help=help, border=True, width=180)
    if not counts.new + counts.updated:
        st.info("Every comment of this file is in the dataset already: there is nothing to add.")
    if outcome.rejections:
        st.markdown(bullets(in_words(item) for item in outcome.rejections))
    if outcome.warnings:
        words = f"{counted(len(outcome.warnings), 'thing')} to know about this file"
        with st.expander(words, icon=":material/info:"):
            st.markdown(bullets(outcome.warnings))
    with st.container(horizontal=True):
        words = f"Add {counted(counts.new + counts.updated, 'comment')}"
        if st.button(
            words,
            type="primary",
            icon=":material/add:",
            key=f"add_{waits.job_id}",
            disabled=not counts.new + counts.updated,
        ):
            import_progress.follow(importing.confirm(resources.store(), waits))
            st.rerun()
        if st.button("Discard", icon=":material/delete:", key=f"discard_{waits.job_id}"):
            with st.spinner("Discarding"):
                importing.discard(resources.store(), waits)
            st.toast("Nothing of the file was kept.")
            st.rerun()
