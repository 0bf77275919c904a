"""Where the column names stand among the first records of a file, or that there are none."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain import Answer, Question
from core.errors import BadFile
from core.ingest.cell_kinds import blank, is_header, is_name, is_usual_name, kind
from core.ingest.preview import preview

NONE = "none"
MOST_PREAMBLE = 20
_MISSING = frozenset(("", "-", "na", "n/a", "nan", "null", "none", "nil", "unknown", "?", "."))


@dataclass(frozen=True)
class Header:
    """`index`: of the record with the names, or of the first record when there are none."""

    index: int
    named: bool = True
    warnings: tuple[str, ...] = ()
    question: Question | None = None


def find_header(
    records: Sequence[list[str]], lines: Sequence[int], answer: str | None = None, start: int = 0
) -> Header:
    """`lines` on which the records begin; records before `start` are none of the table's.

    Raises BadFile for an answer that names no record.
    """
    filled = [i for i, cells in enumerate(records) if i >= start and not blank(cells)]
    if not filled:
        return Header(len(records))
    if answer is not None:
        return _given(answer, records, lines, filled)
    place, unclear, above = place_of(records, filled)
    warnings = (_left_out(above),) if above else ()
    named = looks_named(records, place)
    if not unclear and named:
        return Header(place, True, warnings)
    unnamed = _given(NONE, records, lines, filled).index
    if not unclear and named is not None:
        note = "The first row looks like data, so the columns are called Column 1, Column 2 and so on."
        return Header(unnamed, False, (*warnings, note))
    options = _candidates(records, lines, filled, place, unclear)
    question = _question(records, lines, options, filled)
    return Header(unnamed if options[0] == NONE else place, options[0] != NONE, warnings, question)


def place_of(records: Sequence[list[str]], filled: Sequence[int]) -> tuple[int, bool, int]:
    """(index of the first record of the table, whether that is unclear, filled or blank records above)."""
    first = filled[0]
    widths = Counter(len(records[i]) for i in filled)
    usual = max(widths, key=lambda width: (widths[width], width))
    skip = first
    for cells in records[first : first + MOST_PREAMBLE]:
        if not _is_preamble(cells, usual):
            break
        skip += 1
    if skip < len(records) and (names := _below_padded(records, first, skip, usual)):
        return names
    if skip > first and skip < len(records) and is_header(records[skip], usual):
        return skip, False, skip
    if skip > first and skip < len(records) and len(records[skip]) == usual and usual > 1:
        return skip, True, skip  # a title, then rows that may be data
    if len(records[first]) < usual and usual > 2:
        return _below_narrow(records, filled, usual)
    return first, False, 0


def _below_padded(
    records: Sequence[list[str]], first: int, skip: int, usual: int
) -> tuple[int, bool, int] | None:
    """As `place_of`, when lines such as "From,2024-01-01,,,,", padded as Excel does, stand above fuller
    names; a blank line between, or a value among them, makes it clear."""
    if usual < 4:
        return None
    for i in range(skip, min(first + MOST_PREAMBLE, len(records))):
        if _end(records[i]) > usual / 2:
            if i == skip or not is_header(records[i], usual) or not looks_named(records, i):
                return None
            above = records[skip:i]
            clear = any(map(blank, above)) or any(
                kind(cell) != "word" for cells in above for cell in cells if cell
            )
            return i, not clear, i
    return None


def _end(cells: Sequence[str]) -> int:
    """How many cells there are up to the last filled one."""
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _below_narrow(records: Sequence[list[str]], filled: Sequence[int], usual: int) -> tuple[int, bool, int]:
    """Lines such as "From,2024-01-01" stand above the names; a blank line between makes it clear."""
    first = filled[0]
    for i in filled[:MOST_PREAMBLE]:
        if len(records[i]) == usual:
            below = [len(records[k]) == usual for k in filled if k >= i]
            parted = any(blank(cells) for cells in records[first:i])
            far = usual - max(len(records[k]) for k in filled if k < i) > 1
            table = _is_table([records[k] for k in filled if k < i])
            fits = is_header(records[i], usual) and sum(below) >= 0.9 * len(below)
            if fits and table is not None and (parted or far):
                return i, table or not parted, i
            break
    return first, False, 0


def _is_table(above: Sequence[list[str]]) -> bool | None:
    """Whether the records above names may be a table themselves; None: they are one."""
    first = above[0]
    if len(above) < 2 or len(first) < 2 or any(kind(cell) != "word" for cell in first):
        return False
    if any(len(cells) != len(first) for cells in above):
        return False
    return None if all(map(is_usual_name, first)) else True


def _is_preamble(cells: list[str], usual: int) -> bool:
    """A title, a comment or a blank line above the header of a table `usual` cells wide."""
    if blank(cells) or (cells[0].lstrip().startswith("#") and len(cells) != usual):
        return True
    if usual == 1 and re.match(r"\s*(#|//)\s", cells[0]):
        return True
    filled = sum(bool(cell.strip()) for cell in cells)
    if usual == 2:  # "text" above rows of two cells may be a header that is too short
        return filled == 1 and len(cells) == 1 and " " in cells[0].strip()
    return usual > 2 and filled <= usual / 2 and (len(cells) < usual or filled == 1)


def looks_named(records: Sequence[list[str]], place: int) -> bool | None:
    """Whether the record at `place` holds names (None: a person must say)."""
    first = [cell.strip() for cell in records[place]]
    width = len(first)
    below = [cells for cells in records[place + 1 : place + 201] if len(cells) == width and not blank(cells)]
    if not below or len(first) > 1 and not any(first[1:]):
        return True
    if width == 1:
        return _single_named(first[0], [cells[0] for cells in below])
    known = sum(
        is_usual_name(cell) and all(cell != cells[i] for cells in below) for i, cell in enumerate(first)
    )
    known = width if all(map(is_name, first)) else known
    strong, data = _evidence(first, below)
    if _thin(records, place) and not known:
        return None
    if strong or (known and (known >= data or _counts_up(first))):  # years or numbers of questions
        return True
    clear = not known and data >= 2 and data >= width / 3 and not _counts_up(first)
    return False if clear else (None if data else True)


def _counts_up(names: Sequence[str]) -> bool:
    numbers = [int(name) for name in names if name.isdecimal() and len(name) < 10]
    return len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _evidence(first: list[str], below: list[list[str]]) -> tuple[int, int]:
    """(columns of values under a word, columns in which the first cell is like those below)."""
    strong = data = 0
    for position, cell in enumerate(first):
        under = [cells[position].strip() for cells in below]
        kinds = Counter(kind(value) for value in under if value.lower() not in _MISSING)
        if not kinds or cell.lower() in _MISSING:
            continue
        usual, count = kinds.most_common(1)[0]
        own = kind(cell)
        if usual in ("number", "date", "address") and count >= 0.9 * sum(kinds.values()):
            strong += own == "word"
            data += own == usual
        elif usual == "prose" and count >= 0.6 * sum(kinds.values()):
            data += own == "prose"
        elif cell in under and len(set(under)) <= max(1, len(under) // 2):
            data += 1  # "SG" above many "SG"
    return strong, data


def _thin(records: Sequence[list[str]], place: int) -> bool:
    """One record as wide stands below, and none of the words above it is a usual name."""
    below = [cells for cells in records[place + 1 :] if not blank(cells)]
    if len(below) != 1 or len(below[0]) != len(records[place]):
        return False
    names = records[place]
    return not any(map(is_usual_name, names)) and not all(map(is_name, names))


def _single_named(cell: str, below: list[str]) -> bool | None:
    """Of one column: a name is shorter than the comments."""
    if is_name(cell):
        return True
    own = kind(cell)
    if own == "prose":
        return False if sum(kind(value) == "prose" for value in below) >= len(below) / 2 else None
    if own != "word":
        return False if all(kind(value) == own for value in below) else None
    longer = sum(len(value.split()) > 2 * len(cell.split()) for value in below)
    return True if longer >= len(below) / 2 or cell not in below else None


def _left_out(above: int) -> str:
    lines = "line was" if above == 1 else f"{above} lines were"
    return f"The first {lines} left out, because the column names stand below."


def _given(answer: str, records: Sequence[list[str]], lines: Sequence[int], filled: Sequence[int]) -> Header:
    if answer.strip().lower() == NONE:
        widths = Counter(len(records[i]) for i in filled)
        usual = max(widths, key=lambda width: (widths[width], width))
        return Header(next(i for i in filled if len(records[i]) == usual), False)
    wanted = answer.strip()
    for i in filled:
        if wanted == str(lines[i]):
            return Header(i)
    raise BadFile(
        f"No row begins on line {wanted[:20]} among the first rows of the file. Give the number of the line "
        "that holds the column names, or 'none'."
    )


def _candidates(
    records: Sequence[list[str]], lines: Sequence[int], filled: Sequence[int], place: int, unclear: bool
) -> list[str]:
    """The likeliest first."""
    own = str(lines[place])
    if not unclear:
        return [NONE, own] if _thin(records, place) else [own, NONE]
    others = [str(lines[i]) for i in filled[:4] if i != place][:2]
    if is_header(records[place], len(records[place])) and looks_named(records, place):
        return [own, *others, NONE]
    return [NONE, own, *others]


def _question(
    records: Sequence[list[str]], lines: Sequence[int], options: list[str], filled: Sequence[int]
) -> Question:
    answers = []
    for option in options:
        if option == NONE:
            start = _given(NONE, records, lines, filled).index
            names = tuple(f"Column {n}" for n in range(1, len(records[start]) + 1))
            rows, said = preview(names, records[start:]), "There are no names; every row is data"
        else:
            place = list(lines).index(int(option))
            rows, said = preview(records[place], records[place + 1 :]), f"The names stand on line {option}"
        answers.append(Answer(option, said, rows))
    return Question("header", "Which line holds the names of the columns?", tuple(answers), free=True)
