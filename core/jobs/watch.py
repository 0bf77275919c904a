"""Sees to it that a worker is there while there is work, whoever was killed before."""

import logging
import os
import subprocess
import threading
from collections.abc import Sequence

from core.config import Settings
from core.jobs import locks
from core.jobs.launch import environment
from core.jobs.pulse import STOPPED
from core.jobs.queue import worker_lock, worker_name
from core.jobs.worker import LOCK_VARIABLE
from core.store.store import Store

WATCH_S = 1.0
LONGEST_S = 60.0
LOG = logging.getLogger(__name__)


def ensure_worker(
    store: Store, settings: Settings, command: Sequence[str], lane: str = ""
) -> subprocess.Popen | None:
    """Start `command` as a detached worker if the lane has jobs and no worker; else None.

    The worker is born with the lock, so of many callers at once only one starts a process.
    """
    if not store.jobs.active(lane):
        return None
    settings.jobs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = locks.take(worker_lock(settings, lane))
    if lock is None:
        return None
    try:
        with (settings.jobs_dir / f"{worker_name(lane)}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 (the command is ours)
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
                env=environment(**{LOCK_VARIABLE: str(lock)}),
            )
    finally:
        os.close(lock)


class Watcher:
    """A thread that asks for the worker of one lane once a second; no shutdown is needed."""

    def __init__(self, store: Store, settings: Settings, command: Sequence[str], lane: str = "") -> None:
        self._ask = (store, settings, command, lane)
        self._stopped = threading.Event()
        self._worker: subprocess.Popen | None = None
        self._pause = WATCH_S
        self._thread = threading.Thread(target=self._watch, name="job watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The worker lives on; only the watching ends."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(self._pause):
            try:
                self._look()
            except Exception as error:  # whatever it is, the next look may find a way
                LOG.warning("no look at the queue this time (%s)", type(error).__name__)

    def _look(self) -> None:
        status = 0 if self._worker is None else self._worker.poll()  # asking also buries a dead one
        if status is None:
            return
        # Killed (negative) or ended for a cancel: at once again. Broken from the start: ever slower.
        broken = status > 0 and status != STOPPED
        self._pause = min(self._pause * 2, LONGEST_S) if broken else WATCH_S
        self._worker = ensure_worker(*self._ask)
