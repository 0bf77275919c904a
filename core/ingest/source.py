"""The bytes of a file, from disk or memory, and its text in blocks of whole lines."""

import codecs
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import AnyStr, BinaryIO

from core.errors import BadFile, TooLarge
from core.ingest.raw import Limits

PIECE = 2 * 1024 * 1024  # bytes
DENSE = 60_000  # lines in a piece: more of them are handed out in parts, as each takes memory of its own
PART = 256 * 1024  # characters, or bytes
LONGEST_LINE = 2_000_000  # characters; no table has a longer one, and it bounds the memory of a record
UTF8_ERRORS = "roadlens-utf8"


class ByteSource:
    """Read as often as wanted, never as a whole."""

    def __init__(self, source: Path | bytes, limits: Limits) -> None:
        self._source = source
        self.size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if not self.size:
            raise BadFile("The file is empty. Choose a CSV file with column names and rows.")
        if self.size > limits.max_bytes:
            raise TooLarge(
                f"The file has {self.size / 1e6:,.0f} MB; at most {limits.max_bytes / 1e6:,.0f} MB can be "
                "read. Split it into several files and upload one after the other."
            )

    def open(self) -> BinaryIO:
        return io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source.open("rb")

    def head(self, size: int) -> bytes:
        with self.open() as file:
            return file.read(size)

    def pieces(self, skip: int = 0) -> Iterator[bytes]:
        """All bytes behind the first `skip`."""
        with self.open() as file:
            file.seek(skip)
            while piece := file.read(PIECE):
                yield piece


def text_blocks(source: ByteSource, codec: str, skip: int, longest: int = LONGEST_LINE) -> Iterator[str]:
    """The text behind a byte order mark of `skip` bytes; every block but the last ends with a line.

    Raises TooLarge for a line of more than `longest` characters.
    """
    return _whole_lines(_decoded(source, codec, skip), "", "\n", "\r", longest)


def utf8_blocks(source: ByteSource, skip: int, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """`text_blocks` of a file that is valid UTF-8, as it stands there: what only looks for signs of ASCII
    needs no decoding."""
    return _whole_lines(source.pieces(skip), b"", b"\n", b"\r", longest)


def longer(text: str | bytes, characters: int) -> bool:
    if len(text) <= characters:
        return False
    return isinstance(text, str) or len(text.decode("utf-8", "replace")) > characters


def _decoded(source: ByteSource, codec: str, skip: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)(UTF8_ERRORS if codec == "utf-8" else "replace")
    for piece in source.pieces(skip):
        yield decoder.decode(piece)
    if last := decoder.decode(b"", True):
        yield last


def _whole_lines(
    pieces: Iterable[AnyStr], rest: AnyStr, feed: AnyStr, carriage: AnyStr, longest: int
) -> Iterator[AnyStr]:
    line = 1
    for piece in pieces:
        text = rest + piece
        # A "\r" at the very end may be half of "\r\n".
        end = max(text.rfind(feed), text.rfind(carriage, 0, -1)) + 1
        rest = text[end:]
        breaks = text.count(feed if feed in text else carriage, 0, end)
        line += breaks
        if breaks > DENSE:
            yield from _parts(text, end, feed, carriage)
        elif end:
            yield text[:end]
        _check_line(rest, line, longest)
    if rest:
        yield rest


def _parts(text: AnyStr, end: int, feed: AnyStr, carriage: AnyStr) -> Iterator[AnyStr]:
    start = 0
    while end - start > PART:
        limit = start + PART
        stop = max(text.rfind(feed, start, limit), text.rfind(carriage, start, limit - 1)) + 1
        if stop <= start:
            break
        yield text[start:stop]
        start = stop
    yield text[start:end]


def _check_line(rest: str | bytes, line: int, longest: int) -> None:
    if longer(rest, longest):
        raise TooLarge(
            f"Line {line:,} is longer than {longest:,} characters, so this is hardly a table. "
            "Check how the file was exported."
        )


def _mend_utf8(error: UnicodeError) -> tuple[str, int]:
    """U+FFFD for what is no UTF-8; surrogates in three bytes, as some databases write, are paired."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    data, start = error.object, error.start
    if data[start] != 0xED or not 0xA0 <= (data[start + 1] if start + 1 < len(data) else 0) <= 0xBF:
        return "\ufffd", error.end
    pair = data[start : start + 6].decode("utf-8", "surrogatepass") if _is_pair(data, start) else ""
    if pair:
        return pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le"), start + 6
    return "\ufffd", min(start + 3, len(data))


def _is_pair(data: bytes, start: int) -> bool:
    six = data[start : start + 6]
    return (
        len(six) == 6
        and six[1] < 0xB0
        and six[2] >> 6 == 2
        and six[3] == 0xED
        and six[4] >= 0xB0
        and (six[4] < 0xC0 and six[5] >> 6 == 2)
    )


codecs.register_error(UTF8_ERRORS, _mend_utf8)
