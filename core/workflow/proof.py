"""Look for words in every byte of a folder: as UTF-8, UTF-16 and JSON, inside gzip and zip members too."""

import gzip
import html
import json
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.store.traces import SHORTEST_NAME, is_telling

NAME, PSEUDONYM, TEXT = "name", "pseudonym", "text"
SHORTEST_TEXT = 12  # characters: shorter ones ("great app") say nothing of who wrote them
WINDOW = 64  # characters of the begin and of the end of a text: a database cuts long cells into pages
BLOCK = 8 * 2**20
UNPACKED = 4 * 2**30  # at most so much of one member is unpacked
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
LEGACY = ("cp1252", "cp1250", "cp1251", "koi8_r", "gb18030", "cp932", "euc_jp", "cp949", "big5", "utf-32-le")
_MIX = tuple(np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_TABLE_BITS = 22


@dataclass(frozen=True)
class Words:
    """What is looked for."""

    names: tuple[str, ...] = ()  # in any case
    pseudonyms: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    file: str  # relative to the folder; "x.gz > member"
    kind: str  # name, pseudonym, text
    places: int


@dataclass
class Found:
    files: int = 0
    bytes: int = 0
    hits: Counter[tuple[str, int]] = field(default_factory=Counter)  # (file, number of the needle)
    unread: list[str] = field(default_factory=list)  # could not be opened

    def files_hit(self) -> list[str]:
        return sorted({file.split(" > ")[0] for file, _ in self.hits})


class Search:
    """The byte strings of some words, looked for together."""

    def __init__(self, words: Words) -> None:
        self.kinds: list[str] = []
        self.folded: list[tuple[int, bytes]] = []  # names, compared in lower case
        exact: list[tuple[int, bytes]] = []
        self.not_searched = [name for name in words.names if not is_telling(name)]
        for name in words.names:
            if is_telling(name):
                self._add_name(name.strip())
        for text in words.pseudonyms:
            exact += self._add(PSEUDONYM, spellings(text, ENCODINGS))
        for text in dict.fromkeys(words.texts):
            if len(text.strip()) >= SHORTEST_TEXT:
                for piece in pieces(text):
                    exact += self._add(TEXT, spellings(piece, ENCODINGS))
        self.exact = (
            _Anchors([(key, needle) for key, needle in exact if len(needle) >= 24], 24),
            _Anchors([(key, needle) for key, needle in exact if len(needle) < 24], 12),
        )
        self.counts = Counter(self.kinds)
        self.overlap = max([len(needle) for _, needle in (*exact, *self.folded)], default=1)

    def _add(self, kind: str, needles: Collection[bytes]) -> list[tuple[int, bytes]]:
        self.kinds.append(kind)
        return [(len(self.kinds) - 1, needle) for needle in needles]

    def _add_name(self, name: str) -> None:
        found = {
            needle.lower()
            for written in {name, name.lower(), name.upper(), name.title(), name.casefold()}
            for needle in spellings(written, (*ENCODINGS, *LEGACY))
        }
        self.folded += self._add(NAME, {needle for needle in found if len(needle) >= SHORTEST_NAME})

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def places(self, block: bytes, skip: int = 0) -> Iterator[int]:
        """The number of the word at each place that ends after the first `skip` bytes."""
        for anchors in self.exact:
            yield from anchors.places(block, skip)
        low = block.lower() if self.folded else b""
        for key, needle in self.folded:
            at = low.find(needle, max(0, skip - len(needle) + 1))
            while at >= 0:
                yield key
                at = low.find(needle, at + 1)

    def in_blocks(self, blocks: Iterable[bytes]) -> tuple[Counter[int], int]:
        """Places by word, and the bytes that were read."""
        counts: Counter[int] = Counter()
        size, tail = 0, b""
        for block in blocks:
            counts.update(self.places(tail + block, len(tail)))
            size += len(block)
            tail = (tail + block)[-self.overlap :]
        return counts, size


def pieces(text: str) -> tuple[str, ...]:
    """The begin, and of a long text the end."""
    return (text[:WINDOW],) if len(text) <= 2 * WINDOW else (text[:WINDOW], text[-WINDOW:])


def spellings(text: str, encodings: Sequence[str]) -> set[bytes]:
    """A text as it may stand in a file: plain, in JSON, CSV and XML, in each encoding that has it."""
    written = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    written |= {text.replace('"', '""'), html.escape(text), html.escape(text, quote=False)}
    found = set()
    for form in written:
        for encoding in encodings if form == text else ENCODINGS:
            try:
                found.add(form.encode(encoding))
            except UnicodeEncodeError:
                continue  # this encoding has no such letters
    return found


class _Anchors:
    """Many byte strings in one pass: `size` (12 or 24) bytes of the middle of each are hashed, and so is
    every position of the block; where both agree the bytes are compared."""

    def __init__(self, needles: Sequence[tuple[int, bytes]], size: int) -> None:
        self.size = size
        # anchor -> where it begins in a needle and how long that is -> needle -> number of its word
        self.by_anchor: dict[bytes, dict[tuple[int, int], dict[bytes, int]]] = {}
        for key, needle in needles:
            start = (len(needle) - size) // 2
            alike = self.by_anchor.setdefault(needle[start : start + size], {})
            alike.setdefault((start, len(needle)), {})[needle] = key
        anchors = [self._hashes(anchor, 0)[0] for anchor in self.by_anchor]
        self.hashes = np.sort(np.array(anchors, dtype=np.uint64))
        self.table = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self.table[self.hashes >> np.uint64(64 - _TABLE_BITS)] = True

    def places(self, block: bytes, skip: int) -> Iterator[int]:
        for shift in range(8 if self.by_anchor else 0):
            hashes = self._hashes(block, shift)
            maybe = np.flatnonzero(self.table[hashes >> np.uint64(64 - _TABLE_BITS)])
            at = np.searchsorted(self.hashes, hashes[maybe])
            sure = maybe[self.hashes[np.minimum(at, len(self.hashes) - 1)] == hashes[maybe]]
            for place in (sure * 8 + shift).tolist():
                yield from self._here(block, place, skip)

    def _hashes(self, block: bytes, shift: int) -> np.ndarray:
        """Of the bytes at each eighth position from `shift` on."""
        count = max(0, (len(block) - shift - self.size) // 8 + 1)
        if self.size == 12:
            eight = np.frombuffer(block, "<u8", count, min(shift, len(block)))
            four = np.frombuffer(block, "<u4", max(2 * count - 1, 0), min(shift + 8, len(block)))[::2]
            return (eight * _MIX[0]) ^ (four.astype(np.uint64) * _MIX[1])
        eight = np.frombuffer(block, "<u8", count + 2 if count else 0, min(shift, len(block)))
        mixed = (eight[:count] * _MIX[0]) ^ (eight[1 : count + 1] * _MIX[1])
        return mixed ^ (eight[2 : count + 2] * _MIX[2])

    def _here(self, block: bytes, place: int, skip: int) -> Iterator[int]:
        for (start, length), alike in self.by_anchor.get(block[place : place + self.size], {}).items():
            begin = place - start
            key = alike.get(block[begin : begin + length]) if begin >= 0 else None
            if key is not None and begin + length > skip:
                yield key


# ---- files --------------------------------------------------------------------------------


def search_files(search: Search, folder: Path, files: Iterable[Path]) -> Found:
    """Links are not followed; a file that goes meanwhile counts as gone."""
    found = Found()
    for path in files:
        name = shown(path, folder)
        try:
            _search_file(search, path, name, found)
        except FileNotFoundError:
            continue
        except OSError:
            found.unread.append(name)
    return found


def every_file(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _search_file(search: Search, path: Path, name: str, found: Found) -> None:
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        _count(search, _blocks(file), name, found)
        found.files += 1
        file.seek(0)
        if head[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=file) as member:
                _search_member(search, member, f"{name} > unpacked", found)
        elif head == b"PK\x03\x04" and zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for item in archive.infolist():
                    with archive.open(item) as member:
                        _search_member(search, member, f"{name} > {item.filename[:80]}", found)


def _search_member(search: Search, member: BinaryIO, name: str, found: Found) -> None:
    try:
        _count(search, _blocks(member, UNPACKED), name, found)
    except (EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        found.unread.append(name)  # cut, damaged or locked


def _count(search: Search, blocks: Iterable[bytes], name: str, found: Found) -> None:
    counts, size = search.in_blocks(blocks)
    found.bytes += size
    for key, places in counts.items():
        found.hits[name, key] += places


def _blocks(file: BinaryIO, most: int | None = None) -> Iterator[bytes]:
    left = most
    while block := file.read(BLOCK):
        yield block
        if left is not None:
            left -= len(block)
            if left <= 0:
                return


def in_words(search: Search, words: Iterable[str]) -> set[int]:
    """Which of the words stand in these cells, written as UTF-8."""
    seen: set[int] = set()
    held: list[bytes] = []
    size = 0
    for cell in words:
        held.append(cell.encode("utf-8", "surrogatepass"))
        size += len(held[-1])
        if size > BLOCK:
            seen.update(search.places(b"\0".join(held)))
            held, size = [], 0
    seen.update(search.places(b"\0".join(held)))
    return seen
