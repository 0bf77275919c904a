"""How sure the model is, and how often it is right when it is so sure."""

import streamlit as st

from core.charts import evaluation as charts
from core.domain import GROUPED, TrainingRun
from pages.parts import run_results
from pages.parts.figures import draw
from pages.parts.plain import counted, option, plain
from pages.parts.run_words import likely, luck_of, measures_of

GOOD = 0.95  # share right that a person may want before trusting answers unseen
READ_SURE = (
    "Each mark holds answers of like confidence; the larger, the more. On the dotted line the model is as "
    "sure as it should be, below it too sure, above it too careful."
)
TOGETHER = "In the ranges the comments of one person count together."
READ_ROC = (
    "Each point is a threshold: how many comments with the label are found, and how many others are called "
    "so by mistake. The closer to the upper left corner, the better."
)
READ_PRECISION = (
    "Each point is a threshold: how many comments with the label are found, and how many of those called so "
    "are right. The closer to the upper right corner, the better."
)


def show(run: TrainingRun) -> None:
    _calibration(run)
    found = run_results.certainty(run)
    if found is None:
        st.info(
            "This run was trained before held-out comments were kept, so its curves cannot be drawn. Train "
            "it again to see them."
        )
        return
    together = TOGETHER if run.options.split == GROUPED else ""
    left, right = st.columns(2)
    with left:
        st.markdown("**Confidence against how often it is right**")
        figure = charts.reliability(found.after, found.before)
        draw(figure, key="reliability", alt="Confidence against share right")
        st.caption(f"{READ_SURE} {together}".strip())
    with right:
        st.markdown("**If it may say “unsure”**")
        draw(charts.abstention(found.unsure), key="abstention", alt="Share right by share unsure")
        st.caption(f"{_unsure(found.unsure)} {together}".strip())
    _thresholds(run)


def _calibration(run: TrainingRun) -> None:
    """How far off, and what the calibration changed: it is fitted on other comments, so it can miss."""
    before, after = run.calibration.get("ece_before"), run.calibration.get("ece_after")
    if after is None:
        return
    ends = likely(run.model.ranges.get("calibration_error"), ".1%")
    said = [f"**Confidence off by {after:.1%}**{f' (likely {ends})' if ends else ''}."]
    if before is not None:
        said.append(f"It was {before:.1%} before calibration.")
        if after > max(before, run.model.calibration_chance or 0.0):
            said.append(
                "Calibration is fitted on the validation comments, which are few or unlike these: it did not "
                "help here."
            )
    if luck := luck_of(run.model):
        said.append(f"{luck[0].upper()}{luck[1:]}.")
    st.markdown(f"{' '.join(said)} {plain(measures_of(run.model.multi)['Confidence off by'], 600)}")


def _unsure(points) -> str:
    """The smallest share left to a person with which the rest is right nearly always."""
    reached = next((point for point in points if point.right >= GOOD), None)
    if reached is None:
        best = max(points, key=lambda point: (point.right, point.answered))
        if best.answered >= 1:
            return (
                f"It is right {_right(best)}, and leaving comments to a person makes it no better; "
                f"{GOOD:.0%} is out of reach."
            )
        return (
            f"Even when it answers only {best.answered:.0%} of the comments it is right {_right(best)}; "
            f"{GOOD:.0%} is out of reach."
        )
    if reached.answered >= 1:
        return f"It is right {_right(reached)} even when it answers every comment."
    return (
        f"If a person reads the least certain {1 - reached.answered:.0%}, it is right {_right(reached)} on "
        f"the other {counted(reached.n, 'comment')}, those it is at least {reached.threshold:.0%} sure of."
    )


def _right(point) -> str:
    return f"{point.right:.0%} of the time (likely {likely((point.low, point.high), '.0%')})"


def _thresholds(run: TrainingRun) -> None:
    label = st.selectbox("Curves of the label", run.labels, format_func=option, key="curve_label")
    roc, precision_recall = run_results.threshold_curves(run, label)
    left, right = st.columns(2)
    with left:
        st.markdown("**ROC curve**")
        if roc is None:
            st.info("No held-out comment carries this label, or all do: there is no curve.")
        else:
            figure = charts.roc_curve(roc, label)
            draw(figure, key="roc", alt=f"ROC curve of {label}")
            st.caption(READ_ROC)
    with right:
        st.markdown("**Precision-recall curve**")
        if precision_recall is None:
            st.info("No held-out comment carries this label: there is no curve.")
        else:
            support = next(score.support for score in run.model.per_label if score.label == label)
            figure = charts.precision_recall_curve(precision_recall, label, support / max(1, run.model.n))
            draw(figure, key="pr", alt=f"Precision-recall curve of {label}")
            st.caption(READ_PRECISION)
