"""What to train on and how: quick or better, what it is judged on, the rest in a drawer."""

from dataclasses import replace
from types import SimpleNamespace

import streamlit as st

from core.domain import BETTER, BILSTM, MODE_NAMES, QUICK, Dataset, LabelSet, TrainingOptions, TrainingRun
from core.errors import CannotTrain, ModelError
from core.workflow import estimate, runs, selection
from pages.parts import advanced_drawer, resources, results, split_choice
from pages.parts.choices import follows_run, look_at_newest, look_at_run, newest_of
from pages.parts.plain import option, plain
from pages.parts.run_words import foreseen, mode_name

NAMED = 6  # labels in the line of facts
MOST_CHECKED = 20_000  # comments that the form divides itself, within a second


def ask(dataset: Dataset, shown: TrainingRun | None) -> LabelSet | None:
    """The form; a press queues a training and draws the page again. It stands on the labels of the run that
    is shown below until others are chosen here. None where there are no labels."""
    sets = {label_set.name: label_set for label_set in results.label_sets(dataset)}
    if not sets:
        st.info(
            "This dataset has no labels, so there is nothing to learn yet. "
            "Import the file again and choose its label column, or a rating."
        )
        st.page_link("pages/feedback.py", label="Go to Feedback", icon=":material/upload_file:")
        return None
    with st.container(border=True):
        label_set = _label_set(sets, shown)
        _facts(label_set)
        how, judged = st.columns(2)
        with how:
            mode = _mode()
        with judged:
            split, test = split_choice.ask(dataset, label_set)
        options = replace(advanced_drawer.ask(mode), split=split, test_dataset=test)
        _beside(options)
        refusal = _refusal(dataset, label_set, options)
        if refusal:
            st.warning(plain(refusal, 600), icon=":material/block:")
        else:
            _foresee(dataset, label_set, options, mode)
        done = runs.trained_already(resources.store(), dataset.id, label_set.id, options)
        if done:
            st.info(f"You have trained exactly this already: run {done.id}.", icon=":material/history:")
        if st.button(
            "Train again anyway" if done else "Train",
            type="secondary" if done else "primary",
            icon=":material/model_training:",
            key="train",
            disabled=bool(refusal),
        ):
            start(dataset.id, label_set.id, options)
    return label_set


def start(dataset_id: int, label_set_id: int, options: TrainingOptions) -> None:
    """Queue a training and draw the page again; where that is refused, say why and leave the page whole."""
    ask = dataset_id, label_set_id, options
    try:
        run, _ = runs.start_training(resources.store(), resources.settings(), *ask)
    except (CannotTrain, ModelError) as error:
        st.error(plain(str(error), 600), icon=":material/error:")
        return
    look_at_newest()
    st.toast(f"Run {run.id} is in the queue.")
    st.rerun()


def _label_set(sets: dict[str, LabelSet], shown: TrainingRun | None) -> LabelSet:
    if len(sets) == 1:
        return sets[next(iter(sets))]
    if follows_run() or st.session_state.get("label_set") not in sets:
        of_run = (name for name, found in sets.items() if shown and found.id == shown.label_set_id)
        st.session_state["label_set"] = next(of_run, next(iter(sets)))
    chosen = st.selectbox(
        "Label set", list(sets), format_func=option, key="label_set", on_change=_show_newest, args=(sets,)
    )
    return sets[chosen]


def _show_newest(sets: dict[str, LabelSet]) -> None:
    """Of the labels that were just chosen."""
    label_set = sets[st.session_state["label_set"]]
    runs_here = resources.store().runs.list(label_set.dataset_id)
    done = [run for run in runs_here if (run.status, run.label_set_id) == ("done", label_set.id)]
    if done:
        look_at_run(newest_of(done, label_set.id))


def _refusal(dataset: Dataset, label_set: LabelSet, options: TrainingOptions) -> str:
    """Why these comments cannot be learned in this way; "" when they can. Of very many the training finds
    out, for a look at all of them takes long."""
    test = resources.store().datasets.get(options.test_dataset) if options.test_dataset else None
    if dataset.rows + (test.rows if test else 0) > MOST_CHECKED:
        return ""
    there = test.sha256 if test else ""
    split = TrainingOptions(
        split=options.split, split_seed=options.split_seed, test_dataset=options.test_dataset
    )
    return _divided(dataset.id, label_set.id, split, f"{dataset.sha256}:{there}")


@st.cache_data(max_entries=64, show_spinner="Checking the labels")
def _divided(dataset_id: int, label_set_id: int, options: TrainingOptions, state: str) -> str:
    wanted = SimpleNamespace(dataset_id=dataset_id, label_set_id=label_set_id, options=options)
    try:
        selection.select(resources.store(), wanted)
    except CannotTrain as error:
        return str(error)
    return ""


def _facts(label_set: LabelSet) -> None:
    labels = ", ".join(f"{name} ({count:,})" for name, count in list(label_set.counts.items())[:NAMED])
    more = f" and {len(label_set.counts) - NAMED:,} more" if len(label_set.counts) > NAMED else ""
    given = sum(label_set.counts.values())
    how = (
        f"{given:,} labels given, a comment may have several"
        if label_set.multi
        else (f"{given:,} labelled comments")
    )
    st.markdown(
        f"**{plain(label_set.name)}** · {how}, {len(label_set.counts):,} different labels: "
        f"{plain(labels)}{more}"
    )


def _mode() -> str:
    mode = st.segmented_control(
        "How",
        [QUICK, BETTER],
        format_func=MODE_NAMES.get,
        default=QUICK,
        required=True,
        key="mode",
        persist_state="session",
    )
    st.caption(runs.MODES[mode])
    return mode


def _beside(options: TrainingOptions) -> None:
    """One line: what else is trained, whichever the model."""
    names = [mode_name(mode) for mode in runs.beside(options)]
    names += [mode_name(QUICK)] if options.mode == BETTER else []
    listed = ", ".join([*names, "the most frequent label"])
    st.caption(
        f"Beside it, on the same held-out comments: {listed}. "
        + ("" if options.bilstm or options.mode == BILSTM else "A BiLSTM can be added under Advanced.")
    )


def _foresee(dataset: Dataset, label_set: LabelSet, options: TrainingOptions, mode: str) -> None:
    """One line: how long, how much memory, on what."""
    if options.mode != mode:
        st.info(f"{plain(runs.MODES[options.mode])} Chosen under Advanced.", icon=":material/tune:")
    found = estimate.estimate(resources.store(), resources.settings(), dataset, label_set, options)
    words = foreseen(found)
    st.caption(f"{words[:1].upper()}{words[1:]} {plain(found.why)}")
