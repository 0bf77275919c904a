"""JSON Lines: one object a line, its values as text."""

import codecs
import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from json.decoder import JSONDecodeError
from pathlib import Path

from core.domain import Question
from core.errors import BadFile, NotText, TooLarge
from core.ingest.chunks import Gathering, writable
from core.ingest.columns_kept import columns_kept
from core.ingest.raw import Limits, RawChunk
from core.ingest.titles import unique_names

LINE_BYTES = 8 * 2**20  # longest line that is parsed, unless the limit of a cell asks for more
SHOWN = 6  # objects in a preview
DEEPEST = 64  # levels of nesting
JOINED = "; "  # between the values of an array
NO_TEXT = "is not UTF-8 text"
NO_OBJECT = "is not a JSON object"
TOO_DEEP = f"is nested deeper than {DEEPEST} levels"

Found = tuple[int, dict[str, str], str]  # line, cells by key, why it is no row


class _Number(str):
    """A number as it is written in the file."""

    __slots__ = ()


class JsonLines:
    """A TableFile; `warnings` grows while `chunks` reads."""

    format = "jsonl"
    encoding = "utf-8"
    delimiter = ""

    def __init__(self, source: Path | bytes, limits: Limits, answers: Mapping[str, str]) -> None:
        self._source, self._limits = source, limits
        self._longest = max(LINE_BYTES, 8 * limits.max_cell_chars)
        self._repeated = self._surrogates = 0
        self._check_bytes()
        keys, first = self._survey()
        names, self._renamed = unique_names([writable(key) for key in keys])
        rows = [[writable(cells.get(key, "")) for key in keys] for cells in first]
        kept = columns_kept(names, rows, limits, answers.get("columns"))
        places = range(len(keys)) if kept.positions is None else kept.positions
        self._keys = tuple(keys[place] for place in places)
        self.header = tuple(names[place] for place in places)
        self._left_out = kept.warnings
        self.questions: tuple[Question, ...] = (kept.question,) if kept.question else ()
        self.answers: dict[str, str] = dict(answers)

    @property
    def warnings(self) -> tuple[str, ...]:
        found = [*self._renamed, *self._left_out]
        if self._repeated:
            found.append(f"Objects that give a key twice: {self._repeated:,}. The last value counts.")
        if self._surrogates:
            found.append(f"Cells with broken characters, now written as \ufffd: {self._surrogates:,}.")
        return tuple(found)

    def chunks(self) -> Iterator[RawChunk]:
        """Raises BadFile, TooLarge."""
        gathering = Gathering(self.header, self._limits, "line")
        for line, cells, reason in self._objects():
            if reason:
                gathering.reject(line, reason, tuple(cells.values()))
            elif not any(cell.strip() for cell in cells.values()):
                gathering.reject(line, "every cell is empty", tuple(cells.values()))
            else:
                gathering.keep(line, [cells.get(key, "") for key in self._keys])
            if gathering.full:
                yield gathering.take()
        gathering.check_rows()
        if gathering.waiting:
            yield gathering.take()
        self._surrogates = gathering.surrogates

    def _check_bytes(self) -> None:
        size = len(self._source) if isinstance(self._source, bytes) else self._source.stat().st_size
        if size > self._limits.max_bytes:
            raise TooLarge(
                f"The file has {size / 1e6:,.0f} MB; at most {self._limits.max_bytes / 1e6:,.0f} MB can be "
                "read. Split it into several files and upload one after the other."
            )
        if next(self._lines(), b"")[:4].startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise NotText("This JSON file is written in UTF-16. Save it as UTF-8 and upload the new file.")

    def _survey(self) -> tuple[tuple[str, ...], list[dict[str, str]]]:
        """Every key in the order of appearance, and the first objects. Raises BadFile, TooLarge."""
        keys: dict[str, None] = {}
        shown: list[dict[str, str]] = []
        first = ""
        for line, cells, reason in self._objects():
            if reason:
                first = first or f"line {line:,} {reason}"
                continue
            if len(shown) < SHOWN:
                shown.append(cells)
            if not cells.keys() <= keys.keys():
                keys.update(dict.fromkeys(cells))
                self._refuse_width(len(keys), line)
        if not keys:
            why = f" ({first})" if first else ""
            raise BadFile(f"No line of the file holds a JSON object with values{why}. Choose another file.")
        return tuple(keys), shown

    def _refuse_width(self, width: int, line: int) -> None:
        if width > self._limits.refuse_columns:
            raise TooLarge(
                f"The objects up to line {line:,} have {width:,} different keys; at most "
                f"{self._limits.refuse_columns:,} can be read. Keep those you need (text, label, date ...)."
            )

    def _lines(self) -> Iterator[bytes]:
        source = self._source
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            number = 1
            while data := file.readline(self._longest + 1):
                if len(data) > self._longest:
                    raise TooLarge(
                        f"Line {number:,} is longer than {self._longest / 1e6:,.0f} MB, so this is hardly "
                        "one comment a line. Check how the file was exported."
                    )
                yield data
                number += 1

    def _objects(self) -> Iterator[Found]:
        """Each line that is not blank."""
        self._repeated = 0
        decode = json.JSONDecoder(
            parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=self._object
        ).decode
        for number, data in enumerate(self._lines(), start=1):
            if number == 1:
                data = data.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901
            if not data.strip():
                continue
            try:
                text = data.decode("utf-8").strip()
                value = decode(text)
                cells = self._flat(value) if type(value) is dict else None
            except UnicodeDecodeError:
                yield number, self._aside(data.decode("utf-8", "replace")), NO_TEXT
            except JSONDecodeError as error:
                yield number, self._aside(text), f"is broken JSON ({error.msg.split(':')[0]})"
            except RecursionError:
                yield number, self._aside(text), TOO_DEEP
            else:
                yield (number, self._aside(text), NO_OBJECT) if cells is None else (number, cells, "")

    def _aside(self, text: str) -> dict[str, str]:
        return {"": text.strip()[: self._limits.max_cell_chars]}

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) < len(pairs):
            self._repeated += 1
        return made

    def _flat(self, value: Mapping[str, object]) -> dict[str, str]:
        """Cells by key; the keys of an inner object stand behind a dot. Raises RecursionError."""
        cells: dict[str, str] = {}
        size = 0
        for key, part in value.items():
            if type(part) is str:
                cells[key] = part
            elif type(part) is dict and part:
                for inner, deeper in part.items():
                    cells[f"{key}.{inner}"] = cell_text(deeper)
                size += len(part) - 1
            else:
                cells[key] = cell_text(part)
        if len(cells) < len(value) + size:
            self._repeated += 1
        return cells


def open_json_lines(
    source: Path | bytes, limits: Limits, answers: Mapping[str, str] | None = None
) -> JsonLines:
    """Open a file of one JSON object a line; the whole of it is looked at for its keys.

    The only question of such a file is which of very many keys to keep. Raises NotText, TooLarge or BadFile.
    """
    return JsonLines(source, limits, answers or {})


def cell_text(value: object) -> str:
    """One value as a person would write it in a cell; raises RecursionError where it is nested too deep."""
    if isinstance(value, str):
        return str(value)
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(part, list | dict) for part in value):
        return JOINED.join(cell_text(part) for part in value)
    return _compact(value, 1)


def _compact(value: object, depth: int) -> str:
    """JSON without blanks, numbers as they were written."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        pairs = (
            f"{json.dumps(key, ensure_ascii=False)}:{_compact(part, depth + 1)}"
            for key, part in value.items()
        )
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_compact(part, depth + 1) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)
