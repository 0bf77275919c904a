"""What was computed once and is shown often. The key is the run's id and hash, which never change once it
is done, with the hash of its dataset, which changes when rows are undone or forgotten, wherever that was, and
its latest report, another one once the model has read rows that came later."""

from typing import TYPE_CHECKING

import streamlit as st

from core.domain import Dataset, Insights, LabelSet, TrainingRun
from core.workflow import health as health_work
from core.workflow import importing, reports
from core.workflow import insights as insight_work
from pages.parts import model, resources

if TYPE_CHECKING:
    import pandas as pd

SIMILAR_SHOWN = 50


def _state(run: TrainingRun) -> str:
    store = resources.store()
    data = store.datasets.get(run.dataset_id).sha256
    return f"{run.manifest_sha256}:{data}:{store.reports.newest_id(run.id)}"


def insights(run: TrainingRun) -> Insights:
    return _insights(run.id, _state(run))


@st.cache_resource(max_entries=8, show_spinner="Counting themes, trends and segments")
def _insights(run_id: int, state: str) -> Insights:
    return reports.freeze(resources.store(), run_id)


def sentences(run: TrainingRun) -> tuple[str, ...]:
    return insight_work.sentences(insights(run))


def outline(run: TrainingRun):
    return _outline(run.id, _state(run))


@st.cache_resource(max_entries=8, show_spinner="Laying out the report")
def _outline(run_id: int, state: str):
    return reports.make_outline(resources.store(), run_id)


def health(dataset: Dataset) -> "health_work.Health | None":
    """Measured when the rows last changed, and anew once similar comments were looked for: only read here.
    None for a large dataset that a job is about to measure."""
    store = resources.store()
    if dataset.rows > importing.LARGE and store.datasets.health(dataset.id) is None:
        importing.queue_similar(store, dataset.id)
        return None
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
    return _predicted(run.id, _state(run))


@st.cache_resource(max_entries=4, show_spinner="Finding the comments")
def _predicted(run_id: int, state: str) -> dict[str, tuple[int, ...]]:
    return insight_work.predicted(resources.store(), run_id)


def evidence(run: TrainingRun, ids: tuple[int, ...], order: str, limit: int):
    """The rows behind a mark. Ids are hashed here: Streamlit's own hash of 100,000 takes longer than
    the table."""
    return _evidence(run.id, _state(run), hash(ids), order, limit, ids)


@st.cache_resource(max_entries=64, show_spinner="Finding the comments")
def _evidence(run_id: int, state: str, mark: int, order: str, limit: int, _ids: tuple[int, ...]):
    table = insight_work.evidence(resources.store(), run_id, _ids, limit, order)
    return table.round({"probability": 4})  # a screen reader says every digit of a cell


def forget_cached() -> None:
    """After a deletion no copy of the comments stays in memory."""
    for function in (_insights, _outline, _label_sets, _similar, _predicted, _evidence):
        function.clear()
    model.forget_cached()
