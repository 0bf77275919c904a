"""A raw table and its columns to the feedback table that is stored, a chunk at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.domain import Columns, RejectedRow, Rejection
from core.ingest.cells import blank, character_warnings, joined, without_control_characters
from core.ingest.cleaning_words import told
from core.ingest.column_names import NOBODY
from core.ingest.column_roles import check_columns
from core.ingest.feedback_table import FeedbackTable, Rows
from core.ingest.private_cells import Privacy, PrivateCells
from core.ingest.raw import CHUNK_ROWS, RawChunk, RawTable
from core.ingest.rejections import Rejections
from core.ingest.row_ids import (
    SeenHashes,
    coded_hashes,
    combined,
    hashes,
    normalise,
    normalised,
    pseudonym_keys,
)
from core.ingest.survey import Plan, survey
from core.ingest.text_array import from_list, text_array

NO_TEXT = "no text"
EMPTY = "every cell is empty"
REPEAT = "repeats the words of an earlier row by the same author"
NAMES_AGAIN = "a second line of column names, as SurveyMonkey writes it"
SECOND_HEADER = ("Open-Ended Response", "Response")


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What is stored of a file; `rows_in` = rows of `table` + rows of `rejections`."""

    table: pd.DataFrame
    rejections: tuple[Rejection, ...]
    warnings: tuple[str, ...]
    rows_in: int
    masked: dict[str, int]  # kind of personal data -> places
    rejected: tuple[RejectedRow, ...]  # masked
    plan: Plan


def clean(
    raw: RawTable, columns: Columns, privacy: Privacy, answers: Mapping[str, str] | None = None
) -> Cleaned:
    """A whole table at once, for small files; open questions take their likeliest answer.

    Raises BadColumns.
    """
    check_columns(raw.frame, columns)
    plan = survey(_pieces(raw), columns, answers)
    cleaner = Cleaner(raw.header, columns, plan, privacy)
    parts = [cleaner.add(chunk) for chunk in _pieces(raw)]
    return Cleaned(
        table=pd.concat([table for table, _ in parts], ignore_index=True),
        rejections=cleaner.rejections,
        warnings=(*raw.warnings, *cleaner.warnings),
        rows_in=cleaner.rows_in,
        masked=cleaner.masked,
        rejected=tuple(row for _, rejected in parts for row in rejected),
        plan=plan,
    )


def _pieces(raw: RawTable) -> list[RawChunk]:
    """The table as chunks; the rows that the reader rejected come with the first."""
    starts = range(0, max(len(raw.frame), 1), CHUNK_ROWS)
    return [
        RawChunk(
            raw.frame.iloc[start : start + CHUNK_ROWS].reset_index(drop=True),
            raw.lines[start : start + CHUNK_ROWS],
            () if start else raw.rejected,
        )
        for start in starts
    ]


