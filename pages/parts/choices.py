"""What the person looks at: one dataset for all pages, one finished run for the pages that need one."""

import streamlit as st

from core.charts.labels import shorten
from core.domain import Dataset, TrainingRun
from pages.parts import resources


def look_at(dataset_id: int) -> None:
    """The dataset that the next run of the script shows."""
    st.session_state["next_dataset"] = dataset_id
    st.session_state.pop("run", None)


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


def choose_run(dataset: Dataset) -> TrainingRun | None:
    """A finished run of the dataset, the newest first; None when there is none yet."""
    done = {
        f"Run {run.id} · {run.options.mode}": run
        for run in resources.store().runs.list(dataset.id)
        if run.status == "done"
    }
    if not done:
        return None
    if len(done) == 1:
        return next(iter(done.values()))
    chosen = st.sidebar.selectbox("Run", list(done), key="run", bind="query-params")
    return done.get(chosen)


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
    from pages.parts.progress import tell_failure, watch_active

    tell_failure(dataset.id)
    if not watch_active(dataset.id):
        st.info(f"Train a model first: {gives}")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    st.stop()
