"""The queue in the database: who may work on what, and what became of it.

A job's time is the machine's monotonic clock: a changed wall clock moves nothing. A heartbeat that
lies ahead of it is from before the last start of the machine.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from core.domain import Job
from core.errors import Cancelled, LeaseLost, NotFound
from core.store.database import Engines, transaction
from core.store.tables import ACTIVE, CANCELLED, DONE, FAILED, OPEN, PAUSED, QUEUED, RUNNING, job, run
from core.store.values import to_job

Fence = tuple[int, str, int]  # job id, owner, attempt

WORN_OUT = (
    "This job stopped several times before it was done, most likely because memory ran out. "
    "Choose fewer rows or a smaller encoder, then start it again."
)
INTERRUPTED = (
    "This training was interrupted several times: its process ended, or memory ran out. What it learned so "
    "far is kept. Press Resume to go on from there, or cancel it and choose fewer rows or a smaller encoder."
)
ATTEMPTS = 5  # of a job, and again once somebody resumes it
ORDER = (job.c.state == QUEUED, job.c.priority, job.c.id)  # what runs first, then the queue


@dataclass(frozen=True)
class Told:
    """What a person wants of a running job."""

    cancel: bool
    pause: bool


@dataclass(frozen=True)
class Jobs:
    engines: Engines

    def enqueue(
        self,
        kind: str,
        params: Mapping[str, object],
        key: str | None = None,
        priority: int = 0,
        max_attempts: int = ATTEMPTS,
        device: str = "",
    ) -> Job:
        """A second call with the same key returns the job that still waits or runs."""
        with transaction(self.engines.write) as connection:
            return add_job(
                connection,
                kind,
                params,
                key=key,
                priority=priority,
                max_attempts=max_attempts,
                device=device,
            )

    def claim(self, owner: str, lease_s: float, device: str = "") -> Job | None:
        """The next job of a device for `owner`, one interrupted first; None while another job is alive."""
        with transaction(self.engines.write) as connection:
            # Read under the write lock: no beat can lie between this moment and the claim.
            now = time.monotonic()
            expired = or_(job.c.heartbeat < now - lease_s, job.c.heartbeat > now)
            interrupted = and_(job.c.state == RUNNING, expired)
            waiting = and_(job.c.device == device, or_(job.c.state == QUEUED, interrupted))
            _end_hopeless(connection, waiting)
            row = connection.execute(_claim(owner, now, device, waiting, expired)).one_or_none()
            if row is None:
                return None
            _move_run(connection, row.run_id, RUNNING)
            return to_job(row)

    def beat(
        self, job_id: int, owner: str, attempt: int, pct: float | None = None, message: str | None = None
    ) -> Told:
        """Write progress and say what was requested meanwhile. Raises LeaseLost."""
        news = {"pct": pct, "message": message}
        news = {name: value for name, value in news.items() if value is not None}
        with transaction(self.engines.write) as connection:
            change = (
                update(job).where(_held((job_id, owner, attempt))).values(heartbeat=time.monotonic(), **news)
            )
            asked = (job.c.cancel_requested, job.c.pause_requested)
            row = connection.execute(change.returning(*asked)).one_or_none()
        if row is None:
            raise _lost()
        return Told(row.cancel_requested, row.pause_requested)

    def finish(
        self,
        job_id: int,
        owner: str,
        attempt: int,
        state: str,
        error: str = "",
        result: Mapping[str, object] | None = None,
    ) -> None:
        """done, failed, cancelled or paused; all but the first reach the run as well. A pause gives way to a
        cancel that came while the worker stopped. Raises LeaseLost."""
        held = _held((job_id, owner, attempt))
        with transaction(self.engines.write) as connection:
            if state == PAUSED and _end(connection, and_(held, job.c.cancel_requested), CANCELLED):
                return
            if not _end(connection, held, state, error, result):
                raise _lost()

    def cancel(self, job_id: int) -> Job:
        """At once while nobody works on it; a running job is asked to stop, unless what it made is there.

        Raises NotFound.
        """
        with transaction(self.engines.write) as connection:
            theirs = and_(job.c.id == job_id, ~job.c.committed)
            _end(connection, and_(theirs, job.c.state.in_((QUEUED, PAUSED))), CANCELLED)
            running = and_(theirs, job.c.state == RUNNING)
            connection.execute(update(job).where(running).values(cancel_requested=True))
            return _job(connection, job_id)

    def pause(self, job_id: int) -> Job:
        """At once while queued; a running job is asked to keep what it has and stop. Raises NotFound."""
        with transaction(self.engines.write) as connection:
            theirs = and_(job.c.id == job_id, ~job.c.committed, ~job.c.cancel_requested)
            _end(connection, and_(theirs, job.c.state == QUEUED), PAUSED)
            running = and_(theirs, job.c.state == RUNNING)
            connection.execute(update(job).where(running).values(pause_requested=True))
            return _job(connection, job_id)

    def resume(self, job_id: int) -> Job:
        """Back into the line, at its old place; nothing for a job that is not paused. Raises NotFound."""
        with transaction(self.engines.write) as connection:
            paused = and_(job.c.id == job_id, job.c.state == PAUSED)
            fresh = {"finished_at": None, "error": ""}
            values = {"state": QUEUED, "owner": "", "pause_requested": False, **fresh}
            change = update(job).where(paused).values(**values, max_attempts=job.c.attempt + ATTEMPTS)
            row = connection.execute(change.returning(job.c.run_id)).one_or_none()
            if row is not None and row.run_id is not None:
                again = update(run).where(run.c.id == row.run_id, run.c.status == PAUSED)
                connection.execute(again.values(status=QUEUED, **fresh))
            return _job(connection, job_id)

    def release(self, job_id: int, owner: str) -> None:
        """Put the job of a dead worker back into the queue, or end it if it was cancelled or worn out."""
        theirs = and_(job.c.id == job_id, job.c.owner == owner, job.c.state == RUNNING)
        with transaction(self.engines.write) as connection:
            _end_hopeless(connection, theirs)
            change = update(job).where(theirs).values(state=QUEUED, owner="").returning(job.c.run_id)
            row = connection.execute(change).one_or_none()
            if row is not None:
                _move_run(connection, row.run_id, QUEUED)

    def get(self, job_id: int) -> Job:
        """Raises NotFound."""
        with transaction(self.engines.read) as connection:
            return _job(connection, job_id)

    def active(self, device: str | None = None) -> list[Job]:
        """The running job of a device, or of each, then the queued ones in their order."""
        with transaction(self.engines.read) as connection:
            return [to_job(row) for row in _active(connection, device)]

    def paused(self) -> list[Job]:
        """Oldest first."""
        with transaction(self.engines.read) as connection:
            rows = connection.execute(select(job).where(job.c.state == PAUSED).order_by(job.c.id))
            return [to_job(row) for row in rows]

    def recent(self, limit: int = 20) -> list[Job]:
        """Of any state, newest first."""
        with transaction(self.engines.read) as connection:
            return [
                to_job(row) for row in connection.execute(select(job).order_by(job.c.id.desc()).limit(limit))
            ]

    def place(self, job_id: int) -> int:
        """0: running or over; 1: next in line, and so on. Raises NotFound."""
        with transaction(self.engines.read) as connection:
            _job(connection, job_id)
            device = connection.scalar(select(job.c.device).where(job.c.id == job_id))
            waiting = [other.id for other in _active(connection, device) if other.state == QUEUED]
        return waiting.index(job_id) + 1 if job_id in waiting else 0


def check_fence(connection: Connection, fence: Fence | None) -> None:
    """Raises LeaseLost when the job is no longer held as `fence` says; call before writing."""
    if (
        fence is not None
        and connection.scalar(select(job.c.id).where(_held(fence)).with_for_update()) is None
    ):
        raise _lost()


def commit_to(connection: Connection, fence: Fence | None) -> None:
    """In the transaction that makes a job's work visible, after `check_fence`: no cancel comes after it.

    Raises Cancelled when one came before.
    """
    if fence is not None:
        going_on = update(job).where(_held(fence), ~job.c.cancel_requested)
        if not connection.execute(going_on.values(committed=True)).rowcount:
            raise Cancelled("This job was cancelled.")


def add_job(
    connection: Connection,
    kind: str,
    params: Mapping[str, object],
    *,
    key: str | None,
    priority: int,
    max_attempts: int = ATTEMPTS,
    run_id: int | None = None,
    device: str = "",
) -> Job:
    same = select(job).where(job.c.key == key, job.c.state.in_(OPEN))
    row = None if key is None else connection.execute(same).first()
    if row is not None:
        return to_job(row)
    values = {
        "run_id": run_id,
        "kind": kind,
        "params": params,
        "key": key,
        "priority": priority,
        "state": QUEUED,
        "max_attempts": max_attempts,
        "device": device,
        "created_at": datetime.now(UTC),
    }
    return _job(connection, connection.execute(insert(job).values(values)).inserted_primary_key[0])


def _active(connection: Connection, device: str | None) -> list[Row]:
    there = (
        job.c.state.in_(ACTIVE) if device is None else and_(job.c.state.in_(ACTIVE), job.c.device == device)
    )
    return connection.execute(select(job).where(there).order_by(*ORDER)).all()


def _claim(
    owner: str, now: float, device: str, waiting: ColumnElement[bool], expired: ColumnElement[bool]
) -> ReturningUpdate:
    """One statement: choose the next job and hold it, unless a running one of the device is alive."""
    living = select(job.c.id).where(job.c.device == device, job.c.state == RUNNING, ~expired)
    following = (
        select(job.c.id)
        .where(waiting, job.c.attempt < job.c.max_attempts, ~exists(living.correlate(None)))
        .order_by(*ORDER)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    values = {"state": RUNNING, "owner": owner, "heartbeat": now, "attempt": job.c.attempt + 1}
    started = func.coalesce(job.c.started_at, datetime.now(UTC))
    claim = update(job).where(job.c.id == following.correlate(None).scalar_subquery())
    return claim.values(**values, started_at=started).returning(job)


def _held(fence: Fence) -> ColumnElement[bool]:
    job_id, owner, attempt = fence
    return and_(job.c.id == job_id, job.c.owner == owner, job.c.attempt == attempt, job.c.state == RUNNING)


def _end(
    connection: Connection,
    where: ColumnElement[bool],
    state: str,
    error: str = "",
    result: Mapping[str, object] | None = None,
) -> int:
    """How many jobs ended; a run that is not done ends with its job, unless the job was done."""
    ending = {"error": error, "finished_at": datetime.now(UTC)}
    given = {"pct": 100.0, "result": result} if state == DONE else {}
    change = update(job).where(where).values(state=state, **ending, **given)
    ended = connection.execute(change.returning(job.c.run_id)).all()
    runs = [row.run_id for row in ended if row.run_id is not None]
    if runs and state != DONE:
        open_runs = and_(run.c.id.in_(runs), run.c.status != DONE)
        connection.execute(update(run).where(open_runs).values(status=state, **ending))
    return len(ended)


def _end_hopeless(connection: Connection, where: ColumnElement[bool]) -> None:
    _end(connection, and_(where, job.c.cancel_requested), CANCELLED)
    _end(connection, and_(where, job.c.state == RUNNING, job.c.pause_requested), PAUSED)
    worn_out = and_(where, job.c.attempt >= job.c.max_attempts)
    # A training waits with its state: whether it would have got further in the end nobody knows.
    _end(connection, and_(worn_out, job.c.run_id.is_not(None)), PAUSED, INTERRUPTED)
    _end(connection, worn_out, FAILED, WORN_OUT)


def _move_run(connection: Connection, run_id: int | None, status: str) -> None:
    if run_id is not None:
        waiting = and_(run.c.id == run_id, run.c.status.in_(ACTIVE))
        connection.execute(update(run).where(waiting).values(status=status))


def _job(connection: Connection, job_id: int) -> Job:
    row = connection.execute(select(job).where(job.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound("This job is not there any more. Look at the Runs page for what is.")
    return to_job(row)


def _lost() -> LeaseLost:
    return LeaseLost("Another worker has taken over this job, so this one stopped. Nothing needs to be done.")
