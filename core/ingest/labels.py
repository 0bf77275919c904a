"""Cells of label columns: several labels in one cell, and spellings that mean the same label."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from core.domain import LABEL_BREAK
from core.ingest.text_array import coded, series, spread, text_array

# In this order: names may hold a comma where ";" divides them, and hardly ever the other way round.
SEPARATORS = (";", "|", "\n", ",")
OFTEN = 0.2  # of the cells that hold any separator
DIFFERENT = 20_000  # different cells that are remembered for a column
REPEATING = 0.5  # share of the parts of cells like "bug; billing" that stand with other parts too
LONGEST_LABEL = 60
_PYTHON_TEXT = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"")  # ['bug', "can't log in"]
_PYTHON_LIST = re.compile(rf"\[\s*(?:(?:{_PYTHON_TEXT.pattern})\s*(?:,\s*(?!\])|(?=\])))+\]")


@dataclass(frozen=True)
class LabelReading:
    separator: str = ""  # "" : one label a cell
    spelling: Mapping[str, str] = field(default_factory=dict)  # as written -> the most frequent spelling
    warnings: tuple[str, ...] = ()


def read_labels(cells: pd.Series, reading: LabelReading, multi: bool) -> pd.Series:
    """Labels without outer spaces; several of a cell are joined by LABEL_BREAK, each once, in their order."""
    codes, distinct = coded(text_array(cells))
    made = [LABEL_BREAK.join(labels_of(cell, reading, multi)) for cell in distinct]
    return series(spread(made, codes)) if made else pd.Series([], dtype="str")


def labels_of(cell: str, reading: LabelReading, multi: bool) -> list[str]:
    parts = split(cell, reading.separator) if multi else [cell.strip()]
    return list(dict.fromkeys(reading.spelling.get(part, part) for part in parts if part))


def split(cell: str, separator: str) -> list[str]:
    """The labels of a cell of a multi-label set; also those of a JSON list."""
    listed = _listed(cell)
    parts = listed if listed is not None else cell.split(separator) if separator else [cell]
    return [part.strip() for part in parts if part.strip()]


def _listed(cell: str) -> list[str] | None:
    """The texts of a list as JSON or Python writes it."""
    cell = cell.strip()
    if not cell.startswith("["):
        return None
    if _PYTHON_LIST.fullmatch(cell):
        return [text[1:-1] for text in _PYTHON_TEXT.findall(cell)]
    try:
        listed = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return listed if isinstance(listed, list) and all(isinstance(part, str) for part in listed) else None


def separator_of(cells: Mapping[str, int]) -> str:
    """What divides the labels in these cells, "" for nothing."""
    holding = {mark: sum(count for cell, count in cells.items() if mark in cell) for mark in SEPARATORS}
    any_mark = sum(count for cell, count in cells.items() if any(mark in cell for mark in SEPARATORS))
    return next((mark for mark in SEPARATORS if holding[mark] and holding[mark] >= OFTEN * any_mark), "")


def looks_multi(cells: Iterable[str]) -> bool:
    """Whether the cells hold several labels each: their parts come back alone or with other parts."""
    counts = Counter(cell.strip() for cell in cells if cell.strip())
    if counts and all(_listed(cell) is not None for cell in counts):
        return any(map(_listed, counts))
    separator = separator_of(counts)
    if not separator:
        return sum(count for cell, count in counts.items() if len(split(cell, "")) > 1) >= 2
    divided = {cell: split(cell, separator) for cell in counts}
    several = [parts for parts in divided.values() if len(parts) > 1]
    if len(several) < 2 or any(len(part) > LONGEST_LABEL for parts in several for part in parts):
        return False
    where: dict[str, set[str]] = {}
    for cell, parts in divided.items():
        for part in parts:
            where.setdefault(part.casefold(), set()).add(cell.casefold())
    parts = [part.casefold() for found in several for part in found]
    return sum(len(where[part]) > 1 for part in parts) >= REPEATING * len(parts)


@dataclass
class LabelEvidence:
    """Grows by `add`, a chunk at a time; `reading` draws the conclusion."""

    column: str
    multi: bool
    cells: Counter[str] = field(default_factory=Counter)
    full: bool = False

    def add(self, cells: pd.Series) -> None:
        for cell, count in cells.value_counts().items():
            if cell in self.cells or len(self.cells) < DIFFERENT:
                self.cells[str(cell)] += int(count)
            else:
                self.full = True

    def reading(self) -> LabelReading:
        separator = separator_of(self.cells) if self.multi else ""
        labels: Counter[str] = Counter()
        for cell, count in self.cells.items():
            for part in split(cell, separator) if self.multi else [cell.strip()]:
                labels[part] += count
        spelling = _spelling(labels)
        return LabelReading(separator, spelling, tuple(self._warnings(labels, spelling)))

    def _warnings(self, labels: Counter[str], spelling: Mapping[str, str]) -> list[str]:
        found = []
        if self.cells and not any(labels):
            found.append(
                f"The label column '{self.column}' is empty, so nothing can be learned from it. Choose "
                "another label column if these comments have labels."
            )
        if spelling:
            rows = sum(labels[label] for label in spelling)
            found.append(
                f"Labels of '{self.column}' that differ from another one only by upper case or spaces took "
                f"its spelling: {rows:,}{_example(spelling)}."
            )
        if self.full:
            found.append(
                f"'{self.column}' has more than {DIFFERENT:,} different cells, too many for labels; "
                "spellings were compared among the first ones only."
            )
        return found


def _example(spelling: Mapping[str, str]) -> str:
    """One of them in words only: a label may be an address or a number."""
    shown = next((label for label in spelling if label.replace(" ", "").isalpha() and len(label) <= 40), "")
    return f" (such as '{shown}', now '{spelling[shown]}')" if shown else ""


def _spelling(labels: Counter[str]) -> dict[str, str]:
    """Each rarer spelling with the most frequent one of the same label."""
    same: dict[str, list[str]] = {}
    for label in labels:
        if label:
            same.setdefault(" ".join(label.casefold().split()), []).append(label)
    return {
        label: best
        for spellings in same.values()
        if len(spellings) > 1
        for best in [max(spellings, key=lambda label: labels[label])]
        for label in spellings
        if label != best
    }
