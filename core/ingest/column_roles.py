"""A choice of columns: does it fit the file, and how is it shown."""

from collections.abc import Collection
from dataclasses import asdict

import pandas as pd

from core.domain import ROLES, Columns
from core.errors import BadColumns
from core.ingest.cells import blank
from core.ingest.text_array import text_array

SEVERAL = "label (several in a cell)"


def check_columns(frame: pd.DataFrame, columns: Columns) -> None:
    """Raise BadColumns when the choice does not fit the file."""
    if not columns.text:
        raise BadColumns("No column looks like feedback text. Choose one under 'Columns'.")
    used: dict[str, str] = {}
    for name, role in _roles(columns):
        if name not in frame.columns:
            raise BadColumns(
                f"The file has no column '{name}'. It has {_some(frame.columns)}. Choose one of these."
            )
        if name in used:
            raise BadColumns(
                f"The column '{name}' is chosen for {used[name]} and for {role}. "
                "Choose another column for one of them."
            )
        used[name] = role
    for name in columns.multi:
        if name not in columns.labels:
            raise BadColumns(
                f"The column '{name}' is said to hold several labels in a cell but is not chosen as a label. "
                "Choose it as a label column too."
            )
    if all(blank(text_array(frame[name])).all() for name in columns.texts):
        named = " and ".join(f"'{name}'" for name in columns.texts)
        empty = "is" if len(columns.texts) == 1 else "are"
        raise BadColumns(f"The column {named} {empty} empty. Choose the column that holds the comments.")


def preview_roles(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """One row a column of the file: column, role ("" for none), example values, share filled (0..1)."""
    roles = {name: SEVERAL if name in columns.multi else role for name, role in _roles(columns)}
    rows = []
    for name in frame.columns:
        filled = frame[name][frame[name].str.strip() != ""]
        examples = " · ".join(_short(value) for value in filled.drop_duplicates().head(3))
        rows.append((name, roles.get(name, ""), examples, len(filled) / len(frame) if len(frame) else 0.0))
    return pd.DataFrame(rows, columns=["column", "role", "example values", "share filled"])


def _some(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in list(names)[:20])


def _short(value: str) -> str:
    value = " ".join(value[:200].split())
    return value if len(value) <= 60 else value[:59] + "…"


def _roles(columns: Columns) -> list[tuple[str, str]]:
    """(column, role) for each choice that was made."""
    choices = asdict(columns)
    roles = [(choices[role], role) for role in ROLES if choices[role]]
    lists = ((columns.more_text, "text"), (columns.more_labels, "label"))
    lists += ((columns.segments, "segment"), (columns.numbers, "number"))
    return roles + [(name, role) for names, role in lists for name in names]
