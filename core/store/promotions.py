"""Which model answers for a label set, and which ones did before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select

from core.domain import GateResult, Promotion
from core.errors import NotFound
from core.store.database import Engines, transaction
from core.store.tables import DONE, promotion, run
from core.store.values import to_promotion


@dataclass(frozen=True)
class Promotions:
    engines: Engines

    def add(self, run_id: int, results: Sequence[GateResult], passed: bool, note: str = "") -> Promotion:
        """Put a finished run to work for its label set. Raises NotFound."""
        with transaction(self.engines.full) as connection:
            found = connection.execute(
                select(run.c.label_set_id).where(run.c.id == run_id, run.c.status == DONE)
            ).one_or_none()
            if found is None:
                raise NotFound("This run has no model: it is not finished. Choose a finished run.")
            values = {
                "label_set_id": found.label_set_id,
                "run_id": run_id,
                "results": tuple(results),
                "passed": passed,
                "note": note,
                "created_at": datetime.now(UTC),
            }
            key = connection.execute(insert(promotion).values(values)).inserted_primary_key[0]
            return to_promotion(connection.execute(select(promotion).where(promotion.c.id == key)).one())

    def current(self, label_set_id: int) -> Promotion | None:
        return next(iter(self.history(label_set_id)), None)

    def history(self, label_set_id: int) -> list[Promotion]:
        """Newest first."""
        query = select(promotion).where(promotion.c.label_set_id == label_set_id)
        with transaction(self.engines.read) as connection:
            return [to_promotion(row) for row in connection.execute(query.order_by(promotion.c.id.desc()))]
