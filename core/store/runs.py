"""Training runs, the rows they were trained on and their results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Select, and_, delete, func, insert, select, update

from core.domain import Job, TrainingOptions, TrainingRun
from core.errors import NotFound
from core.store.database import Engines, forget_deleted, insert_many, transaction
from core.store.held_out import Answers, replace_held_out
from core.store.jobs import Fence, add_job, check_fence
from core.store.predictions import replace_predictions
from core.store.presence import ready
from core.store.tables import DONE, OPEN, QUEUED, READY, dataset, job, label_set, run, run_row
from core.store.values import to_run

CHANGEABLE = frozenset(
    (
        "status",
        "labels",
        "device",
        "versions",
        "seconds",
        "cpu_seconds",
        "model",
        "baseline",
        "calibration",
        "curve",
        "warnings",
        "checkpoint",
        "manifest_sha256",
        "error",
        "finished_at",
        "evaluation",
    )
)


@dataclass(frozen=True)
class Runs:
    engines: Engines

    def add(
        self, dataset_id: int, label_set_id: int, options: TrainingOptions, data_sha256: str, key: str
    ) -> TrainingRun:
        """A queued run; the same key returns the run that is still queued or running."""
        with transaction(self.engines.write) as connection:
            return _add(connection, dataset_id, label_set_id, options, data_sha256, key=key)

    def add_with_job(  # noqa: PLR0917
        self,
        dataset_id: int,
        label_set_id: int,
        options: TrainingOptions,
        data_sha256: str,
        key: str,
        job_kind: str,
        priority: int = 0,
        more: Mapping[str, object] | None = None,
    ) -> tuple[TrainingRun, Job]:
        """The run and the job that will train it, both or none; idempotent by key as `add` is. `more` are
        params of the job beside the run."""
        with transaction(self.engines.write) as connection:
            added = _add(connection, dataset_id, label_set_id, options, data_sha256, key=key)
            params = {**(more or {}), "run": added.id}
            work = add_job(
                connection, job_kind, params, key=f"run {added.id}", priority=priority, run_id=added.id
            )
            return _run(connection, added.id), work

    def get(self, run_id: int) -> TrainingRun:
        """Raises NotFound."""
        with transaction(self.engines.read) as connection:
            return _run(connection, run_id)

    def update(self, run_id: int, fence: Fence | None = None, **fields: object) -> None:
        """Any of CHANGEABLE. Raises NotFound, and LeaseLost when `fence` no longer holds."""
        with transaction(self.engines.write) as connection:
            check_fence(connection, fence)
            _change(connection, run_id, fields)

    def rows(self, run_id: int) -> pd.DataFrame:
        """feedback_id, part (train, validation, test) and label, ordered by feedback_id."""
        names = ["feedback_id", "part", "label"]
        query = select(*(run_row.c[name] for name in names)).where(run_row.c.run_id == run_id)
        with transaction(self.engines.read) as connection:
            found = connection.execute(query.order_by(run_row.c.feedback_id)).all()
        frame = pd.DataFrame(found, columns=names)
        return frame.astype({"feedback_id": "int64", "part": "str", "label": "str"})

    def set_rows(self, run_id: int, frame: pd.DataFrame, fence: Fence | None = None) -> None:
        """Replace the rows of a run by columns feedback_id, part, label. Raises LeaseLost."""
        cells = (frame[name].tolist() for name in ("feedback_id", "part", "label"))
        rows = [(run_id, *row) for row in zip(*cells, strict=True)]
        with transaction(self.engines.write) as connection:
            check_fence(connection, fence)
            connection.execute(delete(run_row).where(run_row.c.run_id == run_id))
            insert_many(connection, run_row, ("run_id", "feedback_id", "part", "label"), rows)

    def finish(
        self,
        run_id: int,
        fence: Fence | None,
        predictions: tuple[np.ndarray, np.ndarray],
        held_out: Mapping[str, Answers] | None = None,
        **fields: object,
    ) -> None:
        """Predictions (ids, float32 (n, k)), what each model said of the held-out rows, and status done in
        one commit that outlives a power loss.

        Raises LeaseLost and changes nothing when `fence` no longer holds.
        """
        ending = {"status": DONE, "error": "", "finished_at": datetime.now(UTC), **fields}
        with transaction(self.engines.full) as connection:
            check_fence(connection, fence)
            _change(connection, run_id, ending)
            replace_predictions(connection, run_id, *predictions)
            replace_held_out(connection, run_id, held_out or {})

    def delete(self, run_id: int) -> None:
        """With its rows, predictions, reports and jobs. Raises NotFound."""
        with transaction(self.engines.full) as connection:
            _run(connection, run_id)
            connection.execute(delete(run).where(run.c.id == run_id))
        forget_deleted(self.engines.full)

    def list(self, dataset_id: int | None = None) -> list[TrainingRun]:
        """Newest first."""
        query = _query().order_by(run.c.id.desc())
        if dataset_id is not None:
            query = query.where(run.c.dataset_id == dataset_id)
        with transaction(self.engines.read) as connection:
            return [to_run(row) for row in connection.execute(query)]


def _add(
    connection: Connection,
    dataset_id: int,
    label_set_id: int,
    options: TrainingOptions,
    data_sha256: str,
    *,
    key: str,
) -> TrainingRun:
    active = connection.scalar(select(run.c.id).where(run.c.key == key, run.c.status.in_(OPEN)))
    if active is not None:
        return _run(connection, active)
    belongs = select(label_set.c.id).join_from(label_set, dataset)
    visible = and_(dataset.c.id == dataset_id, dataset.c.state == READY)
    belongs = belongs.where(label_set.c.id == label_set_id, visible)
    if connection.scalar(belongs) is None:
        raise NotFound("This dataset or its labels are not there any more. Choose others on the Train page.")
    values = {
        "dataset_id": dataset_id,
        "label_set_id": label_set_id,
        "key": key,
        "status": QUEUED,
        "options": options,
        "data_sha256": data_sha256,
        "created_at": datetime.now(UTC),
        **dict.fromkeys(("versions", "seconds", "cpu_seconds", "calibration"), {}),
        **dict.fromkeys(("labels", "curve", "warnings"), ()),
    }
    return _run(connection, connection.execute(insert(run).values(values)).inserted_primary_key[0])


def _query() -> Select:
    latest = select(func.max(job.c.id)).where(job.c.run_id == run.c.id).correlate(run)
    return select(run, latest.scalar_subquery().label("job_id")).where(run.c.dataset_id.in_(ready()))


def _run(connection: Connection, run_id: int) -> TrainingRun:
    row = connection.execute(_query().where(run.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound("This training run is not there any more. Choose another one on the Runs page.")
    return to_run(row)


def _change(connection: Connection, run_id: int, fields: Mapping[str, object]) -> None:
    if unknown := set(fields) - CHANGEABLE:
        raise TypeError(f"a run has no changeable {sorted(unknown)}")
    _run(connection, run_id)
    if fields:
        connection.execute(update(run).where(run.c.id == run_id).values(**fields))
