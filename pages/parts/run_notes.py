"""What came after a run was trained: new comments to count, and whether they are still alike."""

import streamlit as st

from core.domain import TrainingRun
from core.workflow import accounts, promotion, runs
from pages.parts import resources, run_results
from pages.parts.plain import bullets, counted, plain
from pages.parts.progress import tell_job_failure, watch_job


def show(run: TrainingRun) -> None:
    store = resources.store()
    changed = runs.changed_since(store, run)
    missing = len(store.predictions.missing(run.id, run.dataset_id)) if changed else 0
    if changed and missing:
        _uncounted(run, missing)
    elif changed:
        st.info(plain(changed, 600), icon=":material/update:")
    if changed:
        _drift(run)
    newer = accounts.newer_than_insights(store, run.id)
    if newer:
        st.info(plain(newer, 600), icon=":material/update:")


def _uncounted(run: TrainingRun, missing: int) -> None:
    """Comments that this model has not read; one press lets it."""
    store = resources.store()
    job = next(
        (
            job
            for job in store.jobs.active(promotion.LANE)
            if job.kind == promotion.PREDICT and job.params.get("run") == run.id
        ),
        None,
    )
    if job is not None:
        watch_job(job.id, "Counting the new comments")
        return
    tell_job_failure(promotion.PREDICT, run.id)
    st.info(
        f"{counted(missing, 'comment')} came after run {run.id} was trained and "
        f"{'is' if missing == 1 else 'are'} not counted yet.",
        icon=":material/update:",
    )
    if st.button("Count the new comments with this model", icon=":material/playlist_add:", key="count_new"):
        promotion.queue_predictions(store, run)
        st.rerun()


def _drift(run: TrainingRun) -> None:
    """Whether what came is like what it learned from; a warning only when it matters."""
    found = run_results.drift(run)
    if found is None or found.rows == found.unpredicted:
        return
    if not found.matters:
        st.caption(plain(found.sentence, 600))
        return
    st.warning(plain(found.sentence, 600), icon=":material/trending_down:")
    worrying = [finding.words for finding in found.findings if finding.matters]
    if worrying:
        with st.expander("What changed", icon=":material/difference:"):
            st.markdown(bullets(worrying))
    st.page_link(
        "pages/train.py", label="Train again with the new comments", icon=":material/model_training:"
    )
