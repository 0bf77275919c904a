"""What a run is made of: data, split, settings, versions."""

from functools import partial

import streamlit as st

from core.domain import BETTER, BILSTM, QUICK, TFIDF, TrainingRun
from core.workflow import exporting
from pages.parts import resources
from pages.parts.plain import option
from pages.parts.run_words import label_set_of, mode_name


def show(run: TrainingRun) -> None:
    st.dataframe(
        [{"What": name, "Value": str(value)} for name, value in facts(run).items()],
        key="model_card",
        hide_index=True,
        height="content",
        column_config={
            "What": st.column_config.TextColumn(width="medium"),
            "Value": st.column_config.TextColumn(width="large"),
        },
        alt="Model card",
    )
    st.download_button(
        "Download the model card",
        data=partial(exporting.card, resources.store(), run),
        file_name=f"roadlens-model-card-run-{run.id}.md",
        mime="text/markdown",
        icon=":material/download:",
        on_click="ignore",
        key="download_card",
        help="As Markdown: data, figures, groups, limits and privacy in full.",
    )


def facts(run: TrainingRun) -> dict[str, object]:
    return _identity(run) | _data(run) | _settings(run) | _measured(run) | _traces(run)


def _identity(run: TrainingRun) -> dict[str, object]:
    label_set = label_set_of(run)
    found = {
        "Labels": f"{option(label_set.name)}: {len(run.labels):,}"
        + (", several a comment" if label_set.multi else ", one a comment"),
        "Mode": mode_name(run.options.mode),
    }
    if run.options.mode in (QUICK, BETTER):
        found["Encoder"] = run.options.encoder
    if run.options.trial_of:
        found["Trial of"] = f"run {run.options.trial_of}"
    return found


def _data(run: TrainingRun) -> dict[str, object]:
    n = run.model.n
    found: dict[str, object] = {
        "Held-out comments": f"{n:,}, never learned from; the same words never stand on both sides"
    }
    if run.evaluation:
        found["Learned from"] = f"{run.evaluation.train:,} comments, tuned on {run.evaluation.validation:,}"
        found["How it was judged"] = run.evaluation.split
    if run.options.test_dataset:
        found["Judged on dataset"] = run.options.test_dataset
    return found


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
    return found | {name.replace("_", " ").capitalize(): value for name, value in given.items()}


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
        "Data SHA-256": run.data_sha256,
        "Manifest SHA-256": run.manifest_sha256,
    } | {f"Version of {name}": value for name, value in run.versions.items()}
