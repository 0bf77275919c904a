"""The feedback table as the database keeps it, and back."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
import pandas as pd

from core.domain import FEEDBACK, SEGMENT

STORED = (*FEEDBACK[1:], "segments")
HASH_ROWS = 10_000


def to_rows(table: pd.DataFrame) -> list[tuple]:
    """One tuple a row, cells in the order of STORED; a missing date or rating is None."""
    cells = {name: texts(table[name]) for name in FEEDBACK[1:] if name not in ("date", "rating")}
    cells["date"] = _iso(table["date"])
    cells["rating"] = [
        None if math.isnan(value) else value for value in table["rating"].astype(float).tolist()
    ]
    cells["segments"] = _segments(table)
    return list(zip(*(cells[name] for name in STORED), strict=True))


def texts(column: pd.Series) -> list[str]:
    return column.fillna("").to_numpy(dtype=object).tolist()


def _iso(column: pd.Series) -> list[str | None]:
    values = pd.to_datetime(column).to_numpy(dtype="datetime64[us]")
    written = np.datetime_as_string(values).astype(object)
    written[np.isnat(values)] = None
    return written.tolist()


def _segments(table: pd.DataFrame) -> list[str]:
    columns = [name for name in table.columns if name.startswith(SEGMENT)]
    names = [name.removeprefix(SEGMENT) for name in columns]
    if not names:
        return ["{}"] * len(table)
    written: dict[tuple, str] = {}  # few combinations, many rows
    rows = []
    for values in zip(*(texts(table[name]) for name in columns), strict=True):
        if values not in written:
            written[values] = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)
        rows.append(written[values])
    return rows


def sha256_of_rows(rows: Iterable[Sequence]) -> str:
    """Changes with any cell and with the order of the rows."""
    digest = hashlib.sha256()
    rows = iter(rows)
    while part := [tuple(row) for row in islice(rows, HASH_ROWS)]:
        digest.update(json.dumps(part).encode())
    return digest.hexdigest()


def to_frame(rows: Sequence[Sequence]) -> pd.DataFrame:
    """Rows of (id, *STORED) as the feedback table, then its segment columns."""
    names = ("id", *STORED)
    cells = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    frame = pd.DataFrame({name: _typed(name, cells[name]) for name in FEEDBACK})
    codes, kinds = pd.factorize(np.array(cells["segments"], dtype=object))
    parsed = [json.loads(kind) for kind in kinds]
    for name in dict.fromkeys(name for values in parsed for name in values):
        known = np.array([values.get(name, "") for values in parsed], dtype=object)
        frame[SEGMENT + name] = pd.Series(known[codes], dtype="str")
    return frame


def _typed(name: str, cells: Sequence) -> pd.Series:
    if name == "id":
        return pd.Series(cells, dtype="int64")
    if name == "date":
        return pd.Series(np.array(cells, dtype="datetime64[us]"))
    if name == "rating":
        return pd.Series(cells, dtype="float64")
    return pd.Series(cells, dtype="str")
