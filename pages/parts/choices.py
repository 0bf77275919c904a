"""What the person looks at: one dataset for all pages, one finished run for the pages that need one."""

import streamlit as st

from core.charts.labels import shorten
from core.domain import Dataset, TrainingRun
from core.workflow import promotion
from pages.parts import resources, results
from pages.parts.progress import FINISHED, tell_failure, watch_active
from pages.parts.run_words import mode_name


def look_at(dataset_id: int) -> None:
    """The dataset that the next run of the script shows."""
    st.session_state["next_dataset"] = dataset_id
    st.session_state.pop("run", None)


def look_at_run(run_id: int) -> None:
    """The run that the next run of the script shows."""
    st.session_state["next_run"] = run_id


def choose_dataset() -> Dataset | None:
    """The dataset chosen in the sidebar, shared by its name in the URL; None when there is none yet."""
    datasets = {
        f"{shorten(dataset.name, 60)} · {dataset.id}": dataset
        for dataset in resources.store().datasets.list()
    }
    if not datasets:
        return None
    wanted = st.session_state.pop("next_dataset", None)
    for name, dataset in datasets.items():
        if dataset.id == wanted:
            st.session_state["dataset"] = name
    chosen = st.sidebar.selectbox("Dataset", list(datasets), key="dataset", bind="query-params")
    return datasets.get(chosen)


def choose_run(dataset: Dataset, newest: bool = False) -> TrainingRun | None:
    """A finished run of the dataset: the one that answers for it, or the newest one with `newest`; None
    when there is none yet."""
    store = resources.store()
    done = [run for run in store.runs.list(dataset.id) if run.status == "done"]
    if not done:
        return None
    answering = {
        found.run_id
        for label_set in results.label_sets(dataset)
        if (found := store.promotions.current(label_set.id)) is not None
    }
    first = _first(dataset, done, newest)
    done.sort(key=lambda run: run.id != first)  # the rest stays newest first
    names = {_name(run, answering): run for run in done}
    _move_choice(names, newest)
    if len(done) == 1:
        return done[0]
    return names.get(st.sidebar.selectbox("Run", list(names), key="run", bind="query-params"))


def _name(run: TrainingRun, answering: set[int]) -> str:
    trial = " · trial" if run.options.trial_of else ""
    answers = " · answers" if run.id in answering else ""
    return f"Run {run.id} · {mode_name(run.options.mode)}{trial}{answers}"


def _first(dataset: Dataset, done: list[TrainingRun], newest: bool) -> int:
    if newest:
        return next((run for run in done if not run.options.trial_of), done[0]).id
    answers = promotion.answering_run(resources.store(), dataset.id)
    return answers.id if answers else done[0].id


def _move_choice(names: dict[str, TrainingRun], newest: bool) -> None:
    """A run stays chosen, in an address as well, when its name changes, as it does with a promotion."""
    wanted = st.session_state.pop("next_run", None)
    if newest:
        wanted = wanted or st.session_state.pop(FINISHED, None)
    kept = str(st.session_state.get("run") or st.query_params.get("run", ""))
    if wanted is None and kept and kept not in names:
        wanted = next((run.id for run in names.values() if kept.startswith(f"Run {run.id} ·")), None)
        st.session_state.pop("run", None)
    for name, run in names.items():
        if run.id == wanted:
            st.session_state["run"] = name


def need_dataset() -> Dataset:
    """The chosen dataset, or the way to get one and the end of the page."""
    dataset = choose_dataset()
    if dataset is None:
        st.info("There is no feedback yet. Upload a file, or try the sample on the Home page.")
        with st.container(horizontal=True):
            st.page_link("pages/feedback.py", label="Upload a file", icon=":material/upload_file:")
            st.page_link("pages/home.py", label="Try the sample", icon=":material/play_circle:")
        st.stop()
    return dataset


def need_run(dataset: Dataset, gives: str) -> TrainingRun:
    """The chosen finished run; while one goes on its progress; else the way to Train."""
    run = choose_run(dataset)
    if run is not None:
        return run
    tell_failure(dataset.id)
    if not watch_active(dataset.id):
        st.info(f"Train a model first: {gives}")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    st.stop()
