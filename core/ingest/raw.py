"""What every reader of files gives: a table of text cells in chunks, with what was assumed or is unclear."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from core.domain import Question, RejectedRow, Rejection
from core.ingest.rejections import Rejections

CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class Limits:
    max_bytes: int = 100 * 1024 * 1024
    max_rows: int = 1_000_000
    max_cell_chars: int = 1_000_000
    max_columns: int = 500  # over it a person chooses which to keep
    refuse_columns: int = 5_000


@dataclass(frozen=True, eq=False)
class RawChunk:
    """Part of a file as it was written; at most CHUNK_ROWS rows, the rejected ones included."""

    frame: pd.DataFrame  # str columns named by the header, never missing; index 0..n-1
    lines: np.ndarray  # int64: line of the file on which each row of `frame` begins
    rejected: tuple[RejectedRow, ...] = ()


class TableFile(Protocol):
    """An opened file. Its bytes must stay as they are while chunks are read."""

    format: str  # "csv", "xlsx" or "jsonl"
    encoding: str
    delimiter: str  # "" when there is none
    header: tuple[str, ...]  # unique, as shown to the person
    questions: tuple[Question, ...]  # open ones; until they are answered the likeliest answer is taken
    warnings: tuple[str, ...]  # everything assumed or repaired
    answers: Mapping[str, str]  # given or assumed, by the key of their question

    def chunks(self) -> Iterator[RawChunk]:
        """The rows, the same at every call. Raises BadFile or TooLarge."""
        ...


@dataclass(frozen=True, eq=False)
class RawTable:
    """A whole file; `rows_in` = rows of `frame` + rows of `rejections`."""

    header: tuple[str, ...]
    frame: pd.DataFrame
    lines: np.ndarray
    encoding: str
    delimiter: str
    rows_in: int  # wholly blank lines are not rows
    rejections: tuple[Rejection, ...] = ()
    warnings: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()


def whole(table: TableFile) -> RawTable:
    """All chunks in one table."""
    chunks = list(table.chunks())
    frames = [chunk.frame for chunk in chunks if len(chunk.frame)]
    empty = pd.DataFrame({name: pd.array([], dtype="str") for name in table.header})
    frame = pd.concat(frames, ignore_index=True) if frames else empty
    rejected = tuple(row for chunk in chunks for row in chunk.rejected)
    rejections = Rejections()
    for row in rejected:
        rejections.add(row.reason, row.line)
    return RawTable(
        header=table.header,
        frame=frame,
        lines=np.concatenate([chunk.lines for chunk in chunks] or [np.empty(0, dtype=np.int64)]),
        encoding=table.encoding,
        delimiter=table.delimiter,
        rows_in=len(frame) + len(rejected),
        rejections=rejections.all(),
        warnings=table.warnings,
        questions=table.questions,
        rejected=rejected,
    )
