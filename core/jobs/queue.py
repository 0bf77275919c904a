"""What the files in the jobs folder say about the queue: who is alive, whose job is orphaned."""

import os
import socket
import time
from pathlib import Path

from core.config import Settings
from core.domain import Job
from core.jobs import locks
from core.store.store import Store
from core.store.tables import RUNNING


def worker_lock(settings: Settings, lane: str = "") -> Path:
    """Held by the one worker of a lane."""
    return settings.jobs_dir / f"{worker_name(lane)}.lock"


def worker_name(lane: str) -> str:
    return f"worker-{lane}" if lane else "worker"


def job_lock(settings: Settings, job_id: int) -> Path:
    return settings.jobs_dir / f"{job_id}.lock"


def job_log(settings: Settings, job_id: int) -> Path:
    return settings.jobs_dir / f"{job_id}.log"


def owner_name() -> str:
    """Host, process and start: process numbers come back, the three together do not."""
    return f"{socket.gethostname()}:{os.getpid()}:{time.monotonic_ns()}"


def release_orphans(store: Store, settings: Settings, lane: str = "") -> list[Job]:
    """Queue the running jobs of a lane again that no living process works on; no clock is asked.

    Only for the worker of this lane: another one may have claimed a job and not locked it yet.
    """
    running = [job for job in store.jobs.active(lane) if job.state == RUNNING]
    orphans = [job for job in running if locks.is_free(job_lock(settings, job.id))]
    for job in orphans:
        store.jobs.release(job.id, job.owner)
    return orphans
