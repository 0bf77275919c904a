"""The cells of a file without personal data, column by column, for storing and for keeping aside."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.domain import Columns, RejectedRow
from core.ingest.cells import without_control_characters
from core.ingest.column_names import names_people
from core.ingest.date_order import read_dates
from core.ingest.id_columns import column_is_ids
from core.ingest.pseudonyms import account_pseudonym, pseudonym, pseudonyms
from core.ingest.ratings import read_ratings
from core.ingest.redaction import REGION, Masker
from core.ingest.scores import read_numbers
from core.ingest.survey import Plan
from core.ingest.text_array import coded, from_list, spread, text_array

LONGEST_NAME = 4  # words
FEW = 0.4  # share of different cells in a sample, under which each different cell is masked once


@dataclass(frozen=True)
class Privacy:
    """What is masked, and the key of the pseudonyms; it must stay the same for a dataset."""

    secret: bytes
    mask: bool = True
    handles: bool = True
    region: str = REGION
    patterns: tuple[tuple[str, str], ...] = ()  # (kind, regular expression) of the user's own ids


class PrivateCells:
    """Masks the columns of one file."""

    def __init__(self, header: Sequence[str], columns: Columns, plan: Plan, privacy: Privacy) -> None:
        self.header = tuple(header)
        self.columns, self.plan, self.privacy = columns, plan, privacy
        self.masker = Masker(privacy.region, privacy.handles, privacy.patterns) if privacy.mask else None
        self.people = tuple(name for name in self.header if self._names_people(name))
        self.ids = {
            name for name, sample in plan.samples.items() if column_is_ids(name, sample, privacy.region)
        }

        people = {*self.people, columns.author}
        self.elsewhere = {
            cell for name, sample in plan.samples.items() if name not in people for cell in sample
        }
        self.few = {name for name, sample in plan.samples.items() if len(set(sample)) <= FEW * len(sample)}

    def mask(
        self,
        frame: pd.DataFrame,
        counts: Counter[str],
        known: Mapping[str, pa.LargeStringArray] = MappingProxyType({}),
    ) -> dict[str, pa.LargeStringArray]:
        """Each column as it may be stored; `counts` grows by what was masked. `known` holds columns that
        are masked already."""
        return {
            name: known[name] if name in known else self._column(name, frame[name], counts)
            for name in self.header
        }

    def pseudonyms(self, array: pa.LargeStringArray) -> pa.LargeStringArray:
        codes, distinct = coded(array)
        return spread(pseudonyms(distinct, self.privacy.secret), codes) if distinct else array

    def reject(self, frame: pd.DataFrame, lines: np.ndarray, reasons: Iterable[str]) -> list[RejectedRow]:
        """Rows of the table that are kept aside."""
        if not len(frame):
            return []
        masked = self.mask(frame, Counter())
        rows = zip(*(masked[name].to_pylist() for name in self.header), strict=True)
        return [
            RejectedRow(int(line), reason, tuple(cells))
            for line, reason, cells in zip(lines, reasons, rows, strict=True)
        ]

    def reject_raw(self, rows: Sequence[RejectedRow]) -> list[RejectedRow]:
        """Rows that the reader kept aside; some have more or fewer cells than the header."""
        width = len(self.header)
        even = [row for row in rows if len(row.cells) == width]
        frame = pd.DataFrame(
            {
                name: pd.Series([row.cells[at] for row in even], dtype=object)
                for at, name in enumerate(self.header)
            }
        )
        masked = {id(row): found for row, found in zip(even, self._reject_even(frame, even), strict=True)}
        uneven = [row for row in rows if len(row.cells) != width]
        masked |= {id(row): found for row, found in zip(uneven, self._reject_uneven(uneven), strict=True)}
        return [masked[id(row)] for row in rows]

    def _reject_even(self, frame: pd.DataFrame, rows: Sequence[RejectedRow]) -> list[RejectedRow]:
        lines = np.array([row.line for row in rows], dtype=np.int64)
        frame = without_control_characters(frame, Counter())
        return self.reject(frame, lines, [row.reason for row in rows])

    def _reject_uneven(self, rows: Sequence[RejectedRow]) -> list[RejectedRow]:
        """A cell that is missing or too many has moved the others, so any short cell near to where a person
        belongs, and any short cell of words that the sample of no other column holds, may be the name."""
        written = pd.DataFrame(
            {"cells": pd.Series([cell for row in rows for cell in row.cells], dtype=object)}
        )
        cells = self._masked(without_control_characters(written, Counter())["cells"].tolist())
        found, start = [], 0
        for row in rows:
            masked = cells[start : start + len(row.cells)]
            start += len(row.cells)
            near = self._near_people(abs(len(row.cells) - len(self.header)))
            for place, cell in enumerate(row.cells if near else ()):
                if self._may_name(cell, place in near):
                    masked[place] = pseudonym(cell, self.privacy.secret)
            found.append(RejectedRow(row.line, row.reason, tuple(masked)))
        return found

    def _near_people(self, away: int) -> set[int]:
        """The places of the columns that name people, and those up to `away` beside them."""
        people = {*self.people, self.columns.author}
        places = [place for place, name in enumerate(self.header) if name in people]
        return {near for place in places for near in range(place - away, place + away + 1)}

    def _may_name(self, cell: str, near: bool) -> bool:
        if not 0 < len(cell.split()) <= LONGEST_NAME:
            return False
        return near or (cell not in self.elsewhere and any(char.isalpha() for char in cell))

    def _column(self, name: str, cells: pd.Series, counts: Counter[str]) -> pa.LargeStringArray:
        array = text_array(cells)
        if name == self.columns.author or name in self.people:
            return self.pseudonyms(array)
        if name in (self.columns.account, self.columns.id):
            return self._keys(name, array, counts)
        if self.masker is None:
            return array
        if name in (self.columns.date, self.columns.rating, *self.columns.numbers):
            return self._unread(name, cells, array, counts)
        return self._mask_column(name, array, counts, ids=name in self.ids)

    def _keys(self, name: str, array: pa.LargeStringArray, counts: Counter[str]) -> pa.LargeStringArray:
        """Account names and ids stay as written; those that hold personal data become pseudonyms."""
        if self.masker is None or not len(array):
            return array
        masked = self._mask_column(name, array, counts, ids=name in self.ids)
        changed = np.asarray(pc.not_equal(masked, array))
        if not changed.any():
            return array
        personal = array.filter(pa.array(changed)).to_pylist()
        made = from_list([account_pseudonym(cell, self.privacy.secret) for cell in personal])
        return pc.replace_with_mask(array, pa.array(changed), made)

    def _unread(
        self, name: str, cells: pd.Series, array: pa.LargeStringArray, counts: Counter[str]
    ) -> pa.LargeStringArray:
        """Dates and numbers are not taken for phone numbers; what is neither is masked as prose."""
        if name == self.columns.date:
            unread = read_dates(cells, self.plan.dates).unreadable
        elif name == self.columns.rating:
            unread = read_ratings(cells, self.plan.rating).unreadable
        else:
            unread = read_numbers(cells, self.plan.numbers[name]).unreadable
        if not unread.any():
            return array
        masked = self._mask_column(name, array.filter(pa.array(unread)), counts, ids=False)
        return pc.replace_with_mask(array, pa.array(unread), masked)

    def _mask_column(
        self, name: str, array: pa.LargeStringArray, counts: Counter[str], ids: bool
    ) -> pa.LargeStringArray:
        if ids:  # one among them may still hold a sentence
            prose = pc.match_substring_regex(array, r"\S\s+\S")
            if pc.any(prose).as_py():
                masked = self._mask_column(name, array.filter(prose), counts, ids=False)
                array = pc.replace_with_mask(array, prose, masked)
        if name not in self.few:
            masked, found = self.masker.column(array, ids=ids)
            counts.update(found)
            return from_list(masked) if found else array
        codes, distinct = coded(array)
        masked, found = self.masker.column(distinct, ids=ids)
        if not found:
            return array
        times = np.bincount(codes, minlength=len(distinct))
        for cell, shown, rows in zip(distinct, masked, times, strict=True):
            if cell != shown:
                self._count(cell, ids, int(rows), counts)
        return spread(masked, codes)

    def _masked(self, cells: list[str]) -> list[str]:
        return self.masker.column(cells)[0] if self.masker and cells else cells

    def _count(self, cell: str, ids: bool, rows: int, counts: Counter[str]) -> None:
        for kind, places in self.masker.column([cell], ids=ids)[1].items():
            counts[kind] += places * rows

    def _names_people(self, name: str) -> bool:
        used = {*self.columns.texts, *self.columns.labels, *self.columns.segments, *self.columns.numbers}
        roles = self.columns
        used |= {
            roles.date,
            roles.rating,
            roles.author,
            roles.account,
            roles.channel,
            roles.language,
            roles.id,
        }
        return name not in used and names_people(name)
