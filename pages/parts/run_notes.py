"""What came after a run was trained: new comments to count, and whether they are still alike."""

import streamlit as st

from core.domain import Dataset, TrainingRun
from core.workflow import accounts, explain_jobs, promotion, runs
from pages.parts import resources, results, run_results
from pages.parts.background import tell_job_failure, watch_job
from pages.parts.plain import bullets, counted, plain


def show(run: TrainingRun) -> None:
    store = resources.store()
    changed = runs.changed_since(store, run)
    unread = run_results.unread(run) if changed else 0
    if changed:
        _since(run, changed, unread)
    _drift(run, unread)  # also of comments without a label, of which a newer run has learned nothing either
    newer = accounts.newer_than_insights(store, run.id)
    if newer:
        st.info(plain(newer, 600), icon=":material/update:")


def standing(run: TrainingRun) -> None:
    """A line where comments are counted by a model that nobody put to work and that is not good enough."""
    insights, store = results.insights(run), resources.store()
    if insights.labelled >= insights.rows:  # people said it all
        return
    current = store.promotions.current(run.label_set_id)
    if (current is None or current.run_id != run.id) and not promotion.verdict(store, run).passed:
        st.caption(
            f":material/rule: Run {run.id} is not promoted, and it does not reach what was asked of it: what "
            "it says of comments without a label is a first look. Train says what would help."
        )


def _since(run: TrainingRun, changed: str, unread: int) -> None:
    """What came, and whether this model has read it; else what changed."""
    store = resources.store()
    job = explain_jobs.pending(store, run, promotion.PREDICT)
    if job is not None:
        watch_job(job.id, "Counting the new comments")
    elif unread:
        _uncounted(run, unread)
    elif new := run_results.later(run):
        one = new == 1
        st.info(
            f"{counted(new, 'comment')} came or changed after run {run.id} was trained and "
            f"{'is counted as this model reads it' if one else 'are counted as this model reads them'}.",
            icon=":material/update:",
        )
    else:
        st.info(plain(changed, 600), icon=":material/update:")


def after_import(dataset: Dataset) -> None:
    """Whether what came is like what the model that answers for the dataset learned from."""
    run = promotion.answering_run(resources.store(), dataset.id)
    if run is not None:
        _drift(run, run_results.unread(run))


def _uncounted(run: TrainingRun, missing: int) -> None:
    """Comments that this model has not read; one press lets it."""
    tell_job_failure(promotion.PREDICT, run.id)
    st.info(
        f"{counted(missing, 'comment')} came or changed after run {run.id} was trained and "
        f"{'is' if missing == 1 else 'are'} not counted yet.",
        icon=":material/update:",
    )
    if st.button("Count the new comments with this model", icon=":material/playlist_add:", key="count_new"):
        promotion.queue_predictions(resources.store(), run)
        st.rerun()


def _drift(run: TrainingRun, unread: int) -> None:
    """Whether what came is like what it learned from; a warning only when it matters."""
    found = run_results.drift(run, unread)
    if found is None:
        return
    if not found.matters:
        st.caption(plain(found.sentence, 600))
        return
    st.warning(plain(found.sentence, 600), icon=":material/trending_down:")
    worrying = [finding.words for finding in found.findings if finding.matters]
    if len(worrying) > 1:
        with st.expander("What changed", icon=":material/difference:"):
            st.markdown(bullets(worrying))
    if not found.labelled:  # the same comments would teach the same model
        return
    st.page_link(
        "pages/train.py", label="Train again with the new comments", icon=":material/model_training:"
    )
