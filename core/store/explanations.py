"""What was found out about a run's model: attributions of comments, findings, places on its map."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Connection, delete, select

from core.errors import AppError
from core.store.database import Engines, insert_many, transaction
from core.store.jobs import Fence, check_fence
from core.store.tables import attribution, dataset, feedback, finding, place, run

RUNS_A_QUERY = 10_000  # below SQLite's limit of parameters


@dataclass(frozen=True)
class Kept:
    """A stored finding."""

    content: Mapping[str, object]
    data_sha256: str  # of the dataset it was measured on
    created_at: datetime


@dataclass(frozen=True)
class Question:
    """What an attribution answers."""

    feedback_id: int
    label: str
    against: str  # "": all others
    method: str


@dataclass(frozen=True)
class Explanations:
    engines: Engines

    def attribution(
        self, run_id: int, question: Question, text_hash: str, version: int
    ) -> Mapping[str, object] | None:
        """What was kept for this very text and version of the method."""
        query = select(attribution.c.content).where(
            *_asked(run_id, question), attribution.c.text_hash == text_hash, attribution.c.version == version
        )
        with transaction(self.engines.read) as connection:
            return connection.scalar(query)

    def keep_attribution(
        self, run_id: int, question: Question, text_hash: str, version: int, content: Mapping[str, object]
    ) -> None:
        """In place of an earlier one; nothing when the comment or the run is gone by now."""
        there = select(feedback.c.id).where(feedback.c.id == question.feedback_id)
        owner = select(run.c.id).where(run.c.id == run_id)
        with transaction(self.engines.write) as connection:
            connection.execute(delete(attribution).where(*_asked(run_id, question)))
            if connection.scalar(there) is None or connection.scalar(owner) is None:
                return
            names = ("feedback_id", "label", "against", "method")
            values = {name: getattr(question, name) for name in names}
            values |= {"run_id": run_id, "text_hash": text_hash, "version": version, "content": content}
            connection.execute(attribution.insert().values(values))

    def findings(self, run_id: int, kind: str) -> dict[str, Kept]:
        """By label, "" for the whole model."""
        names = (finding.c.label, finding.c.content, finding.c.data_sha256, finding.c.created_at)
        query = select(*names).where(finding.c.run_id == run_id, finding.c.kind == kind)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query.order_by(finding.c.label)).all()
        return {row.label: Kept(row.content, row.data_sha256, row.created_at) for row in rows}

    def keep_finding(
        self,
        run_id: int,
        kind: str,
        label: str,
        content: Mapping[str, object],
        data_sha256: str,
        fence: Fence | None = None,
    ) -> None:
        """In place of an earlier one; nothing when the run is gone by now. Raises LeaseLost, and AppError for
        a job whose comments changed while it read them: it may quote some that were forgotten since."""
        same = (finding.c.run_id == run_id, finding.c.kind == kind, finding.c.label == label)
        with transaction(self.engines.write) as connection:
            check_fence(connection, fence)
            now = select(dataset.c.sha256).join_from(run, dataset).where(run.c.id == run_id)
            found = connection.scalar(now)
            if found is not None and fence is not None and found != data_sha256:
                raise AppError("The comments changed while they were looked through. Start this again.")
            connection.execute(delete(finding).where(*same))
            if found is None:
                return
            values = {"run_id": run_id, "kind": kind, "label": label, "content": content}
            values |= {"data_sha256": data_sha256, "created_at": datetime.now(UTC)}
            connection.execute(finding.insert().values(values))

    def places(self, run_id: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids int64 (n,) in ascending order and places float32 (n, 2); both empty without a map."""
        query = select(place.c.feedback_id, place.c.x, place.c.y).where(place.c.run_id == run_id)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query.order_by(place.c.feedback_id)).all()
        cells = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(len(rows), 3)
        return cells[:, 0].astype(np.int64), cells[:, 1:].astype(np.float32)

    def keep_places(
        self, run_id: int, ids: np.ndarray, places: np.ndarray, fence: Fence | None = None
    ) -> None:
        """`ids` (n,), `places` (n, 2), in place of the earlier map; rows gone by now are left out.
        Raises LeaseLost."""
        with transaction(self.engines.write) as connection:
            check_fence(connection, fence)
            connection.execute(delete(place).where(place.c.run_id == run_id))
            owner = select(run.c.dataset_id).where(run.c.id == run_id)
            dataset_id = connection.scalar(owner)
            there = set(connection.scalars(select(feedback.c.id).where(feedback.c.dataset_id == dataset_id)))
            rows = zip(np.asarray(ids).tolist(), np.asarray(places).tolist(), strict=True)
            kept = ((run_id, key, x, y) for key, (x, y) in rows if key in there)
            insert_many(connection, place, ("run_id", "feedback_id", "x", "y"), kept)


def forget_findings(connection: Connection, dataset_id: int) -> int:
    """What was measured over a dataset holds words of its comments, in runs on it and in those of others
    that are judged on it; how many findings went."""
    rows = connection.execute(select(run.c.id, run.c.dataset_id, run.c.options))
    runs = [row.id for row in rows if dataset_id in (row.dataset_id, row.options.get("test_dataset"))]
    return sum(
        connection.execute(delete(finding).where(finding.c.run_id.in_(some))).rowcount
        for some in (runs[start : start + RUNS_A_QUERY] for start in range(0, len(runs), RUNS_A_QUERY))
    )


def _asked(run_id: int, question: Question) -> tuple:
    return (
        attribution.c.run_id == run_id,
        attribution.c.feedback_id == question.feedback_id,
        attribution.c.label == question.label,
        attribution.c.against == question.against,
        attribution.c.method == question.method,
    )