class Cleaner:
    """The second pass: give it the chunks of a file in their order.

    It remembers hashes of rows only, 8 bytes each.
    """

    def __init__(self, header: Sequence[str], columns: Columns, plan: Plan, privacy: Privacy) -> None:
        self.columns, self.plan = columns, plan
        self.header = tuple(header)
        self.rows_in = 0
        self.cells = PrivateCells(header, columns, plan, privacy)
        self._rejections = Rejections()
        self._masked: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()  # what warnings tell
        self._said, self._labelled = SeenHashes(), SeenHashes()
        self._table = FeedbackTable(header, columns, plan, self._counts)
        self._begins = "Respondent ID" in self.header  # SurveyMonkey writes two lines of column names

    def add(self, chunk: RawChunk) -> tuple[pd.DataFrame, list[RejectedRow]]:
        """(what is stored, what is kept aside and why), both masked."""
        self.rows_in += len(chunk.frame) + len(chunk.rejected)
        for row in chunk.rejected:
            self._rejections.add(row.reason, row.line)
        rejected = self.cells.reject_raw(chunk.rejected) if chunk.rejected else []
        frame = without_control_characters(chunk.frame, self._characters)
        texts = self._texts({name: text_array(frame[name]) for name in self.columns.texts})
        frame, lines, texts = self._drop_empty(frame, chunk.lines, texts, rejected)
        self._begins = False
        pseudonyms = self._pseudonyms(frame)
        authors = self._known(frame, pseudonyms)
        rows = Rows(frame, texts, pseudonyms, authors, pseudonym_keys(authors), hashes(normalised(texts)))
        repeats = self._repeats(rows)
        if repeats.any():
            rejected += self._reject(frame, lines, repeats, [REPEAT] * int(repeats.sum()))
            rows = rows.keep(~repeats)
        return self._stored(rows), sorted(rejected, key=lambda row: row.line)

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        return self._rejections.all()

    @property
    def masked(self) -> dict[str, int]:
        return {kind: places for kind, places in self._masked.items() if places}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that was assumed, repaired or left out so far, in sentences with counts."""
        assumed = (
            f"Nobody answered '{question.words}', so this was taken: {question.answers[0].words}."
            for question in self.plan.questions
        )
        return (
            *self.plan.warnings,
            *assumed,
            *character_warnings(self._characters),
            *told(self._counts, self.columns, self.plan.scale, self.cells.people),
        )

    def _texts(self, parts: Mapping[str, pa.LargeStringArray]) -> pa.LargeStringArray:
        return joined([parts[name] for name in self.header if name in self.columns.texts])

    def _drop_empty(
        self, frame: pd.DataFrame, lines: np.ndarray, texts: pa.LargeStringArray, rejected: list[RejectedRow]
    ) -> tuple[pd.DataFrame, np.ndarray, pa.LargeStringArray]:
        none = blank(texts)
        if self._begins and len(texts) and texts[0].as_py() in SECOND_HEADER:
            rejected += self._reject(frame, lines, np.arange(len(texts)) == 0, [NAMES_AGAIN])
            frame, lines, texts, none = (
                frame.iloc[1:].reset_index(drop=True),
                lines[1:],
                texts.slice(1),
                none[1:],
            )
        if not none.any():
            return frame, lines, texts
        bare = np.ones(int(none.sum()), dtype=bool)
        for name in self.header:
            bare &= blank(text_array(frame.loc[none, name]))
        rejected += self._reject(frame, lines, none, [EMPTY if empty else NO_TEXT for empty in bare])
        return frame[~none].reset_index(drop=True), lines[~none], texts.filter(pa.array(~none))

    def _reject(
        self, frame: pd.DataFrame, lines: np.ndarray, unwanted: np.ndarray, reasons: list[str]
    ) -> list[RejectedRow]:
        for reason, line in zip(reasons, lines[unwanted], strict=True):
            self._rejections.add(reason, int(line))
        return self.cells.reject(frame[unwanted].reset_index(drop=True), lines[unwanted], reasons)

    def _pseudonyms(self, frame: pd.DataFrame) -> pa.LargeStringArray:
        if not self.columns.author:
            return from_list([""] * len(frame))
        return self.cells.pseudonyms(text_array(frame[self.columns.author]))

    def _known(self, frame: pd.DataFrame, pseudonyms: pa.LargeStringArray) -> pa.LargeStringArray:
        """The authors, "" for "Anonymous" and its like: the same words of two of them are two votes."""
        if not self.columns.author:
            return pseudonyms
        names = pc.utf8_lower(pc.utf8_trim_whitespace(text_array(frame[self.columns.author])))
        nobody = pc.is_in(names, value_set=from_list(sorted(NOBODY)))
        self._counts["nobody"] += int(pc.sum(nobody).as_py() or 0)
        return pc.if_else(nobody, from_list([""])[0], pseudonyms)

    def _repeats(self, rows: Rows) -> np.ndarray:
        """Rows with the words and the author of an earlier row; nobody's words are never repeats."""
        repeats = np.zeros(len(rows.said), dtype=bool)
        if not self.columns.author:
            self._counts["same words"] += int(self._said.add(rows.said).sum())
            return repeats
        known = np.asarray(pc.not_equal(rows.authors, ""))
        keys = combined(rows.who, rows.said)
        repeats[known] = self._said.add(keys[known])
        if self.columns.labels:
            cells = [text_array(rows.frame[name].str.strip()) for name in self.columns.labels]
            same_label = np.ones(len(repeats), dtype=bool)
            same_label[known] = self._labelled.add(combined(keys, *map(coded_hashes, cells))[known])
            self._counts["other label"] += int((repeats & ~same_label).sum())
        return repeats

    def _stored(self, rows: Rows) -> pd.DataFrame:
        known = {self.columns.author: rows.pseudonyms} if self.columns.author else {}
        masked = self.cells.mask(rows.frame, self._masked, known)
        texts = self._texts(masked)
        changed = np.asarray(pc.not_equal(texts, rows.texts))
        said = rows.said.copy()
        said[changed] = hashes(normalised(texts.filter(pa.array(changed))))
        return self._table.build(replace(rows, texts=texts, said=said), masked)


__all__ = ["Cleaned", "Cleaner", "Plan", "Privacy", "clean", "normalise", "survey"]
