"""Work that looks into a finished model: a button starts it, then its progress stands in its place."""

import streamlit as st

from core.domain import Job, TrainingRun
from core.workflow import explain_jobs
from pages.parts import resources
from pages.parts.plain import plain

ACTIVE = ("queued", "running", "paused")


def going_on(run: TrainingRun, kind: str, words: str, job: Job | None = None) -> bool:
    """Draw where this work stands while it waits or runs, else why the last one failed, should it have.

    `job`: seen before something else was looked up; should it have ended since, the page is drawn anew.
    """
    job = job or explain_jobs.pending(resources.store(), run, kind)
    if job is None:
        tell_job_failure(kind, run.id)
        return False
    watch_job(job.id, words)
    return True


def offer(run: TrainingRun, kind: str, words: str, *, key: str, icon: str, primary: bool = False) -> None:
    """The button that starts it."""
    if st.button(words, key=key, icon=icon, type="primary" if primary else "secondary"):
        explain_jobs.queue(resources.store(), run, kind)
        st.rerun()


@st.fragment(run_every=1.0)
def watch_job(job_id: int, words: str) -> None:
    """Redrawn each second; the whole page once more when it ends."""
    job = resources.store().jobs.get(job_id)
    if job.state not in ACTIVE:
        st.rerun()
    waiting = f"{words}: waiting for its turn"
    st.progress(
        min(1.0, job.pct / 100), text=waiting if job.state == "queued" else plain(job.message or words)
    )
    st.button(
        "Cancel",
        key=f"cancel_job_{job_id}",
        icon=":material/stop_circle:",
        on_click=resources.store().jobs.cancel,
        args=(job_id,),
    )


def tell_job_failure(kind: str, run_id: int) -> None:
    """Why the newest work of this kind on a run gave nothing, should it be so."""
    same = (
        job
        for job in resources.store().jobs.recent(50)
        if job.kind == kind and job.params.get("run") == run_id
    )
    job = next(same, None)
    if job is not None and job.state == "failed":
        st.error(plain(job.error, 600), icon=":material/error:")
