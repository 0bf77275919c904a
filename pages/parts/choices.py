"""What the person looks at: one dataset for all pages, one finished run for the pages that need one."""

import streamlit as st

from core.charts.labels import shorten
from core.domain import Dataset, LabelSet, TrainingRun
from core.workflow import promotion
from pages.parts import resources, results
from pages.parts.progress import ended, tell_failure, watch_active
from pages.parts.run_words import mode_name

NEWEST = 0  # no run has this id
BY_HAND = "run_by_hand"  # the person looks at a run that they chose since they pressed Train
MOVED = "run_moved"


def look_at(dataset_id: int) -> None:
    """The dataset that the next run of the script shows."""
    st.session_state["next_dataset"] = dataset_id
    for key in ("run", BY_HAND):
        st.session_state.pop(key, None)


def look_at_run(run_id: int) -> None:
    """The run that the next run of the script shows, until the person chooses or trains another."""
    st.session_state["next_run"] = run_id
    _by_hand()


def look_at_newest() -> None:
    """The newest run of the labels that are trained, and the one that is trained now once it is done."""
    st.session_state["next_run"] = NEWEST
    st.session_state.pop(BY_HAND, None)


def follows_run() -> bool:
    """Whether another run was chosen since this was asked; the form on Train then turns to its labels."""
    return st.session_state.pop(MOVED, False)


def _by_hand() -> None:
    st.session_state[BY_HAND] = st.session_state[MOVED] = True


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
    sets = results.label_sets(dataset)
    first = newest_of(done, _trained_labels(sets)) if newest else _answering(dataset, done)
    done.sort(key=lambda run: run.id != first)  # the rest stays newest first
    names = dict(zip(_names(done, sets), done, strict=True))
    _move_choice(names, newest, _trained_labels(sets))
    if len(done) == 1:
        return done[0]
    chosen = st.sidebar.selectbox("Run", list(names), key="run", bind="query-params", on_change=_by_hand)
    return names.get(chosen)


def newest_of(done: list[TrainingRun], label_set_id: int | None) -> int:
    """The newest one, of these labels where there is one, and no trial where there is another."""
    return max(done, key=lambda run: (run.label_set_id == label_set_id, not run.options.trial_of, run.id)).id


def _trained_labels(sets: list[LabelSet]) -> int | None:
    """The label set that the form on Train stands on."""
    return next((found.id for found in sets if found.name == st.session_state.get("label_set")), None)


def _answering(dataset: Dataset, done: list[TrainingRun]) -> int:
    answers = promotion.answering_run(resources.store(), dataset.id)
    return answers.id if answers else done[0].id


def _names(done: list[TrainingRun], sets: list[LabelSet]) -> list[str]:
    """Each with what tells it from the others."""
    current = [resources.store().promotions.current(found.id) for found in sets]
    answering = {found.run_id for found in current if found is not None}
    labels = {found.id: f" · {shorten(found.name, 30)}" for found in sets}
    if len({run.label_set_id for run in done}) == 1:
        labels = {}
    return [
        f"Run {run.id}{labels.get(run.label_set_id, '')} · {mode_name(run.options.mode)}"
        + (" · trial" if run.options.trial_of else "")
        + (" · answers" if run.id in answering else "")
        for run in done
    ]


def _move_choice(names: dict[str, TrainingRun], newest: bool, labels: int | None) -> None:
    """A run stays chosen, in an address as well, when its name changes, as it does with a promotion."""
    kept = str(st.session_state.get("run") or st.query_params.get("run", ""))
    if kept and len(names) > 1 and "run" not in st.session_state:
        _by_hand()  # an address asks for it
    shown = next((run for run in names.values() if kept.startswith(f"Run {run.id} ·")), None)
    finished = ended(list(names.values())) if newest else None
    wanted = st.session_state.pop("next_run", None)
    if wanted in (None, NEWEST) and finished is not None:  # it may have ended before this was asked
        wanted = _finished(finished, list(names.values()), shown, labels) or wanted
    if wanted == NEWEST:
        wanted = next(iter(names.values())).id
    if wanted is None and kept and kept not in names:
        wanted = shown.id if shown else None
        st.session_state.pop("run", None)
    for name, run in names.items():
        if run.id == wanted:
            st.session_state["run"] = name


def _finished(
    run_id: int, done: list[TrainingRun], shown: TrainingRun | None, labels: int | None
) -> int | None:
    """A run that has just finished, unless the person looks at another one, or at other labels."""
    run = next((run for run in done if run.id == run_id), None)
    if run is None:  # of another dataset
        return None
    before = [other for other in done if other.id != run_id and other.label_set_id == run.label_set_id]
    newest = bool(shown and before) and shown.id == newest_of(before, None)
    if labels in (None, run.label_set_id) and (newest or not st.session_state.get(BY_HAND)):
        return run_id
    st.toast(f"Run {run_id} is finished.", icon=":material/check_circle:")
    return None


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
