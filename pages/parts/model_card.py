"""What a run is made of: data, split, settings, versions."""

from functools import partial

import streamlit as st

from core.domain import BETTER, BILSTM, KFOLD, QUICK, TFIDF, TrainingRun
from core.workflow import exporting
from pages.parts import resources
from pages.parts.plain import option, plain
from pages.parts.run_words import label_set_of, mode_name

SHARES = ("unknown_share",)
FACTS = {"unknown_share": "Words that it does not know"}


def show(run: TrainingRun) -> None:
    for heading, group in groups(run).items():
        st.markdown(f"**{heading}**")
        st.markdown(_table(group))
    st.download_button(
        "Download the model card",
        data=partial(_markdown, run),
        file_name=f"roadlens-model-card-run-{run.id}.md",
        mime="text/markdown",
        icon=":material/download:",
        on_click="ignore",
        key="download_card",
        help="As Markdown: data, figures, groups, limits and privacy in full.",
    )


def _markdown(run: TrainingRun) -> str:
    """With the formats of the last export."""
    return exporting.card(resources.store(), run, exporting.written(resources.settings(), run))


def groups(run: TrainingRun) -> dict[str, dict[str, object]]:
    """Facts by name under a heading each, what a reader asks first first."""
    return {
        "What it is": _identity(run),
        "What it learned from and how it was judged": _data(run) | _measured(run),
        "Settings": _settings(run),
        "Where and when": _traces(run),
    }


def _table(facts: dict[str, object]) -> str:
    """Lines of Markdown, which break in a narrow window as the cells of a table of data do not."""
    rows = (f"| {plain(name)} | {plain(value, 600)} |" for name, value in facts.items())
    return "\n".join(("| What | Value |", "| --- | --- |", *rows))


def _in_groups(digest: str) -> str:
    """A hash that can be broken over lines."""
    return " ".join(digest[place : place + 16] for place in range(0, len(digest), 16))


def _identity(run: TrainingRun) -> dict[str, object]:
    label_set = label_set_of(run)
    found = {
        "Labels": f"{option(label_set.name)}: {len(run.labels):,}"
        + (", several a comment" if label_set.multi else ", one a comment"),
        "Model": mode_name(run.options.mode),
    }
    if run.options.mode in (QUICK, BETTER):
        found["Encoder"] = run.options.encoder
    if run.options.trial_of:
        found["Trial of"] = f"run {run.options.trial_of}"
    return found


def _data(run: TrainingRun) -> dict[str, object]:
    found: dict[str, object] = {"Held-out comments": _held_out(run)}
    if run.evaluation:
        found["Learned from"] = f"{run.evaluation.train:,} comments, tuned on {run.evaluation.validation:,}"
        found["How it was judged"] = run.evaluation.split
    if run.options.test_dataset:
        found["Judged on dataset"] = run.options.test_dataset
    return found


def _held_out(run: TrainingRun) -> str:
    """How far they are apart from what is learned. A test dataset is judged whole, whatever it repeats: what
    that does to the figures is said as a warning."""
    n = f"{run.model.n:,}"
    if run.options.test_dataset:
        return f"{n} of the test dataset, not learned from; they may say the same words as comments that are"
    if run.options.split.startswith(KFOLD):
        return (
            f"{n}, each judged by a model that had learned neither from it nor from the same words; the "
            "model that stays learned from all of them"
        )
    return f"{n}, never learned from; the same words never stand on both sides"


def _settings(run: TrainingRun) -> dict[str, object]:
    options = run.options
    found: dict[str, object] = {"Seed": options.seed}
    if options.mode != TFIDF:
        found["Longest text"] = f"{options.max_tokens} tokens"
    if options.mode in (BETTER, BILSTM):
        found["Epochs"] = options.epochs
    if options.without:
        found["Words left out"] = ", ".join(options.without)
    given = run.evaluation.facts if run.evaluation else {}
    return found | {
        FACTS.get(name, name): f"{value:.1%}" if name in SHARES else value for name, value in given.items()
    }


def _measured(run: TrainingRun) -> dict[str, object]:
    found: dict[str, object] = {}
    if "temperature" in run.calibration:
        found["Temperature of the calibration"] = f"{run.calibration['temperature']:.2f}"
    if run.evaluation and run.evaluation.validation_f1 is not None:
        found["Validation macro F1"] = f"{run.evaluation.validation_f1:.3f}"
    return found


def _traces(run: TrainingRun) -> dict[str, object]:
    return {
        "Device": run.device,
        "Started": f"{run.created_at:%Y-%m-%d %H:%M} UTC",
        "Finished": f"{run.finished_at:%Y-%m-%d %H:%M} UTC" if run.finished_at else "",
        "Seconds": f"{sum(run.seconds.values()):.0f}",
        "Data SHA-256": _in_groups(run.data_sha256),
        "Manifest SHA-256": _in_groups(run.manifest_sha256),
    } | {f"Version of {name}": value for name, value in run.versions.items()}
