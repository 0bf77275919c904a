"""The feedback table as the database keeps it, and back."""

import json
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from core.domain import CELLS, FEEDBACK, NUMBER, SEGMENT
from core.store.tables import feedback

# In the order of the database's columns.
KEYS = ("id", "dataset_id", "import_id")
STORED = tuple(column.name for column in feedback.c if column.name not in KEYS)
SHOWN = tuple(name for name in STORED if name != CELLS)
WORDS = tuple(name for name in FEEDBACK[1:] if name not in ("date", "rating"))


def to_columns(table: pd.DataFrame) -> list[list]:
    """The columns of STORED, cells as the database takes them; a missing date or rating is None."""
    cells = {name: texts(table[name]) for name in WORDS if name != "external_id"}
    cells["external_id"] = _if_there(table, "external_id", "")
    cells["date"] = _iso(table["date"])
    cells["rating"] = _numbers(table["rating"])
    cells["segments"] = _objects(table, SEGMENT, texts)
    cells["numbers"] = _objects(table, NUMBER, _numbers)
    cells["cells"] = _if_there(table, CELLS, "[]")
    return [cells[name] for name in STORED]


def texts(column: pd.Series) -> list[str]:
    return column.fillna("").to_numpy(dtype=object).tolist()


def _if_there(table: pd.DataFrame, name: str, missing: str) -> list[str]:
    return texts(table[name]) if name in table.columns else [missing] * len(table)


def _numbers(column: pd.Series) -> list[float | None]:
    values = column.to_numpy(dtype=float)
    cells = values.astype(object)
    cells[np.isnan(values)] = None
    return cells.tolist()


def _iso(column: pd.Series) -> list[str | None]:
    values = pd.to_datetime(column).to_numpy(dtype="datetime64[us]")
    codes, kinds = pd.factorize(values)  # NaT: code -1, the last of `written`
    written = np.append(np.datetime_as_string(kinds).astype(object), None)
    return written[codes].tolist()


def _objects(table: pd.DataFrame, prefix: str, read) -> list[str]:
    """A JSON object a row from the columns with that prefix; a missing number is left out."""
    columns = [name for name in table.columns if name.startswith(prefix)]
    names = [name.removeprefix(prefix) for name in columns]
    if not names:
        return ["{}"] * len(table)

    @cache  # few combinations, many rows
    def written(*values: object) -> str:
        known = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        return json.dumps(known, ensure_ascii=False)

    return list(map(written, *(read(table[name]) for name in columns)))


def to_frame(
    rows: Sequence[Sequence], accounts: Mapping[str, Mapping[str, str]] | None = None
) -> pd.DataFrame:
    """Rows of (id, *SHOWN) as the feedback table, then its segment and number columns.

    `accounts` are account -> segment -> value; what the row itself says goes first.
    """
    names = ("id", *SHOWN)
    cells = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    frame = pd.DataFrame({name: _typed(name, cells[name]) for name in FEEDBACK})
    segments = _columns(cells["segments"], "")
    if accounts:
        _add_accounts(segments, accounts, cells["account"])
    numbers = _columns(cells["numbers"], np.nan)
    found = {SEGMENT + name: pd.Series(column, dtype="str") for name, column in segments.items()}
    found |= {NUMBER + name: pd.Series(column, dtype="float64") for name, column in numbers.items()}
    return pd.concat([frame, pd.DataFrame(found, index=frame.index)], axis=1) if found else frame


def _columns(cells: Sequence[str], missing: object) -> dict[str, np.ndarray]:
    """JSON objects as one array a name."""
    codes, kinds = pd.factorize(np.array(cells, dtype=object))
    parsed = [json.loads(kind) for kind in kinds]
    names = dict.fromkeys(name for values in parsed for name in values)
    return {
        name: np.array([values.get(name, missing) for values in parsed], dtype=object)[codes]
        for name in names
    }


def _add_accounts(
    segments: dict[str, np.ndarray], accounts: Mapping[str, Mapping[str, str]], of_rows: Sequence[str]
) -> None:
    codes, kinds = pd.factorize(np.array(of_rows, dtype=object))
    fields = [accounts.get(kind, {}) for kind in kinds]
    for name in dict.fromkeys(name for values in fields for name in values):
        known = np.array([values.get(name, "") for values in fields], dtype=object)[codes]
        own = segments.get(name)
        segments[name] = known if own is None else np.where(own == "", known, own)


def _typed(name: str, cells: Sequence) -> pd.Series:
    if name == "id":
        return pd.Series(cells, dtype="int64")
    if name == "date":
        return pd.Series(np.array(cells, dtype="datetime64[us]"))
    if name == "rating":
        return pd.Series(cells, dtype="float64")
    return pd.Series(cells, dtype="str")
