"""What to train on and how: quick or better, what it is judged on, the rest in a drawer."""

from dataclasses import replace

import streamlit as st

from core.domain import BETTER, BILSTM, QUICK, Dataset, LabelSet, TrainingOptions
from core.workflow import estimate, runs
from pages.parts import advanced_drawer, resources, results, split_choice
from pages.parts.plain import option, plain
from pages.parts.run_words import MODES, foreseen, mode_name

NAMED = 6  # labels in the line of facts


def ask(dataset: Dataset) -> None:
    """The form; a press queues a training and draws the page again."""
    sets = {label_set.name: label_set for label_set in results.label_sets(dataset)}
    if not sets:
        st.info(
            "This dataset has no labels, so there is nothing to learn yet. "
            "Import the file again and choose its label column, or a rating."
        )
        st.page_link("pages/feedback.py", label="Go to Feedback", icon=":material/upload_file:")
        return
    with st.container(border=True):
        label_set = sets[next(iter(sets))]
        if len(sets) > 1:
            label_set = sets[st.selectbox("Label set", list(sets), format_func=option, key="label_set")]
        _facts(label_set)
        how, judged = st.columns(2)
        with how:
            mode = _mode()
        with judged:
            split, test = split_choice.ask(dataset, label_set)
        options = replace(advanced_drawer.ask(mode), split=split, test_dataset=test)
        _beside(options)
        _foresee(dataset, label_set, options, mode)
        done = runs.trained_already(resources.store(), dataset.id, label_set.id, options)
        if done:
            st.info(f"You have trained exactly this already: run {done.id}.", icon=":material/history:")
        if st.button(
            "Train again anyway" if done else "Train",
            type="secondary" if done else "primary",
            icon=":material/model_training:",
            key="train",
        ):
            start(dataset.id, label_set.id, options)


def start(dataset_id: int, label_set_id: int, options: TrainingOptions) -> None:
    """Queue a training and draw the page again."""
    run, _ = runs.start_training(resources.store(), resources.settings(), dataset_id, label_set_id, options)
    st.session_state.pop("run", None)
    st.toast(f"Run {run.id} is in the queue.")
    st.rerun()


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
        format_func=MODES.get,
        default=QUICK,
        required=True,
        key="mode",
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
