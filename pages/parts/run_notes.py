"""What came after a run was trained, so that its numbers do not show it."""

import streamlit as st

from core.domain import TrainingRun
from core.workflow import accounts, runs
from pages.parts import resources
from pages.parts.plain import plain


def show(run: TrainingRun) -> None:
    store = resources.store()
    for note in (runs.changed_since(store, run), accounts.newer_than_insights(store, run.id)):
        if note:
            st.info(plain(note, 600), icon=":material/update:")
