"""What was computed once and is shown often. A finished run never changes, so its id and hash are a full
key; a dataset's hash changes with its data."""

import streamlit as st

from core.domain import Dataset, Insights, TrainingRun
from core.workflow import feedback, reports
from core.workflow import insights as insight_work
from pages.parts import model, resources


def insights(run: TrainingRun) -> Insights:
    return _insights(run.id, run.manifest_sha256)


@st.cache_resource(max_entries=8, show_spinner="Counting themes, trends and segments")
def _insights(run_id: int, manifest_sha256: str) -> Insights:
    return reports.freeze(resources.store(), run_id)


def sentences(run: TrainingRun) -> tuple[str, ...]:
    return insight_work.sentences(insights(run))


def outline(run: TrainingRun):
    return _outline(run.id, run.manifest_sha256)


@st.cache_resource(max_entries=8, show_spinner="Laying out the report")
def _outline(run_id: int, manifest_sha256: str):
    return reports.make_outline(resources.store(), run_id)


def health(dataset: Dataset):
    return _health(dataset.id, dataset.sha256)


@st.cache_resource(max_entries=8, show_spinner="Checking the comments")
def _health(dataset_id: int, sha256: str):
    return feedback.health_of(resources.store(), dataset_id)


def predicted(run: TrainingRun) -> dict[str, tuple[int, ...]]:
    """Ids of the comments by the label that the model gives them, whatever a person said."""
    return _predicted(run.id, run.manifest_sha256)


@st.cache_resource(max_entries=4, show_spinner="Finding the comments")
def _predicted(run_id: int, manifest_sha256: str) -> dict[str, tuple[int, ...]]:
    return insight_work.predicted(resources.store(), run_id)


def evidence(run: TrainingRun, ids: tuple[int, ...], order: str, limit: int):
    """The rows behind a mark. Ids are hashed here: Streamlit's own hash of 100,000 takes longer than
    the table."""
    return _evidence(run.id, run.manifest_sha256, hash(ids), order, limit, ids)


@st.cache_resource(max_entries=64, show_spinner="Finding the comments")
def _evidence(run_id: int, manifest_sha256: str, mark: int, order: str, limit: int, _ids: tuple[int, ...]):
    return insight_work.evidence(resources.store(), run_id, _ids, limit, order)


def forget_cached() -> None:
    """After a deletion no copy of the comments stays in memory."""
    for function in (_insights, _outline, _health, _predicted, _evidence):
        function.clear()
    model.forget_cached()
