"""What was computed once and is shown often. A finished run never changes, so its id and hash are a full
key; a dataset's hash changes with its data."""

from typing import TYPE_CHECKING

import streamlit as st

from core.domain import Dataset, Insights, LabelSet, TrainingRun
from core.workflow import health as health_work
from core.workflow import insights as insight_work
from core.workflow import reports
from pages.parts import model, resources

if TYPE_CHECKING:
    import pandas as pd

SIMILAR_SHOWN = 50


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


def health(dataset: Dataset) -> "health_work.Health":
    """Measured when the rows last changed, and anew once similar comments were looked for: only read here."""
    with st.spinner("Checking the comments"):
        return health_work.of_dataset(resources.store(), dataset.id)


def label_sets(dataset: Dataset) -> list[LabelSet]:
    """With the number of comments of each label."""
    return _label_sets(dataset.id, dataset.sha256)


@st.cache_resource(max_entries=8, show_spinner="Counting labels")
def _label_sets(dataset_id: int, sha256: str) -> list[LabelSet]:
    return resources.store().labels.sets(dataset_id)


def similar(dataset: Dataset, found: "health_work.Health") -> "pd.DataFrame":
    """The comments that are said most often, grouped; `found` tells whether they were looked for."""
    return _similar(dataset.id, dataset.sha256, found.similar_groups, found.similar_rows)


@st.cache_resource(max_entries=4, show_spinner="Grouping comments that say the same")
def _similar(dataset_id: int, sha256: str, groups: int, rows: int) -> "pd.DataFrame":
    return health_work.similar_groups(resources.store(), dataset_id, SIMILAR_SHOWN)


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
    for function in (_insights, _outline, _label_sets, _similar, _predicted, _evidence):
        function.clear()
    model.forget_cached()
