"""What is odd about a column of a feedback table: always the same, nearly empty, names of people ..."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.domain import LABEL, NUMBER, SEGMENT
from core.ingest.row_ids import SeenHashes
from core.ingest.text_array import text_array
from core.ingest.text_lengths import fingerprints

NEARLY_EMPTY = 0.05  # share of filled cells
MOST_VALUES = 50  # of a segment that can be read in a chart
LEAST_ROWS = 20  # below, a column that is all different or all the same says nothing
SAMPLE = 2_000  # cells that are read one by one
PEOPLE = 0.6  # share of the different values that look like names or addresses
LEADS = 0.9  # share of the rows whose text begins with their label

_PERSON = re.compile(r"[A-ZÀ-Þ][\w'’-]+ (?:[A-ZÀ-Þ]\.? )?[A-ZÀ-Þ][\w'’-]+")
_STREET = re.compile(
    r"\d+[a-z]? [\w .'-]+ (street|st|road|rd|avenue|ave|lane|ln|drive|dr|way|blvd|court|ct)\b.*"
    r"|[\w .'-]+(straße|strasse|str\.|weg|platz|gasse|allee) ?\d+.*|\d+,? (rue|avenue|place|boulevard) .+"
    r"|(calle|via|rua|avenida) .+ \d+.*",
    re.IGNORECASE,
)
_PEOPLE_NAMED = re.compile(
    r"\b(first|last|full|user|customer|contact|client|sur|nick)[ _-]?name\b|\b(address|street|adresse|"
    r"vorname|nachname|nombre|apellido|prénom|nom|indirizzo|endereço|姓名|地址|氏名|住所)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Suspicion:
    column: str  # as the person knows it
    finding: str
    meaning: str  # for the results, with what to do

    @property
    def line(self) -> str:
        return f"'{self.column}' {self.finding}: {self.meaning}"


class ColumnTally:
    """Grows by the cells of one column; keeps up to 50 values, and hashes while all are different."""

    def __init__(self, name: str) -> None:
        self.kind = next((prefix for prefix in (SEGMENT, NUMBER, LABEL) if name.startswith(prefix)), "")
        self.name = name.removeprefix(self.kind) if self.kind else name
        if name == "label":
            self.kind = LABEL
        self.filled = 0
        self.values: set[object] = set()
        self._different: SeenHashes | None = SeenHashes()
        self._sample: list[str] = []
        self._led = self._compared = 0  # rows whose text begins with their label, of those looked at

    @staticmethod
    def looks_at(name: str) -> bool:
        return name.startswith((SEGMENT, NUMBER, LABEL)) or name in ("label", "channel")

    def add(self, cells: pd.Series, texts: pa.LargeStringArray) -> None:
        if self.kind == NUMBER:
            numbers = cells.to_numpy(dtype="float64")
            numbers = numbers[~np.isnan(numbers)]
            self.filled += len(numbers)
            if len(self.values) < 2:
                self.values |= set(np.unique(numbers)[:2].tolist())
            return
        array = text_array(cells)
        given = pc.not_equal(array, "")
        filled = array.filter(given)
        self.filled += len(filled)
        if len(self.values) <= MOST_VALUES:
            self.values |= set(pc.unique(filled).to_pylist()[: MOST_VALUES + 1])
        if self._different is not None and self._different.add(fingerprints(filled)).any():
            self._different = None
        if len(self._sample) < SAMPLE and len(filled):
            self._look(filled.slice(0, SAMPLE).to_pylist(), texts.filter(given).slice(0, SAMPLE).to_pylist())

    def _look(self, cells: list[str], texts: list[str]) -> None:
        self._sample += cells[: SAMPLE - len(self._sample)]
        if self.kind == LABEL:
            self._compared += len(cells)
            self._led += sum(_begins(text, label) for text, label in zip(texts, cells, strict=True))

    def suspicions(self, rows: int) -> list[Suspicion]:
        """`rows`: of the whole table."""
        found = [*self._on_filling(rows)]
        if self.kind != NUMBER and self.filled >= LEAST_ROWS:
            found += [*self._on_values(), *self._on_people()]
        return found

    def _on_filling(self, rows: int) -> list[Suspicion]:
        if not self.filled:
            if self.name == "channel" and not self.kind:  # not every file has one
                return []
            return [Suspicion(self.name, "is empty", "it adds nothing and can be left out.")]
        found = []
        if self.filled < NEARLY_EMPTY * rows:
            finding = f"is nearly empty ({self.filled:,} of {rows:,} rows)"
            found.append(Suspicion(self.name, finding, "what it shows holds for these rows only."))
        if len(self.values) == 1 and self.filled >= LEAST_ROWS and self.kind != LABEL:
            found.append(
                Suspicion(self.name, "always holds the same value", "nothing can be compared by it.")
            )
        return found

    def _on_values(self) -> list[Suspicion]:
        found = []
        if self._different is not None and len(self.values) > 1:
            meaning = "it looks like an id. Choose another role for it; it groups nothing."
            found.append(Suspicion(self.name, "holds a different value in every row", meaning))
        elif self.kind == SEGMENT and len(self.values) > MOST_VALUES:
            meaning = "most groups will be too small for a number. Join values or leave it out."
            found.append(Suspicion(self.name, f"has more than {MOST_VALUES} values", meaning))
        if self.kind == LABEL and self._compared and self._led >= LEADS * self._compared:
            meaning = (
                "a model would only learn to read that word, and its scores would flatter it. Choose another "
                "label or text column."
            )
            found.append(Suspicion(self.name, "stands as the first word of the text", meaning))
        return found

    def _on_people(self) -> list[Suspicion]:
        distinct = set(self._sample)
        named = bool(_PEOPLE_NAMED.search(self.name))
        many = len(distinct) >= LEAST_ROWS and len(distinct) >= 0.3 * len(self._sample)
        like = sum(bool(_PERSON.fullmatch(cell) or _STREET.fullmatch(cell)) for cell in distinct)
        if (many or (named and len(distinct) > 1)) and like >= PEOPLE * len(distinct):
            meaning = (
                "such data is not masked in this column. Remove the column, or choose it as the author, who "
                "is stored as a pseudonym."
            )
            return [Suspicion(self.name, "looks like names or addresses of people", meaning)]
        return []


def _begins(text: str, label: str) -> bool:
    words = text.split(None, 1)
    return bool(words) and words[0].strip(".,:;!?()[]#-").casefold() == label.strip().casefold()
