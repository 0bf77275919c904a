"""The model beside simpler ones on the same held-out comments."""

from dataclasses import replace

import streamlit as st

from core.charts import comparison as charts
from core.domain import BILSTM, MAJORITY, QUICK, TFIDF, Scores, TrainingRun
from pages.parts.labels_tab import measures
from pages.parts.run_words import scores_name, with_range

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-models"}}
WHAT = {
    TFIDF: "counts words and pairs of words",
    QUICK: "the encoder as it is, with a small head",
    BILSTM: "a small recurrent network",
    MAJORITY: "always says the most frequent label",
}


def show(run: TrainingRun) -> None:
    models = measured(run)
    st.markdown(f"**All models on the same {run.model.n:,} held-out comments**, with likely ranges (90%)")
    named = [_named(scores, run) for scores in models]
    st.plotly_chart(charts.beside(named), key="beside", alt="Models beside each other", config=CONFIG)
    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        [_row(scores, run) for scores in models],
        key="beside_table",
        hide_index=True,
        column_config={"AUC": number, "Confidence off by": st.column_config.NumberColumn(format="percent")},
        alt="Scores of all models",
    )
    if not run.model.ranges:
        st.caption("This run was trained before ranges and further models were measured.")
    measures(
        ("Right", "Macro F1", "Balanced accuracy", "Weighted F1", "AUC", "Confidence off by"), run.model.multi
    )


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
    ranges = scores.ranges
    return {
        "Model": scores_name(scores) + mine,
        "Macro F1": with_range(scores.macro_f1, ranges.get("macro_f1")),
        "All labels right" if scores.multi else "Right": with_range(scores.accuracy, ranges.get("accuracy")),
        "Balanced accuracy": with_range(scores.balanced_accuracy, ranges.get("balanced_accuracy")),
        "Weighted F1": with_range(scores.weighted_f1, ranges.get("weighted_f1")),
        "AUC": scores.macro_auc,
        "Confidence off by": scores.calibration_error,
        "What it is": WHAT.get(scores.name, ""),
    }
