"""What a feedback table holds and what that means for the results, measured chunk by chunk."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.domain import LABEL, LABEL_BREAK, TrainingOptions
from core.ingest.cells import blank
from core.ingest.column_tally import ColumnTally, Suspicion
from core.ingest.duplicates import Burst
from core.ingest.health_lines import lines
from core.ingest.row_ids import SeenHashes
from core.ingest.text_array import text_array
from core.ingest.text_lengths import LengthTally, fingerprints

MOST_LABELS = 200  # of a label set are kept by name, the most frequent ones
MOST_COUNTED = 100_000  # different label cells; a column with more is no label column
OLDEST = np.datetime64("2000-01-01")


@dataclass(frozen=True)
class BurstFact:
    """A burst without its words, so that a card holds nothing that a person said."""

    rows: int
    first: str
    last: str
    authors: int


@dataclass(frozen=True)
class Health:
    rows: int
    first_date: str  # ISO days, "" without dates
    last_date: str
    dated: int
    rated: int
    labelled: int  # rows with a label in any set
    authors: int  # different ones
    label_counts: Mapping[str, int]  # of the first label set, most rows first
    languages: Mapping[str, int]  # most rows first
    repeated_texts: int  # rows whose words stood in an earlier row
    empty_texts: int
    words: tuple[int, int, int]  # quartiles of the number of words
    masked: Mapping[str, int]  # kind of personal data -> places
    label_sets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # name -> label -> rows
    label_kinds: Mapping[str, int] = field(default_factory=dict)  # name -> different labels
    labelled_rows: Mapping[str, int] = field(default_factory=dict)  # name -> rows with a label
    future_dates: int = 0
    old_dates: int = 0  # before 2000
    characters: tuple[int, int, int] = (0, 0, 0)  # quartiles
    tokens: tuple[int, int, int] = (0, 0, 0)  # quartiles, estimated
    longer: Mapping[str, float] = field(default_factory=dict)  # tokens -> share of longer comments, estimated
    token_limit: int = TrainingOptions.max_tokens
    unknown: Mapping[str, float] = field(default_factory=dict)  # encoder -> share of tokens it cannot read
    similar_groups: int | None = None  # of nearly equal comments; None until they are looked for
    similar_rows: int = 0  # in these groups
    bursts: tuple[BurstFact, ...] = ()
    suspicious: tuple[Suspicion, ...] = ()
    lines: tuple[str, ...] = ()  # plain sentences, most important first

    def to_dict(self) -> dict:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping) -> "Health":
        """A card as `to_dict` gave it, also after a journey as JSON or from an earlier version."""
        known = {item.name for item in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        for name in ("words", "characters", "tokens", "lines"):
            values[name] = tuple(values.get(name, getattr(cls, name, (0, 0, 0))))
        values["bursts"] = tuple(BurstFact(**burst) for burst in values.get("bursts", ()))
        values["suspicious"] = tuple(Suspicion(**found) for found in values.get("suspicious", ()))
        return cls(**values)

    def with_similar(self, groups: np.ndarray, bursts: Collection[Burst] = ()) -> "Health":
        """The card with what duplicates.near_duplicates and duplicates.bursts found."""
        found = replace(
            self,
            similar_groups=len(np.unique(groups[groups >= 0])),
            similar_rows=int((groups >= 0).sum()),
            bursts=tuple(BurstFact(burst.rows, burst.first, burst.last, burst.authors) for burst in bursts),
        )
        return _with_lines(found)


def health(table: pd.DataFrame, masked: Mapping[str, int] | None = None) -> Health:
    """Measure a whole table with the columns of domain.FEEDBACK; labels in `label` or LABEL + name."""
    tally = HealthTally()
    tally.add(table)
    return tally.finish(masked)


class HealthTally:
    """Grows by chunks of a feedback table; keeps counts, and hashes of 8 bytes a row."""

    def __init__(self, today: datetime | None = None) -> None:
        self._tomorrow = np.datetime64(today or datetime.now(), "D") + np.timedelta64(1, "D")
        self._counts: Counter[str] = Counter()
        self._first = self._last = np.datetime64("NaT", "us")
        self._languages: Counter[str] = Counter()
        self._labels: dict[str, Counter[str]] = {}
        self._seen, self._authors = SeenHashes(), SeenHashes()
        self._lengths = LengthTally()
        self._columns: dict[str, ColumnTally] = {}

    def add(self, table: pd.DataFrame) -> None:
        if not len(table):
            return
        self._counts["rows"] += len(table)
        self._add_dates(table["date"])
        self._counts["rated"] += int(table["rating"].notna().sum())
        texts = text_array(table["text"])
        self._counts["empty"] += int(blank(texts).sum())
        self._lengths.add(texts)
        self._counts["repeated"] += int(self._seen.add(fingerprints(text_array(table["text_hash"]))).sum())
        authors = text_array(table["author"])
        authors = authors.filter(pc.not_equal(authors, ""))
        self._counts["authors"] += int((~self._authors.add(fingerprints(authors))).sum())
        _count(self._languages, text_array(table["language"]))
        self._add_labels(table)
        for name in table.columns:
            if ColumnTally.looks_at(name):
                self._columns.setdefault(name, ColumnTally(name)).add(table[name], texts)

    def finish(
        self,
        masked: Mapping[str, int] | None = None,
        unknown: Mapping[str, float] | None = None,
        token_limit: int = TrainingOptions.max_tokens,
        groups: np.ndarray | None = None,
        bursts: Collection[Burst] = (),
    ) -> Health:
        """`unknown`: share of tokens an encoder cannot read, by encoder; `token_limit`: tokens it reads of a
        comment."""
        sets = {name: _by_label(cells) for name, cells in self._labels.items()}
        rows, counts = self._counts["rows"], self._counts
        limits = sorted({128, 256, token_limit})
        found = Health(
            rows=rows,
            first_date="" if np.isnat(self._first) else str(self._first.astype("datetime64[D]")),
            last_date="" if np.isnat(self._last) else str(self._last.astype("datetime64[D]")),
            dated=counts["dated"],
            rated=counts["rated"],
            labelled=counts["labelled"],
            authors=counts["authors"],
            label_counts=_most(next(iter(sets.values()), Counter())),
            languages=dict(self._languages.most_common()),
            repeated_texts=counts["repeated"],
            empty_texts=counts["empty"],
            words=self._lengths.words.quartiles(),
            masked=dict(masked or {}),
            label_sets={name: _most(labels) for name, labels in sets.items()},
            label_kinds={name: len(labels) for name, labels in sets.items()},
            labelled_rows={name: counts[LABEL + name] for name in sets},
            future_dates=counts["future"],
            old_dates=counts["old"],
            characters=self._lengths.characters.quartiles(),
            tokens=self._lengths.tokens.quartiles(),
            longer={str(tokens): self._lengths.tokens.above(tokens) for tokens in limits},
            token_limit=token_limit,
            unknown=dict(unknown or {}),
            suspicious=tuple(
                suspicion for column in self._columns.values() for suspicion in column.suspicions(rows)
            ),
        )
        return _with_lines(found) if groups is None else found.with_similar(groups, bursts)

    def _add_dates(self, dates: pd.Series) -> None:
        days = dates.to_numpy(dtype="datetime64[us]")
        days = days[~np.isnat(days)]
        if not len(days):
            return
        self._counts["dated"] += len(days)
        self._counts["future"] += int((days >= self._tomorrow).sum())
        self._counts["old"] += int((days < OLDEST).sum())
        first, last = days.min(), days.max()
        self._first = first if np.isnat(self._first) else min(first, self._first)
        self._last = last if np.isnat(self._last) else max(last, self._last)

    def _add_labels(self, table: pd.DataFrame) -> None:
        labelled = np.zeros(len(table), dtype=bool)
        for column in table.columns:
            if column != "label" and not column.startswith(LABEL):
                continue
            name = column.removeprefix(LABEL)
            cells = text_array(table[column])
            given = np.asarray(pc.not_equal(cells, ""))
            labelled |= given
            self._counts[LABEL + name] += int(given.sum())
            counted = self._labels.setdefault(name, Counter())
            if len(counted) < MOST_COUNTED:
                _count(counted, cells.filter(pa.array(given)))
        self._counts["labelled"] += int(labelled.sum())


def _count(counts: Counter[str], cells: pa.LargeStringArray) -> None:
    for pair in pc.value_counts(cells).to_pylist():
        counts[pair["values"]] += pair["counts"]


def _by_label(cells: Counter[str]) -> Counter[str]:
    """Cells of several labels count once for each of them."""
    labels: Counter[str] = Counter()
    for cell, rows in cells.items():
        for label in dict.fromkeys(cell.split(LABEL_BREAK)):
            labels[label] += rows
    return labels


def _most(labels: Counter[str]) -> dict[str, int]:
    return dict(labels.most_common(MOST_LABELS))


def _with_lines(found: Health) -> Health:
    return replace(found, lines=lines(found))
