"""Column choices that are remembered for the next file with the same column names."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select

from core.domain import Columns
from core.store.database import Engines, transaction
from core.store.tables import column_mapping

ABOUT_A_COLUMN = ("dates:", "scale:")  # answers whose key ends in the name of a column


@dataclass(frozen=True)
class Mappings:
    engines: Engines

    def get(self, header: Sequence[str]) -> tuple[Columns, dict[str, str]] | None:
        """The choice and the answers for these column names, whatever their order, case and spaces."""
        query = select(column_mapping.c.columns, column_mapping.c.answers)
        query = query.where(column_mapping.c.header_sha256 == header_sha256(header))
        with transaction(self.engines.read) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        as_written = {normal_name(name): name for name in header} | {name: name for name in header}
        try:
            return _renamed(row.columns, as_written), _renamed_answers(row.answers, as_written)
        except KeyError:
            return None  # two names that differ in case alone: this file has only one of them

    def keep(self, header: Sequence[str], columns: Columns, answers: Mapping[str, str]) -> None:
        key = header_sha256(header)
        values = {"header_sha256": key, "columns": columns, "answers": dict(answers)}
        with transaction(self.engines.write) as connection:
            connection.execute(delete(column_mapping).where(column_mapping.c.header_sha256 == key))
            connection.execute(insert(column_mapping).values(**values, used_at=datetime.now(UTC)))

    def forget(self, header: Sequence[str]) -> None:
        where = column_mapping.c.header_sha256 == header_sha256(header)
        with transaction(self.engines.write) as connection:
            connection.execute(delete(column_mapping).where(where))


def normal_name(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def header_sha256(header: Sequence[str]) -> str:
    names = sorted(normal_name(name) for name in header)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def _renamed(stored: Mapping, as_written: Mapping[str, str]) -> Columns:
    """Raises KeyError for a column that this header lacks."""

    def find(name: str | None) -> str | None:
        return None if name is None else as_written.get(name) or as_written[normal_name(name)]

    known = asdict(Columns(""))
    values = {role: value for role, value in stored.items() if role in known}
    return Columns(
        **{
            role: tuple(map(find, value)) if isinstance(value, list) else find(value)
            for role, value in values.items()
        }
    )


def _renamed_answers(stored: Mapping[str, str], as_written: Mapping[str, str]) -> dict[str, str]:
    def find(key: str) -> str:
        if not key.startswith(ABOUT_A_COLUMN):
            return key
        about, _, name = key.partition(":")
        return f"{about}:{as_written.get(name) or as_written[normal_name(name)]}"

    return {find(key): value for key, value in stored.items()}
