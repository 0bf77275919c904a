"""What to train on and how: quick or better, the rest in a drawer."""

import streamlit as st

from core.domain import BETTER, BUNDLED_ENCODER, QUICK, Dataset, LabelSet, TrainingOptions
from core.workflow import runs
from pages.parts import resources, results
from pages.parts.plain import option, plain


def ask(dataset: Dataset) -> None:
    """The form; a press queues a training and draws the page again."""
    every = results.label_sets(dataset)
    sets = {label_set.name: label_set for label_set in every if not label_set.multi}
    several = [label_set.name for label_set in every if label_set.multi]
    if several:
        st.caption(
            f"Not offered here: {plain(', '.join(several))}. A comment may carry several labels of "
            f"{'it' if len(several) == 1 else 'these'}; models learn one label a comment so far."
        )
    if not sets:
        st.info(
            "This dataset has no label set with one label a comment, so there is nothing to learn yet. "
            "Import the file again and choose its label column, or a rating."
        )
        st.page_link("pages/feedback.py", label="Go to Feedback", icon=":material/upload_file:")
        return
    with st.container(border=True):
        label_set = sets[next(iter(sets))]
        if len(sets) > 1:
            label_set = sets[st.selectbox("Label set", list(sets), format_func=option, key="label_set")]
        _facts(label_set)
        mode = st.segmented_control(
            "How",
            [QUICK, BETTER],
            format_func={QUICK: "Quick", BETTER: "Better"}.get,
            default=QUICK,
            required=True,
            key="mode",
        )
        st.caption(runs.MODES[mode])
        options = _drawer(mode)
        labelled = sum(label_set.counts.values())
        st.caption(_time(runs.estimate_seconds(dataset.rows, labelled, mode, options.epochs)))
        if st.button("Train", type="primary", icon=":material/model_training:", key="train"):
            _start(dataset, label_set, options)


def _facts(label_set: LabelSet) -> None:
    labels = ", ".join(f"{name} ({count:,})" for name, count in list(label_set.counts.items())[:6])
    more = f" and {len(label_set.counts) - 6} more" if len(label_set.counts) > 6 else ""
    st.markdown(
        f"**{plain(label_set.name)}** · {sum(label_set.counts.values()):,} labelled comments, "
        f"{len(label_set.counts)} labels: {plain(labels)}{more}"
    )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"About {max(5, round(seconds / 5) * 5)} seconds with the bundled encoder on a CPU."
    return f"About {round(seconds / 60)} minutes with the bundled encoder on a CPU; less with a GPU."


def _drawer(mode: str) -> TrainingOptions:
    with st.expander("Advanced", icon=":material/tune:"):
        encoder = st.text_input(
            "Encoder",
            value=BUNDLED_ENCODER,
            key="encoder",
            help="The bundled encoder knows English best. With internet, any Hugging Face encoder id "
            "(owner/name) with safetensors weights; code of a model is never run.",
        )
        left, middle, right = st.columns(3)
        seed = left.number_input(
            "Seed", 0, 2**31 - 1, 0, key="seed", help="The same seed gives the same model."
        )
        tokens = middle.number_input("Longest text (tokens)", 16, 512, 128, key="max_tokens")
        epochs = right.number_input("Epochs", 1, 20, 3, key="epochs", disabled=mode == QUICK)
    return TrainingOptions(
        mode=mode, encoder=encoder.strip(), seed=int(seed), epochs=int(epochs), max_tokens=int(tokens)
    )


def _start(dataset: Dataset, label_set: LabelSet, options: TrainingOptions) -> None:
    run, _ = runs.start_training(resources.store(), resources.settings(), dataset.id, label_set.id, options)
    st.session_state.pop("run", None)
    st.toast(f"Run {run.id} is in the queue.")
    st.rerun()
