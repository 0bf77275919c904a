"""Blocks of a table in which nothing is odd, read column by column.

Most blocks of most files are such: every quotation mark opens or closes a cell or is one of a doubled
pair, every record is as wide as the first. Then a quotation mark at an even place opens, one at an odd
place closes, and the cells are the csv module's, at a fraction of its time. Whatever is otherwise is left
to `records.py`.
"""

import csv
import io
from collections.abc import Collection
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

_QUOTE, _NEWLINE, _RETURN = ord('"'), ord("\n"), ord("\r")
_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    chr(code) for code in range(0x2000, 0x200B)
)
_MAY_BE_SPACE = np.zeros(256, dtype=bool)  # first byte of a cell that may be blank
_MAY_BE_SPACE[[*range(0x21), 0xC2, 0xE1, 0xE2]] = True
MOST_DOUBTFUL = 2_000  # rows that may be blank and are looked at one by one


class RegularBlock:
    """See records.Block, whose attributes it has; `starts` and `ends` are bytes of `data`."""

    rejected: list = []
    unclosed: list = []

    def __init__(  # noqa: PLR0917
        self, data: bytes, delimiter: str, starts: np.ndarray, ends: np.ndarray, lines: list[int], width: int
    ) -> None:
        self.data, self.delimiter, self.width = data, delimiter, width
        self.starts, self.ends, self.lines = starts, ends, lines
        self.longest = int((ends - starts).max())

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def records(self) -> list[list[str]]:
        return list(self._read(self.data.decode()))

    def _read(self, text: str):  # noqa: ANN202 - the csv module has no public type
        return csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)

    @cached_property
    def columns(self) -> list[pa.ChunkedArray] | None:
        """None when Arrow reads another number of rows."""
        names = [str(place) for place in range(self.width)]
        table = arrow_csv.read_csv(
            pa.BufferReader(self.data),
            arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(self.data) + 1),
            arrow_csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        return table.columns if table.num_rows == len(self) else None

    def has_blank(self) -> bool:
        """Whether a record may have only blank cells."""
        codes = np.frombuffer(self.data, dtype=np.uint8)
        at = self.starts + (codes[self.starts] == _QUOTE)
        first = codes[at]
        doubtful = (
            _MAY_BE_SPACE[first] | (first == ord(self.delimiter)) | ((at > self.starts) & (first == _QUOTE))
        )
        wide = np.flatnonzero(first == 0xE3)
        doubtful[wide] = codes[np.minimum(at[wide] + 1, len(codes) - 1)] == 0x80
        places = np.flatnonzero(doubtful)
        if len(places) > MOST_DOUBTFUL:
            return True
        return any(self._is_blank(place) for place in places)

    def _is_blank(self, place: int) -> bool:
        text = self.data[self.starts[place] : self.ends[place]].decode()
        return not text.strip(_SPACES + self.delimiter + '"')

    def repeats(self, name: str) -> bool:
        """Whether a first cell is this name."""
        return _any_in(self.columns[0], {name})

    def holds_any(self, cells: Collection[str]) -> bool:
        """Whether any cell is one of these, or that cannot be told."""
        return self.columns is None or any(_any_in(column, cells) for column in self.columns)

    def parted(self, place: int) -> tuple["RegularBlock", "RegularBlock"]:
        """The records before `place` and those from there on, some of each."""
        cut = int(self.starts[place])
        head = self.starts[:place], self.ends[:place], self.lines[:place]
        tail = self.starts[place:] - cut, self.ends[place:] - cut, self.lines[place:]
        return (
            RegularBlock(self.data[:cut], self.delimiter, *head, self.width),
            RegularBlock(self.data[cut:], self.delimiter, *tail, self.width),
        )


def _any_in(column: pa.ChunkedArray, cells: Collection[str]) -> bool:
    trimmed = pc.utf8_trim(column, characters=_SPACES)
    found = pc.is_in(trimmed, value_set=pa.array(sorted(cells), pa.large_string()))
    return bool(pc.any(found).as_py())


def regular_block(
    text: str | bytes, line: int, delimiter: str, final: bool
) -> tuple[RegularBlock, int] | None:
    """(block from the first line `line`, how much of the text is left), None for an odd one.

    Unless `final` the last record may go on behind the text.
    """
    if not text or len(delimiter) != 1 or not delimiter.isascii():
        return None
    data = text if isinstance(text, bytes) else text.encode()
    codes = np.frombuffer(data, dtype=np.uint8)
    newlines = np.flatnonzero(codes == _NEWLINE)
    returns = np.count_nonzero(codes == _RETURN)
    before = codes[newlines[newlines > 0] - 1] if returns else codes[:0]
    if data.startswith(b"\xef\xbb\xbf") or returns != np.count_nonzero(before == _RETURN):
        return None
    separators = codes == ord(delimiter)
    outer = newlines
    quotes = np.flatnonzero(codes == _QUOTE)
    if len(quotes):
        if (final and len(quotes) % 2) or not _paired(codes, quotes, ord(delimiter)):
            return None
        inside = np.bitwise_xor.accumulate(codes == _QUOTE)
        outer = newlines[~inside[newlines]]
        separators &= ~inside
    stop = len(data) if final else (int(outer[-1]) + 1 if len(outer) else 0)
    if not stop:
        return None
    starts = np.concatenate([[0], outer + 1])
    starts = starts[starts < stop]
    ends = np.append(outer, stop)[: len(starts)]
    found = np.searchsorted(np.flatnonzero(separators), np.append(starts, stop))
    widths = np.diff(found) + 1
    bare = codes[np.minimum(starts, len(codes) - 1)]
    if (widths != widths[0]).any() or widths[0] < 2 or (bare == _NEWLINE).any() or (bare == _RETURN).any():
        return None
    lines = (line + np.searchsorted(newlines, starts)).tolist()
    block = RegularBlock(data[:stop], delimiter, starts, ends, lines, int(widths[0]))
    return block, len(data) - stop if isinstance(text, bytes) else len(data[stop:].decode())


def _paired(codes: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether each mark opens at the start of a cell, closes at the end of one, or is doubled."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = codes[opening - 1]  # of a mark at 0: the last byte, set right below
    good = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
    if opening[0] == 0:
        good[0] = True
    if not good.all():
        return False
    after = codes[np.minimum(closing + 1, len(codes) - 1)]
    good = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN) | (after == _QUOTE)
    if len(closing) and closing[-1] == len(codes) - 1:
        good[-1] = True
    return bool(good.all())
