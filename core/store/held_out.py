"""What the models of a run said of rows they had not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, delete, select

from core.store.database import Engines, insert_many, transaction
from core.store.tables import held_out

MODEL, RAW = "model", "raw"  # the run's model, and the same before its calibration; else a baseline


@dataclass(frozen=True)
class Answers:
    """Probabilities of one model, row by row of the held-out rows."""

    ids: np.ndarray  # (n,) int64
    repeat: np.ndarray  # (n,) int
    fold: np.ndarray  # (n,) int
    probabilities: np.ndarray  # (n, k) float32


@dataclass(frozen=True)
class HeldOutRows:
    engines: Engines

    def get(self, run_id: int, model: str = MODEL) -> Answers | None:
        """Ordered by repeat and id; None when the run has no such model, or no row is left."""
        names = ("feedback_id", "repeat", "fold", "probabilities")
        query = select(*(held_out.c[name] for name in names))
        query = query.where(held_out.c.run_id == run_id, held_out.c.model == model)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query.order_by(held_out.c.repeat, held_out.c.feedback_id)).all()
        if not rows:
            return None
        ids, repeat, fold = (np.array([row[place] for row in rows], dtype=np.int64) for place in range(3))
        cells = np.frombuffer(b"".join(row.probabilities for row in rows), dtype="<f4").astype(np.float32)
        return Answers(ids, repeat, fold, cells.reshape(len(rows), -1))

    def models(self, run_id: int) -> tuple[str, ...]:
        query = select(held_out.c.model).where(held_out.c.run_id == run_id).distinct()
        with transaction(self.engines.read) as connection:
            return tuple(sorted(connection.scalars(query)))


def replace_held_out(connection: Connection, run_id: int, answers: Mapping[str, Answers]) -> None:
    """By the name of the model."""
    connection.execute(delete(held_out).where(held_out.c.run_id == run_id))
    names = ("run_id", "model", "repeat", "feedback_id", "fold", "probabilities")
    for model, given in answers.items():
        cells = np.ascontiguousarray(given.probabilities, dtype="<f4")
        columns: Sequence[Sequence] = (
            [run_id] * len(cells),
            [model] * len(cells),
            given.repeat.tolist(),
            given.ids.tolist(),
            given.fold.tolist(),
            [row.tobytes() for row in cells],
        )
        insert_many(connection, held_out, names, zip(*columns, strict=True))
