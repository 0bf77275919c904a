"""Long work on the screen: where it stands, how it goes, and the button that ends it."""

import streamlit as st

from core.charts.runs import curves
from core.domain import BETTER, TrainingRun
from core.errors import NotFound
from pages.parts import resources
from pages.parts.plain import plain

ACTIVE = ("queued", "running")
TRAINING = ""  # the lane of the queue


def active_runs(dataset_id: int | None = None) -> list[TrainingRun]:
    return [run for run in resources.store().runs.list(dataset_id) if run.status in ACTIVE]


def watch_active(dataset_id: int | None = None) -> bool:
    """Draw each run that waits or goes on; False when there is none."""
    runs = active_runs(dataset_id)
    for run in reversed(runs):
        if run.job_id is None:
            st.info(f"Run {run.id} is being trained by a command line outside this page.")
        else:
            watch(run.id)
    return bool(runs)


def tell_failure(dataset_id: int) -> None:
    """Why the newest run of the dataset gave nothing, should it be so."""
    for run in resources.store().runs.list(dataset_id)[:1]:
        if run.status == "failed":
            st.error(f"Run {run.id} failed: {plain(run.error, 600)}", icon=":material/error:")
        elif run.status == "cancelled":
            st.info(f"Run {run.id} was cancelled. Nothing of it was kept.", icon=":material/stop_circle:")


def _somebody_works() -> bool:
    return any(job.state == "running" for job in resources.store().jobs.active(TRAINING))


@st.fragment(run_every=1.0)
def watch(run_id: int) -> None:
    """One run, redrawn each second; the whole page once more when it ends."""
    store = resources.store()
    try:
        run = store.runs.get(run_id)
    except NotFound:
        st.rerun()
    if run.status not in ACTIVE:
        st.rerun()
    job = store.jobs.get(run.job_id)
    place = store.jobs.place(run.job_id)
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.markdown(f"**{'Better' if run.options.mode == BETTER else 'Quick'} training** · run {run.id}")
        if right.button("Cancel", key=f"cancel_{run.id}", icon=":material/stop_circle:", width="stretch"):
            store.jobs.cancel(run.job_id)
        if job.cancel_requested:
            st.progress(job.pct / 100, text="Stopping")
        elif place > 0 and _somebody_works():
            words = f"Waiting in line, place {place}. It starts when the work before it is done."
            st.progress(0.0, text=words)
        elif place > 0:
            st.progress(0.0, text="Starting the worker")
        else:
            st.progress(min(1.0, job.pct / 100), text=plain(job.message or "Starting"))
            if job.attempt > 1:
                st.caption("The work was interrupted and went on from where it was.")
        if run.curve:
            st.plotly_chart(
                curves(run.curve),
                key=f"curve_{run.id}",
                alt="Loss on the training comments and macro F1 on the validation comments, by step",
                config={"displaylogo": False},
            )
