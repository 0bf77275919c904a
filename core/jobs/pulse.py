"""The heartbeat of a running job: writes its progress, hears of cancel, ends what does not stop."""

import logging
import os
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from core.domain import Job
from core.errors import Cancelled, JobStopped, LeaseLost, Paused, StoreError
from core.store.jobs import Jobs
from core.store.tables import CANCELLED, PAUSED

BEAT_S = 0.5
GRACE_S = 0.8  # with a beat before it and a busy machine, cancel takes effect within 2 s
PAUSE_GRACE_S = 8.0  # it writes down how far it has come
STOPPED = 3  # exit status of a worker that had to end itself

SENTENCES = {
    Cancelled: "This job was cancelled.",
    Paused: "This job was paused.",
    LeaseLost: "Another worker has taken over this job, so this one stopped.",
}


class Pulse:
    """A thread beside the job's function; the only writer of its progress, twice a second at most."""

    def __init__(self, jobs: Jobs, job: Job, log: logging.Logger) -> None:
        self._jobs = jobs
        self._fence = (job.id, job.owner, job.attempt)
        self._log = log
        self._progress = self._written = (job.pct, job.message)
        self._reason: type[JobStopped] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"pulse of job {job.id}", daemon=True)
        self.told_to_stop = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def progress(self, pct: float, message: str) -> None:
        """Kept for the next beat. Raises Cancelled, Paused or LeaseLost."""
        self._progress = (min(max(float(pct), 0.0), 100.0), message)
        if self._reason is not None:
            raise self._reason(SENTENCES[self._reason])

    def should_stop(self) -> bool:
        self.told_to_stop = self.told_to_stop or self._reason is not None
        return self._reason is not None

    def write_last(self) -> None:
        """The progress that no beat has written yet. Raises LeaseLost."""
        if self._progress != self._written:
            self._beat()

    def _beat(self) -> None:
        latest = self._progress
        told = self._jobs.beat(*self._fence, *latest)
        if latest != self._written:
            self._log.info("%.1f %% %s", *latest)
        self._written = latest
        if told.cancel:
            self._reason = Cancelled
        elif told.pause:
            self._reason = Paused

    def _live(self) -> None:
        try:
            while self._reason is None:
                if self._ended.wait(BEAT_S):
                    return
                self._beat_or_lose()
            if self._ended.wait(PAUSE_GRACE_S if self._reason is Paused else GRACE_S):
                return
            self._log.warning("the function did not stop, so the worker ends")
            if self._reason is not LeaseLost:
                with suppress(LeaseLost):  # it ended by itself at the last moment
                    self._jobs.finish(*self._fence, PAUSED if self._reason is Paused else CANCELLED)
        except Exception:
            # Without a pulse nobody could stop the job: the next worker takes it up again.
            self._log.exception("the pulse failed, so the worker ends")
        os._exit(STOPPED)

    def _beat_or_lose(self) -> None:
        try:
            self._beat()
        except LeaseLost:
            self._reason = LeaseLost
        except StoreError as error:
            self._log.warning("no beat: %s", error)
