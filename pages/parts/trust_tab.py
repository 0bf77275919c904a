"""How sure the model is, and how often it is right when it is so sure."""

import streamlit as st

from core.charts import evaluation as charts
from core.domain import TrainingRun
from pages.parts import run_results
from pages.parts.plain import option, plain
from pages.parts.run_words import MEASURES

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-certainty"}}
GOOD = 0.95  # share right that a person may want before trusting answers unseen


def show(run: TrainingRun) -> None:
    before, after = run.calibration.get("ece_before"), run.calibration.get("ece_after")
    if after is not None:
        was = f", {before:.1%} before calibration" if before is not None else ""
        st.markdown(f"**Confidence off by {after:.1%}**{was}. {plain(MEASURES['Confidence off by'], 600)}")
    found = run_results.certainty(run)
    if found is None:
        st.info(
            "This run was trained before held-out comments were kept, so its curves cannot be drawn. Train "
            "it again to see them."
        )
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**Confidence against how often it is right**")
        figure = charts.reliability(found.after, found.before)
        st.plotly_chart(figure, key="reliability", alt="Confidence against share right", config=CONFIG)
    with right:
        st.markdown("**If it may say “unsure”**")
        st.plotly_chart(
            charts.abstention(found.unsure),
            key="abstention",
            alt="Share right by share unsure",
            config=CONFIG,
        )
        st.caption(_unsure(found.unsure))
    _thresholds(run)


def _unsure(points) -> str:
    """The smallest share left to a person with which the rest is right nearly always."""
    reached = next((point for point in points if point.right >= GOOD), None)
    if reached is None:
        best = max(points, key=lambda point: point.right)
        return (
            f"Even when it answers only {best.answered:.0%} of the comments it is right {best.right:.0%} of "
            f"the time; {GOOD:.0%} is out of reach."
        )
    if reached.answered >= 1:
        return f"It is right {reached.right:.0%} of the time even when it answers every comment."
    return (
        f"If a person reads the least certain {1 - reached.answered:.0%}, it is right {reached.right:.0%} of "
        f"the time on the others (those it is at least {reached.threshold:.0%} sure of)."
    )


def _thresholds(run: TrainingRun) -> None:
    label = st.selectbox("Curves of the label", run.labels, format_func=option, key="curve_label")
    roc, precision_recall = run_results.threshold_curves(run, label)
    left, right = st.columns(2)
    with left:
        st.markdown("**ROC curve**: found against wrongly called so")
        if roc is None:
            st.info("No held-out comment carries this label, or all do: there is no curve.")
        else:
            figure = charts.roc_curve(roc, label)
            st.plotly_chart(figure, key="roc", alt=f"ROC curve of {label}", config=CONFIG)
    with right:
        st.markdown("**Precision-recall curve**: right against found")
        if precision_recall is None:
            st.info("No held-out comment carries this label: there is no curve.")
        else:
            support = next(score.support for score in run.model.per_label if score.label == label)
            figure = charts.precision_recall_curve(precision_recall, label, support / max(1, run.model.n))
            st.plotly_chart(figure, key="pr", alt=f"Precision-recall curve of {label}", config=CONFIG)
