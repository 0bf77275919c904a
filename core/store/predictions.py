"""Calibrated probabilities, one stored row for each feedback of a run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Select, delete, exists, select

from core.store.database import Engines, insert_many, transaction
from core.store.jobs import Fence, check_fence
from core.store.tables import feedback, prediction, run


@dataclass(frozen=True)
class Predictions:
    engines: Engines

    def table(self, run_id: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids int64 (n,) in ascending order and probabilities float32 (n, k); (0,) and (0, 0) when none."""
        query = select(prediction.c.feedback_id, prediction.c.probabilities)
        query = query.where(prediction.c.run_id == run_id).order_by(prediction.c.feedback_id)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query).all()
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        cells = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").astype(np.float32)
        return ids, cells.reshape(len(rows), -1) if rows else cells.reshape(0, 0)

    def page(
        self,
        run_id: int,
        label_index: int | None = None,
        order: str = "unsure",
        limit: int = 50,
        offset: int = 0,
    ) -> pd.DataFrame:
        """feedback_id, label_index, confidence; least confident first, or most with order "sure"."""
        names = ["feedback_id", "label_index", "confidence"]
        by = {"unsure": prediction.c.confidence, "sure": prediction.c.confidence.desc()}[order]
        query = select(*(prediction.c[name] for name in names)).where(prediction.c.run_id == run_id)
        if label_index is not None:
            query = query.where(prediction.c.label_index == label_index)
        query = query.order_by(by, prediction.c.feedback_id).limit(limit).offset(offset)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query).all()
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype({"feedback_id": "int64", "label_index": "int64", "confidence": "float64"})

    def missing(self, run_id: int, dataset_id: int) -> list[int]:
        """Ids of the rows of a dataset that the run has not predicted, ascending."""
        theirs = select(prediction.c.feedback_id).where(prediction.c.run_id == run_id)
        query = select(feedback.c.id).where(feedback.c.dataset_id == dataset_id, feedback.c.id.not_in(theirs))
        with transaction(self.engines.read) as connection:
            return [int(key) for key in connection.scalars(query.order_by(feedback.c.id))]

    def add(
        self,
        run_id: int,
        ids: np.ndarray,
        texts: Sequence[str],
        probabilities: np.ndarray,
        fence: Fence | None = None,
    ) -> None:
        """More rows: ids (n,), the texts (n,) that were read, float32 (n, k). Those that are predicted or
        gone by now, or say something else, are left out, all of them when the run is gone.

        Raises LeaseLost.
        """
        wanted = np.asarray(ids, dtype=np.int64)
        with transaction(self.engines.write) as connection:
            check_fence(connection, fence)
            there = select(feedback.c.id, feedback.c.text).where(feedback.c.id.in_(wanted.tolist()))
            there = there.where(exists().where(run.c.id == run_id))
            known = select(prediction.c.feedback_id).where(
                prediction.c.run_id == run_id, prediction.c.feedback_id.in_(wanted.tolist())
            )
            now = {row.id: row.text for row in connection.execute(there)}
            done = set(connection.scalars(known))
            pairs = enumerate(zip(wanted.tolist(), texts, strict=True))
            places = [place for place, (key, read) in pairs if key not in done and now.get(key) == read]
            _insert(connection, run_id, wanted[places], probabilities[places])


def replace_predictions(
    connection: Connection, run_id: int, ids: np.ndarray, probabilities: np.ndarray
) -> None:
    """`ids` (n,) and `probabilities` (n, k), one row a feedback."""
    connection.execute(delete(prediction).where(prediction.c.run_id == run_id))
    _insert(connection, run_id, ids, probabilities)


def forget_predictions(connection: Connection, rows: Select | Collection[int]) -> None:
    """Of every run, for feedback that says something else now. What was said of it while it was held out
    stays: it is evidence of a training."""
    connection.execute(delete(prediction).where(prediction.c.feedback_id.in_(rows)))


def _insert(connection: Connection, run_id: int, ids: np.ndarray, probabilities: np.ndarray) -> None:
    if not len(ids):
        return
    cells = np.ascontiguousarray(probabilities, dtype="<f4")
    rows = zip(
        [run_id] * len(ids),
        np.asarray(ids).tolist(),
        cells.argmax(axis=1).tolist(),
        cells.max(axis=1).tolist(),
        (row.tobytes() for row in cells),
        strict=True,
    )
    names = ("run_id", "feedback_id", "label_index", "confidence", "probabilities")
    insert_many(connection, prediction, names, rows)
