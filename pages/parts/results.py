"""Finished runs on the screen. A finished run never changes, so its id and hash are a full key."""

import streamlit as st

from core.domain import Insights, TrainingRun
from core.workflow import insights as insight_work
from pages.parts import resources


def insights(run: TrainingRun) -> Insights:
    return _insights(run.id, run.manifest_sha256)


@st.cache_resource(max_entries=8, show_spinner="Counting themes, trends and segments")
def _insights(run_id: int, manifest_sha256: str) -> Insights:
    return insight_work.insights(resources.store(), run_id)


def sentences(run: TrainingRun) -> tuple[str, ...]:
    return insight_work.sentences(insights(run))


@st.cache_resource(max_entries=64, show_spinner="Finding the comments")
def evidence(run_id: int, manifest_sha256: str, mark: tuple[str, ...], order: str, limit: int, _ids: tuple):
    """The rows behind a mark. `mark` names it, since hashing 100,000 ids costs more than the table."""
    return insight_work.evidence(resources.store(), run_id, _ids, limit, order)
