"""The log of one job: ids, counts and progress; of an error its type and frames, never its words."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType


class WordlessFormatter(logging.Formatter):
    """Error messages may quote cells of the data, so they are left out; one record is one line."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage().replace("\r", " ").replace("\n", " ")
        line = f"{self.formatTime(record)} {record.levelname} {record.message}"
        return f"{line}\n{frames(record.exc_info[1])}" if record.exc_info else line


def frames(error: BaseException | None) -> str:
    """Types and places of an error and of what caused it."""
    lines = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines.append(f"  {type(error).__module__}.{type(error).__qualname__}")
        lines += _places(error.__traceback__)
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


def _places(trace: TracebackType | None) -> list[str]:
    return [
        f"    {frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]


@contextmanager
def open_log(path: Path) -> Iterator[logging.Logger]:
    """Appends: the attempts of a job follow each other in one file."""
    log = logging.Logger(path.stem, logging.INFO)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(WordlessFormatter())
    log.addHandler(handler)
    try:
        yield log
    finally:
        handler.close()
