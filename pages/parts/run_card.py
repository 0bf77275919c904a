"""One finished run: how good it is, beside the baseline, label by label."""

import streamlit as st

from core.charts import runs as charts
from core.domain import TrainingRun
from pages.parts.plain import plain

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-run"}}


def show(run: TrainingRun) -> None:
    st.subheader(f"Run {run.id}: {'Better' if run.options.mode == 'better' else 'Quick'}")
    _verdict(run)
    _headline(run)
    for warning in run.warnings:
        if "baseline (TF-IDF) is better" not in warning:
            st.warning(plain(warning, 600), icon=":material/info:")
    labels, mistakes, beside, course, card = st.tabs(
        ["Label by label", "Mix-ups", "Beside the baseline", "Training", "Model card"],
        key="run_view",
        on_change="rerun",
    )
    with labels:
        if labels.open:
            _labels(run)
    with mistakes:
        if mistakes.open:
            st.markdown(
                "**What was taken for what** · rows: the label given by people, columns: what the model said"
            )
            figure = charts.confusion(run.model, run.labels)
            st.plotly_chart(
                figure, key="confusion", alt="Confusion of labels on held-out comments", config=CONFIG
            )
    with beside:
        if beside.open:
            st.markdown("**Model and baseline on the same held-out comments**, with likely ranges")
            figure = charts.compare(run.model, run.baseline)
            st.plotly_chart(figure, key="compare", alt="Model beside the baseline", config=CONFIG)
    with course:
        if course.open:
            _course(run)
    with card:
        if card.open:
            _card(run)


def _verdict(run: TrainingRun) -> None:
    if run.recommended == "baseline":
        st.warning(
            f"**The baseline is recommended here.** On the same {run.model.n:,} held-out comments TF-IDF "
            f"with logistic regression reaches macro F1 {run.baseline.macro_f1:.3f}, this model "
            f"{run.model.macro_f1:.3f}. Treat what this model counts with care; more labels or another "
            "encoder may change it.",
            icon=":material/balance:",
        )
    elif run.model.accuracy <= _largest_label(run):
        st.warning(
            f"The model is no better than always saying the most frequent label, which is right on "
            f"{_largest_label(run):.0%} of the {run.model.n:,} held-out comments. It needs more labels.",
            icon=":material/warning:",
        )
    else:
        st.success(
            f"On {run.model.n:,} held-out comments this model reaches macro F1 {run.model.macro_f1:.3f}; "
            f"the baseline (TF-IDF with logistic regression) {run.baseline.macro_f1:.3f}.",
            icon=":material/verified:",
        )


def _largest_label(run: TrainingRun) -> float:
    return max(score.support for score in run.model.per_label) / run.model.n


def _headline(run: TrainingRun) -> None:
    model, baseline = run.model, run.baseline
    facts = (
        (
            "Right",
            f"{model.accuracy:.1%}",
            model.accuracy - baseline.accuracy,
            "Accuracy: share of held-out comments labelled right.",
        ),
        (
            "Macro F1",
            f"{model.macro_f1:.3f}",
            model.macro_f1 - baseline.macro_f1,
            "Mean over labels of F1, the balance of precision and recall; "
            "small labels count as much as large ones.",
        ),
        (
            "Right, label by label",
            f"{model.balanced_accuracy:.1%}",
            model.balanced_accuracy - baseline.balanced_accuracy,
            "Balanced accuracy: mean recall over labels. Recall is found rows over all rows of a label.",
        ),
        (
            "Confidence off by",
            f"{run.calibration.get('ece_after', 0):.1%}",
            None,
            "Expected calibration error on held-out comments; before calibration "
            f"{run.calibration.get('ece_before', 0):.1%}.",
        ),
    )
    for column, (name, value, delta, help) in zip(st.columns(4), facts, strict=True):
        words = None if delta is None else f"{100 * delta:+.1f} to baseline"
        column.metric(name, value, words, help=help, border=True, height="stretch")


def _labels(run: TrainingRun) -> None:
    st.markdown("**Precision and recall of each label** on held-out comments, with likely ranges")
    st.plotly_chart(
        charts.label_scores(run.model), key="label_scores", alt="Precision and recall by label", config=CONFIG
    )
    rows = [
        {
            "Label": score.label,
            "Precision": score.precision,
            "Recall": score.recall,
            "F1": score.f1,
            "Baseline F1": beside.f1,
            "Held-out comments": score.support,
        }
        for score, beside in zip(run.model.per_label, run.baseline.per_label, strict=True)
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        rows,
        hide_index=True,
        column_config={name: number for name in ("Precision", "Recall", "F1", "Baseline F1")},
        alt="Scores by label",
    )


def _course(run: TrainingRun) -> None:
    if run.curve:
        st.markdown("**Loss on the training comments, macro F1 on the validation comments**")
        figure = charts.curves(run.curve)
        st.plotly_chart(figure, key="curve", alt="Training curves", config=CONFIG)
    else:
        st.info("Quick fits a small head in one go, so there is no curve.")
    rows = [
        {"Stage": name, "Seconds": run.seconds[name], "CPU seconds": run.cpu_seconds.get(name)}
        for name in run.seconds
    ]
    st.dataframe(rows, hide_index=True, alt="Time by stage")


def _card(run: TrainingRun) -> None:
    options = run.options
    facts = {
        "Encoder": options.encoder,
        "Mode": options.mode,
        "Seed": options.seed,
        "Epochs": options.epochs if options.mode == "better" else "none",
        "Longest text": f"{options.max_tokens} tokens",
        "Device": run.device,
        "Started": f"{run.created_at:%Y-%m-%d %H:%M} UTC",
        "Finished": f"{run.finished_at:%Y-%m-%d %H:%M} UTC" if run.finished_at else "",
        "Seconds": f"{sum(run.seconds.values()):.0f}",
        "Data SHA-256": run.data_sha256,
        "Manifest SHA-256": run.manifest_sha256,
        "Held-out comments": f"{run.model.n:,}, never learned from; the same words never stand on both sides",
        "Temperature": f"{run.calibration.get('temperature', 1):.2f}",
    } | {f"Version of {name}": value for name, value in run.versions.items()}
    st.dataframe(
        [{"What": name, "Value": str(value)} for name, value in facts.items()],
        hide_index=True,
        alt="Model card",
    )
