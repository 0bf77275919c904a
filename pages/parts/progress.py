"""Long work on the screen: where it stands, how it goes, and the buttons that pause and end it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import streamlit as st

from core.charts.runs import curves
from core.domain import BETTER, BILSTM, QUICK, TFIDF, Job, TrainingRun
from core.errors import NotFound
from core.workflow import estimate
from core.workflow import runs as run_work
from pages.parts import resources
from pages.parts.plain import counted, plain
from pages.parts.run_words import foreseen, mode_name

ACTIVE = ("queued", "running", "paused")
TRAINING = ""  # the lane of the queue
WATCHED = "watched_runs"  # trainings that this visitor saw going on, and has not been told the end of
TOLD_FOR = timedelta(minutes=10)  # that a training was cancelled
LONG = timedelta(minutes=1)  # a training that went on for so long is not cancelled by one press
GOES_ON = (
    "What it has learned is kept: it goes on from there.",
    "It was paused or interrupted and went on from where it was.",
)
PAUSES = {  # what a pause does not lose, as told during it and after it
    BETTER: GOES_ON,
    BILSTM: GOES_ON,
    QUICK: (
        "The comments it has read are kept; what follows takes little and begins anew.",
        "It was paused or interrupted. Comments that it had read before are not read again.",
    ),
    TFIDF: (
        "TF-IDF takes little and begins anew.",
        "It was paused or interrupted and began anew.",
    ),
}


def active_runs(dataset_id: int | None = None) -> list[TrainingRun]:
    return [run for run in resources.store().runs.list(dataset_id) if run.status in ACTIVE]


def watch_active(dataset_id: int | None = None) -> bool:
    """Draw each run that waits, goes on or is paused; False when there is none. Of the trials of a tuning
    only the next one is drawn."""
    runs = sorted(active_runs(dataset_id), key=lambda run: run.id)
    for run in runs:
        if run.options.trial_of:
            continue
        _watched().add(run.id)
        if run.job_id is None:
            st.info(f"Run {run.id} is being trained by a command line outside this page.")
        else:
            watch(run.id)
    _watch_trials([run for run in runs if run.options.trial_of and run.job_id is not None])
    return bool(runs)


def ended(done: Sequence[TrainingRun]) -> int | None:
    """The newest training that this visitor saw going on and that is among those that are done; told once.
    Trials are none of them: who tunes a run goes on looking at it."""
    found = _watched() & {run.id for run in done}
    _watched().difference_update(found)
    return max(found, default=None)


def follow_up(dataset_id: int) -> None:
    """Draw the page once more where a training ended while it was drawn: above it was still going on, and
    below nothing waits for it any more."""
    done = {run.id for run in resources.store().runs.list(dataset_id) if run.status == "done"}
    if _watched() & done:
        st.rerun()


def _watched() -> set[int]:
    return st.session_state.setdefault(WATCHED, set())


def _watch_trials(trials: list[TrainingRun]) -> None:
    if not trials:
        return
    first = min(trials, key=lambda run: (run.status != "running", run.id))
    watch(first.id)
    waiting = [run for run in trials if run.id != first.id]
    if waiting:
        with st.container(horizontal=True, vertical_alignment="center"):
            more = counted(len(waiting), "more trial")
            st.caption(
                f"{more} of run {first.options.trial_of} wait{'s' if len(waiting) == 1 else ''} in line."
            )
            st.button(
                "Cancel the trials",
                key="cancel_trials",
                type="tertiary",
                icon=":material/stop_circle:",
                on_click=_cancel_all,
                args=([run.job_id for run in trials],),
            )


def _cancel_all(jobs: list[int]) -> None:
    for job_id in reversed(jobs):  # the running one last, else the next one begins meanwhile
        resources.store().jobs.cancel(job_id)


def tell_failure(dataset_id: int) -> None:
    """Why the newest run of the dataset gave nothing, should it be so; trials are told by their tuning."""
    runs = (run for run in resources.store().runs.list(dataset_id) if not run.options.trial_of)
    for run in islice(runs, 1):
        if run.status == "failed":
            st.error(f"Run {run.id} failed: {plain(run.error, 600)}", icon=":material/error:")
        elif run.status == "cancelled" and _lately(run):
            why = f" {plain(run.error, 300)}" if run.error else ""
            st.info(
                f"Run {run.id} was cancelled.{why} Nothing of it was kept.", icon=":material/stop_circle:"
            )


def _lately(run: TrainingRun) -> bool:
    return run.finished_at is None or datetime.now(UTC) - run.finished_at < TOLD_FOR


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
    with st.container(border=True):
        trial = f" · trial for run {run.options.trial_of}" if run.options.trial_of else ""
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown(f"**{mode_name(run.options.mode)} training** · run {run.id}{trial}")
        with right.container(horizontal=True, horizontal_alignment="right"):
            _buttons(run, job)
        _bar(run, job)
        st.caption(_foreseen(run.id, str(run.created_at)))
        if len(run.curve) > 1:  # a single point has no course
            st.plotly_chart(
                curves(run.curve),
                key=f"curve_{run.id}",
                alt="Loss on the training comments and macro F1 on the validation comments, by step",
                config={"displaylogo": False},
            )


def _buttons(run: TrainingRun, job: Job) -> None:
    """By callback: what the press asked for is there before the card is drawn again."""
    store = resources.store()
    stopping = job.cancel_requested or job.pause_requested
    if job.state == "paused":
        st.button(
            "Resume",
            key=f"resume_{run.id}",
            icon=":material/play_arrow:",
            type="primary",
            on_click=run_work.resume,
            args=(store, run.id),
        )
    else:
        st.button(
            "Pause",
            key=f"pause_{run.id}",
            icon=":material/pause:",
            disabled=stopping,
            on_click=run_work.pause,
            args=(store, run.id),
        )
    if job.started_at is None or datetime.now(UTC) - job.started_at < LONG:
        _cancel(job)
        return
    with st.popover("Cancel", key=f"ask_cancel_{run.id}", icon=":material/stop_circle:"):
        st.markdown("Cancel the training? What it learned so far is lost.")
        _cancel(job, "Cancel the training")


def _cancel(job: Job, words: str = "Cancel") -> None:
    st.button(
        words,
        key=f"cancel_{job.params['run']}",
        icon=":material/stop_circle:",
        disabled=job.cancel_requested,
        on_click=resources.store().jobs.cancel,
        args=(job.id,),
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _foreseen(run_id: int, created_at: str) -> str:
    """What stood in the form, beside what is measured. The id of a deleted run may come again."""
    store = resources.store()
    run = store.runs.get(run_id)
    dataset = store.datasets.get(run.dataset_id)
    label_set = store.labels.get(run.label_set_id)
    found = estimate.estimate(store, resources.settings(), dataset, label_set, run.options)
    return f"Foreseen before the start: {foreseen(found)}"


def _bar(run: TrainingRun, job: Job) -> None:
    share = min(1.0, job.pct / 100)
    kept, after = PAUSES[run.options.mode]
    place = resources.store().jobs.place(job.id)
    if job.cancel_requested and job.state == "running":
        st.progress(share, text="Stopping")
    elif job.state == "paused":
        st.progress(share, text=f"Paused at {job.pct:.0f}%. {kept}")
        if job.error:
            st.error(plain(job.error, 600), icon=":material/error:")
    elif job.pause_requested:
        st.progress(share, text="Pausing")
    elif place > 0 and _somebody_works():
        words = f"Waiting in line, place {place}. It starts when the work before it is done."
        st.progress(share if job.attempt else 0.0, text=words)
    elif place > 0:
        st.progress(share if job.attempt else 0.0, text="Starting the worker")
    else:
        st.progress(share, text=plain(job.message or "Starting"))
        if job.attempt > 1:
            st.caption(after)
