"""The model beside simpler ones on the same held-out comments."""

from dataclasses import replace

import streamlit as st

from core.charts import comparison as charts
from core.domain import BETTER, BILSTM, MAJORITY, QUICK, TFIDF, Scores, TrainingRun
from pages.parts.figures import draw
from pages.parts.labels_tab import measures
from pages.parts.plain import plain
from pages.parts.run_words import ranges_of, scores_name, with_range

WHAT = {
    BETTER: "the whole encoder, adapted to these comments",
    TFIDF: "counts words and pairs of words",
    QUICK: "the encoder as it is, with a small head",
    BILSTM: "a small recurrent network",
    MAJORITY: "always says the most frequent label: what a model must beat",
}

EXPLAINED = ("Right", "Macro F1", "Balanced accuracy", "Weighted F1", "AUC", "Confidence off by")
WITHOUT_QUICK = (TFIDF, BILSTM)
NO_QUICK = (
    "Quick was not trained beside this model. Train Quick on the same comments with the same way to judge, "
    "and the Compare tab sets both beside each other; or train this again with “Quick among the simpler "
    "models” under Advanced."
)


def show(run: TrainingRun) -> None:
    models = measured(run)
    st.markdown(f"**All models on the same {run.model.n:,} held-out comments**, with {ranges_of(run.model)}")
    named = [_named(scores, run) for scores in models]
    draw(charts.beside(named), key="beside", alt="Models beside each other", file="models")
    st.dataframe(
        [_row(scores, run) for scores in models],
        key="beside_table",
        hide_index=True,
        alt="Scores of all models",
        placeholder="",
    )
    st.caption(_what(models))
    if run.options.mode in WITHOUT_QUICK and not any(scores.name == QUICK for scores in models):
        st.caption(NO_QUICK)
    if not run.model.ranges:
        st.caption("This run was trained before ranges and further models were measured.")
    measures(EXPLAINED, run.model.multi)


def measured(run: TrainingRun) -> list[Scores]:
    """The model first, then what was measured beside it, each once."""
    beside = run.evaluation.baselines if run.evaluation else ()
    found = {scores.name: scores for scores in (run.baseline, *beside) if scores is not None}
    return [run.model, *(scores for scores in found.values() if scores is not run.model)]


def _named(scores: Scores, run: TrainingRun) -> Scores:
    """For the axis of the figure."""
    mine = "this model: " if scores is run.model else ""
    return replace(scores, name=f"{mine}{scores_name(scores)}")


def _row(scores: Scores, run: TrainingRun) -> dict:
    mine = " (this model)" if scores is run.model else ""
    return {
        "Model": scores_name(scores) + mine,
        **figures(scores),
    }


def _what(models: list[Scores]) -> str:
    """What each model is, in one line."""
    told = (f"{scores_name(scores)}: {WHAT[scores.name]}" for scores in models if scores.name in WHAT)
    return plain("; ".join(told), 600) + "."


def figures(scores: Scores) -> dict[str, str]:
    """The cells of one model by the name of their column: each value with its 90% range."""
    ranges = scores.ranges
    return {
        "Macro F1": with_range(scores.macro_f1, ranges.get("macro_f1")),
        "All labels right" if scores.multi else "Right": with_range(scores.accuracy, ranges.get("accuracy")),
        "Balanced accuracy": with_range(scores.balanced_accuracy, ranges.get("balanced_accuracy")),
        "Weighted F1": with_range(scores.weighted_f1, ranges.get("weighted_f1")),
        "AUC": with_range(scores.macro_auc, ranges.get("macro_auc")),
        "Confidence off by": _points(scores.calibration_error, ranges.get("calibration_error")),
    }


def _points(value: float | None, ends: tuple[float, float] | None) -> str:
    if value is None:
        return ""
    return f"{value:.1%} ({100 * ends[0]:.1f}–{ends[1]:.1%})" if ends else f"{value:.1%}"
