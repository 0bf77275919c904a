"""How the training went: curves and the time of each stage."""

import streamlit as st

from core.charts import runs as charts
from core.domain import TrainingRun
from core.workflow import estimate
from pages.parts.figures import draw
from pages.parts.plain import rounded
from pages.parts.run_words import duration, mode_name

STAGES = {
    "prepare": "Choosing held-out comments",
    "load": "Loading the encoder",
    "embed": "Reading the comments",
    "tfidf": "Fitting TF-IDF",
    "bilstm": "Fitting the BiLSTM",
    "quick": "Fitting Quick",
    "fine_tune": "Fine-tuning the encoder",
    "predict": "Predicting all comments",
    "judge": "Judging on the held-out comments",
    "save": "Saving the model",
}


def show(run: TrainingRun) -> None:
    if run.curve:
        st.markdown("**Loss on the training comments, macro F1 on the validation comments**")
        figure = charts.curves(run.curve)
        draw(figure, key="curve", alt="Training curves", file="training")
        st.caption(
            "Loss: how far the answers on the comments it learns from are from their labels; it should fall. "
            "Macro F1 should rise; where it falls again, the model begins to learn by heart. Better stays "
            "where it finds more than Quick, or where the true labels get more of its confidence."
        )
    else:
        st.caption(f"{mode_name(run.options.mode)} is fitted in one go, so there is no curve.")
    rows = [
        {
            "Stage": STAGES.get(name, name.replace("_", " ").capitalize()),
            "Seconds": round(run.seconds[name], 1),
            "CPU seconds": rounded(run.cpu_seconds.get(name), 1),
        }
        for name in run.seconds
    ]
    st.dataframe(
        rows,
        key="stages",
        hide_index=True,
        column_config={
            "Seconds": st.column_config.NumberColumn(format="%.1f"),
            "CPU seconds": st.column_config.NumberColumn(
                format="%.1f", help="Processor time over all cores: less than Seconds while it waits."
            ),
        },
        alt="Time by stage",
        placeholder="",
    )
    _beside_the_estimate(run)


def _beside_the_estimate(run: TrainingRun) -> None:
    facts = run.evaluation.facts if run.evaluation else {}
    if estimate.MEMORY not in facts:  # a run of an earlier version
        return
    st.caption(
        f"It took {duration(sum(run.seconds.values()))} and {facts[estimate.MEMORY] / 1000:.1f} GB of memory "
        f"at most. Foreseen were {duration(facts[estimate.SECONDS])} and "
        f"{facts[estimate.FORESEEN] / 1000:.1f} GB."
    )
