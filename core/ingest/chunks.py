"""Rows gathered into chunks, for the readers that make their rows themselves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.domain import RejectedRow
from core.errors import BadFile, TooLarge
from core.ingest.raw import CHUNK_ROWS, Limits, RawChunk

CHUNK_CHARS = 16_000_000  # of the longest cells: rows of a few long ones leave sooner


class Gathering:
    """Grows by `keep` and `reject`; `take` gives what was gathered since the last time.

    `place` is what a line number counts: "line" or "row".
    """

    def __init__(self, header: Sequence[str], limits: Limits, place: str) -> None:
        self.header = tuple(header)
        self.limits = limits
        self.place = place
        self.kept = self.rejected = self.surrogates = 0
        self._rows: list[Sequence[str]] = []
        self._lines: list[int] = []
        self._rejected: list[RejectedRow] = []
        self._first_reason = ""
        self._chars = 0

    def keep(self, line: int, cells: Sequence[str]) -> None:
        """One cell a column. Raises TooLarge."""
        self._count(line, cells)
        self.kept += 1
        self._rows.append(cells)
        self._lines.append(line)

    def reject(self, line: int, reason: str, cells: Sequence[str]) -> None:
        """Raises TooLarge."""
        self._count(line, cells)
        self.rejected += 1
        self._first_reason = self._first_reason or f"the first, in {self.place} {line:,}: {reason}"
        shown = tuple(writable(cell) for cell in cells)
        self._rejected.append(RejectedRow(line, reason, shown))

    @property
    def waiting(self) -> bool:
        return bool(self._rows or self._rejected)

    @property
    def full(self) -> bool:
        return len(self._rows) + len(self._rejected) >= CHUNK_ROWS or self._chars >= CHUNK_CHARS

    def take(self) -> RawChunk:
        columns = list(zip(*self._rows, strict=True)) or [()] * len(self.header)
        frame = pd.DataFrame({place: self._array(cells) for place, cells in enumerate(columns)})
        frame.columns = pd.Index(self.header, dtype="str")
        chunk = RawChunk(frame, np.array(self._lines, dtype=np.int64), tuple(self._rejected))
        self._rows, self._lines, self._rejected, self._chars = [], [], [], 0
        return chunk

    def check_rows(self) -> None:
        """Raises BadFile when the whole file gave no row."""
        if not self.kept and self.rejected:
            raise BadFile(
                f"No row could be read: {self.rejected:,} were set aside ({self._first_reason}). "
                "Correct the file and upload it again."
            )
        if not self.kept:
            raise BadFile("The file has column names but no rows below them. Export it again with its rows.")

    def _count(self, line: int, cells: Sequence[str]) -> None:
        longest = max(map(len, cells), default=0)
        self._chars += longest
        if longest > self.limits.max_cell_chars:
            raise TooLarge(
                f"A cell in {self.place} {line:,} has {longest:,} characters; at most "
                f"{self.limits.max_cell_chars:,} can be read. Shorten it and upload the file again."
            )
        if self.kept + self.rejected >= self.limits.max_rows:
            raise TooLarge(
                f"The file has more than {self.limits.max_rows:,} rows. "
                "Split it and upload the parts one by one."
            )

    def _array(self, cells: Sequence[str]) -> pd.api.extensions.ExtensionArray:
        try:
            return pd.array(list(cells), dtype="str")
        except UnicodeEncodeError:  # lone surrogates are no text and cannot be stored
            fixed = [writable(cell) for cell in cells]
            self.surrogates += sum(new != old for new, old in zip(fixed, cells, strict=True))
            return pd.array(fixed, dtype="str")


def writable(text: str) -> str:
    """The text with U+FFFD for each lone surrogate; the halves of a pair become one character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
