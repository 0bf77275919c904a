"""How the training went: curves and the time of each stage."""

import streamlit as st

from core.charts import runs as charts
from core.domain import TrainingRun
from core.workflow import estimate
from pages.parts.run_words import duration, mode_name

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-training"}}


def show(run: TrainingRun) -> None:
    if run.curve:
        st.markdown("**Loss on the training comments, macro F1 on the validation comments**")
        figure = charts.curves(run.curve)
        st.plotly_chart(figure, key="curve", alt="Training curves", config=CONFIG)
    else:
        st.info(f"{mode_name(run.options.mode)} is fitted in one go, so there is no curve.")
    rows = [
        {
            "Stage": name.replace("_", " "),
            "Seconds": run.seconds[name],
            "CPU seconds": run.cpu_seconds.get(name),
        }
        for name in run.seconds
    ]
    st.dataframe(rows, key="stages", hide_index=True, alt="Time by stage")
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
