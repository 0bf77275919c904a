"""Would more labels help? The learning curve, where it goes, and what to label."""

import streamlit as st

from core.charts import evaluation as charts
from core.domain import BETTER, BILSTM, TrainingRun
from core.workflow import explain_jobs, learning
from pages.parts import advice_list, resources
from pages.parts.background import tell_job_failure, watch_job
from pages.parts.figures import draw
from pages.parts.plain import plain

SHORTCUT = {
    BETTER: "Measured with Quick, whose curve has the same shape at a fraction of the time.",
    BILSTM: "Measured with TF-IDF, whose curve has the same shape at a fraction of the time.",
}


def show(run: TrainingRun) -> None:
    if run.evaluation is None:
        st.info("This run was trained before learning curves were kept. Train it again to measure one.")
        return
    points = run.evaluation.learning
    if points:
        st.markdown("**Macro F1 by the number of labels learned from** · lines: likely ranges (90%)")
        draw(charts.learning_curve(points), key="learning", alt="Learning curve")
        st.markdown(plain(learning.sentence(points), 600))
        if run.options.mode in SHORTCUT:
            st.caption(SHORTCUT[run.options.mode])
    else:
        _measure(run)
    st.markdown("**What would help most**")
    advice_list.show(run, "labels")


def _measure(run: TrainingRun) -> None:
    st.markdown("**What would 200 more labels bring?** The model learns from growing parts of its comments.")
    store = resources.store()
    job = explain_jobs.pending(store, run, learning.LEARN)
    if job is not None:
        watch_job(job.id, "Measuring the learning curve")
        return
    tell_job_failure(learning.LEARN, run.id)
    if st.button("Measure it", icon=":material/show_chart:", key="measure_learning"):
        learning.queue(store, run)
        st.rerun()
