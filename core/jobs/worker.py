"""The worker: takes one job after another from its lane of the queue and runs the function of its kind.

It may be killed at any moment. A job is started at least once; its result is written under a fence,
so it counts once.
"""

import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from core.config import Settings
from core.domain import Job
from core.errors import FULL, AppError, Cancelled, DiskFull, LeaseLost, Paused, ran_full
from core.jobs import locks
from core.jobs.job_log import open_log
from core.jobs.pulse import SENTENCES, Pulse
from core.jobs.queue import job_lock, job_log, owner_name, release_orphans, worker_lock
from core.store.jobs import Fence
from core.store.store import Store
from core.store.tables import CANCELLED, DONE, FAILED, PAUSED

NICENESS = 10
POLL_S = 0.2
FULL_POLL_S = 2.0  # between two looks whether the disk has room again
UNFORESEEN = (
    "Something went wrong (reference {reference}). Start it again; "
    "if it happens again, give this reference to whoever looks after Roadlens."
)
LOCK_VARIABLE = "ROADLENS_WORKER_LOCK"  # the descriptor of the worker's lock, set by who started it


@dataclass(frozen=True)
class JobContext:
    """What a job function may use beside its params."""

    job: Job
    fence: Fence
    progress: Callable[[float, str], None]  # 0..100; raises Cancelled, Paused or LeaseLost
    should_stop: Callable[[], bool]
    log: logging.Logger  # ids, counts and hashes only


Result = dict | None  # ready for JSON, kept with the job
Function = Callable[[dict, JobContext], Result]


def run_worker(
    store: Store,
    settings: Settings,
    kinds: Mapping[str, Function],
    lane: str = "",
    tidy: Callable[[], None] = lambda: None,
) -> bool:
    """Work until nothing came for settings.worker_idle_s; False at once if the lane has a worker.

    Lanes work side by side, so that an import does not wait for a training. `tidy` is called after each
    job has ended.
    """
    settings.jobs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _worker_lock(settings, lane)
    if lock is None:
        return False
    try:
        os.nice(NICENESS)
        _work_until_idle(store, settings, kinds, lane, tidy)
    finally:
        os.close(lock)
    return True


def _worker_lock(settings: Settings, lane: str) -> int | None:
    """Inherited from the process that started this one, or taken here."""
    path = worker_lock(settings, lane)
    inherited = os.environ.pop(LOCK_VARIABLE, "")
    if inherited.isdigit():
        descriptor = int(inherited)
        with suppress(OSError):  # not open here: the variable came from somewhere else
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                os.set_inheritable(descriptor, False)
                return descriptor
    return locks.take(path)


def _work_until_idle(
    store: Store, settings: Settings, kinds: Mapping[str, Function], lane: str, tidy: Callable[[], None]
) -> None:
    owner = owner_name()
    idle_since = time.monotonic()
    while time.monotonic() - idle_since <= settings.worker_idle_s:
        release_orphans(store, settings, lane)
        # Reading first: an idle worker takes no write lock.
        job = store.jobs.claim(owner, settings.lease_s, lane) if store.jobs.active(lane) else None
        if job is None:
            time.sleep(POLL_S)
            continue
        _work_on(store, settings, kinds, job)
        tidy()
        idle_since = time.monotonic()


def _work_on(store: Store, settings: Settings, kinds: Mapping[str, Function], job: Job) -> None:
    path = job_lock(settings, job.id)
    lock = locks.take(path)
    if lock is None:
        raise RuntimeError(f"job {job.id} is locked by another process")
    try:
        with open_log(job_log(settings, job.id)) as log:
            log.info("job %d %s attempt %d", job.id, job.kind, job.attempt)
            _run_to_the_end(store, kinds, job, log)
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _run_to_the_end(store: Store, kinds: Mapping[str, Function], job: Job, log: logging.Logger) -> None:
    try:
        with Pulse(store.jobs, job, log) as pulse:
            state, error, result = _run(kinds, job, pulse, log)
        while not _finished(store, job, pulse, (state, error, result), log):
            time.sleep(FULL_POLL_S)
        log.info("%s", state)
    except LeaseLost:
        log.warning("the job is no longer held by this worker")


def _finished(
    store: Store, job: Job, pulse: Pulse, end: tuple[str, str, Result], log: logging.Logger
) -> bool:
    """Whether the end of the job could be stored; not so while the disk is full. Raises LeaseLost."""
    try:
        pulse.write_last()
        store.jobs.finish(job.id, job.owner, job.attempt, *end)
    except DiskFull:
        log.warning("the disk is full: the end of the job waits for room")
        return False
    return True


def _run(
    kinds: Mapping[str, Function], job: Job, pulse: Pulse, log: logging.Logger
) -> tuple[str, str, Result]:
    """The state the job ends in, the sentence for the person unless it was done or they stopped it
    themselves, and what it gave.

    Raises LeaseLost.
    """
    context = JobContext(job, (job.id, job.owner, job.attempt), pulse.progress, pulse.should_stop, log)
    try:
        if job.kind not in kinds:
            raise AppError(
                "This version of Roadlens does not know this kind of job. Start it again from its page."
            )
        result = kinds[job.kind](dict(job.params), context)
    except LeaseLost:
        raise
    except (Cancelled, Paused) as stop:
        state = CANCELLED if isinstance(stop, Cancelled) else PAUSED
        return state, "" if str(stop) in SENTENCES.values() else str(stop), None
    except Exception as error:
        return FAILED, _reason(error, log), None
    return (CANCELLED, "", None) if pulse.told_to_stop else (DONE, "", result)


def _reason(error: Exception, log: logging.Logger) -> str:
    """Why a job failed, for the person."""
    if ran_full(error):
        log.exception("the disk is full")
        return f"{FULL}, then start it again."
    if isinstance(error, AppError):
        log.exception("failed with a sentence")
        return str(error)
    reference = secrets.token_hex(3).upper()
    log.exception("reference %s", reference)
    return UNFORESEEN.format(reference=reference)
