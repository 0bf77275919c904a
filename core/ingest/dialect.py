"""Which characters stand between the cells of a text, and what its quotation marks mean."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.domain import Answer, Question
from core.errors import BadFile
from core.ingest.cell_kinds import blank, is_name
from core.ingest.header import place_of
from core.ingest.preview import preview
from core.ingest.records import BACKSLASH, CSV, PLAIN, Block, Dialect, parse, split_lines

DELIMITERS = (",", ";", "\t", "|")
UNUSUAL = ("^", "~", "¦", "§", "¬", "\x01", "\x1f", "\x1e", ":")
LONGEST_DELIMITER = 10
SAMPLE_CHARS = 256 * 1024
SAMPLE_ROWS = 300
_NAMES = {"\t": "tab", "": "none"}
_SHOWN = {
    "\t": "a tab",
    "": "nothing: each line is one comment",
    ",": "a comma",
    ";": "a semicolon",
    "|": "a vertical bar",
}


@dataclass(frozen=True)
class Fit:
    """How well the first records make a table when they are read in a dialect."""

    dialect: Dialect
    share: float  # of the records below the header that are as wide as it
    width: int
    clean: bool  # no preamble, and every column has a name
    broken: int  # records with wrong quotation marks
    records: int
    prose: bool = False  # most lines do not hold the delimiter, and the first one holds no names

    @property
    def order(self) -> tuple:
        """A table from the first line on is likelier than one below a preamble."""
        return round(self.share, 1), self.clean, self.width


@dataclass(frozen=True)
class Found:
    dialect: Dialect
    named_above: bool = False  # a line "sep=;" stands above the names
    warnings: tuple[str, ...] = ()
    question: Question | None = None


def find_dialect(text: str, whole: bool, answers: Mapping[str, str]) -> Found:
    """From the first part of a text, `whole` when it is all. Raises BadFile for impossible answers."""
    named = re.match(r'"?sep=([^\w\s"\']{1,3}|\t)"?[ \t,;]*(\r\n|\r|\n)', text, re.IGNORECASE)
    if "delimiter" in answers:
        found = Found(Dialect(_given(answers["delimiter"], text, whole)), bool(named))
    elif named:
        found = Found(Dialect(named[1]), True)
    else:
        found = _guess(text, whole)
    quotes = answers.get("quotes")
    if quotes is None:
        return _with_quotes(found, text, whole)
    if quotes not in (CSV, PLAIN, BACKSLASH):
        raise BadFile(f"'{quotes[:20]}' is no way to read quotation marks. Choose csv, plain or backslash.")
    return _replaced(found, Dialect(found.dialect.delimiter, quotes))


def _replaced(found: Found, dialect: Dialect, *warnings: str) -> Found:
    return Found(dialect, found.named_above, (*found.warnings, *warnings), found.question)


def _given(answer: str, text: str, whole: bool) -> str:
    delimiter = {"tab": "\t", "\\t": "\t", "none": "", "comma": ",", "semicolon": ";", "pipe": "|"}.get(
        answer.lower(), answer
    )
    if len(delimiter) > LONGEST_DELIMITER or re.search(r'["\r\n]', delimiter):
        raise BadFile(
            "A delimiter is up to ten characters, without quotation mark and line end. Type the "
            "characters that stand between two cells."
        )
    if delimiter not in text and (whole or len(text) >= SAMPLE_CHARS):
        raise BadFile(f"The file does not hold '{answer}' between its cells. Type the characters that do.")
    return delimiter


def sample(text: str, dialect: Dialect, whole: bool) -> Block:
    """The first records; one that is cut by the end of the sample is left out."""
    lines = split_lines(dialect.prepare(text))
    if not whole and len(lines) > 1:
        lines.pop()
    block, used = parse(lines, 1, dialect, whole, None)
    if not whole and used < len(lines) / 2:  # a quotation mark swallows the rest
        block, _ = parse(lines, 1, dialect, True, None)
    return block


def _guess(text: str, whole: bool) -> Found:
    fits = [_fit(text, Dialect(delimiter), whole) for delimiter in DELIMITERS if delimiter in text]
    others = [_fit(text, Dialect(delimiter), whole) for delimiter in _others(text)]
    others = [fit for fit in others if fit.share >= 0.6]
    best = max(fits, key=lambda fit: fit.order, default=None)
    if best is None or best.width < 2 or best.share < 0.8 or not best.clean:
        fits += others
        best = max(fits, key=lambda fit: fit.order, default=None)
    if best is not None:
        best = next((fit for fit in others if _contains(fit, best, text)), best)
    if best is None or best.width < 2 or best.prose:
        return _one_column(text, whole)
    rivals = [fit for fit in fits if fit is not best and _rivals(fit, best)]
    if rivals:
        return Found(best.dialect, question=_question(text, whole, [best, *rivals]))
    delimiter = best.dialect.delimiter
    if delimiter in DELIMITERS:
        return Found(best.dialect)
    return Found(best.dialect, warnings=(f"The cells are separated by {shown(delimiter)}.",))


def _contains(fit: Fit, best: Fit, text: str) -> bool:
    """Whether the sign that was found is only a part of a longer delimiter, such as | of ~|~."""
    long, sign = fit.dialect.delimiter, best.dialect.delimiter
    if len(long) <= len(sign) or sign not in long or fit.share < best.share or fit.width < 2:
        return False
    first = split_lines(text[:SAMPLE_CHARS].lstrip("\ufeff\r\n"))[0]
    return first.count(long) * long.count(sign) == first.count(sign)


def _rivals(fit: Fit, best: Fit) -> bool:
    """Whether a second reading makes as good a table."""
    if fit.dialect.delimiter in best.dialect.delimiter or best.dialect.delimiter in fit.dialect.delimiter:
        return False
    good = fit.share >= 0.9 * best.share and fit.records >= 2 and fit.clean >= best.clean
    return good and fit.width > 1 and 2 * fit.width > best.width and fit.broken <= best.broken


def _fit(text: str, dialect: Dialect, whole: bool) -> Fit:
    block = sample(text[:SAMPLE_CHARS], dialect, whole)
    records = block.records[:SAMPLE_ROWS]
    broken = sum(row.line <= (block.lines[len(records) - 1] if records else 0) for row in block.rejected)
    filled = [i for i, cells in enumerate(records) if not blank(cells)]
    if not filled:
        return Fit(dialect, 0.0, 0, False, broken, 0)
    place, _, above = place_of(records, filled)
    if place >= len(records):
        return Fit(dialect, 0.0, 0, False, broken, 0)
    width = len(records[place])
    below = [cells for cells in records[place + 1 :] if not blank(cells)]
    fitting = sum(len(cells) == width for cells in below)
    share = fitting / (len(below) + broken) if below or broken else 1.0
    names = records[place][:-1] if not records[place][-1].strip() else records[place]
    clean = not above and all(name.strip() for name in names)
    alone = sum(len(cells) == 1 for cells in below)
    prose = (
        share < 0.3 and alone > len(below) / 2 and not all(map(is_name, names)) and not _short_words(names)
    )
    return Fit(dialect, share if width > 1 else 0.0, width, clean, broken, len(records), prose)


def _short_words(names: list[str]) -> bool:
    return len(names) > 2 and all(0 < len(name.strip()) < 20 and " " not in name.strip() for name in names)


def _others(text: str) -> Iterator[str]:
    """Unusual delimiters, of one character or several such as ****** or ~|~, that the first lines share."""
    lines = [line for line in split_lines(text[:SAMPLE_CHARS])[:10] if line.strip()]
    if len(lines) < 2:
        return
    first = Counter(re.findall(r"[^\w\s\"'.,!?()]{2,10}", lines[0]))
    first.update({sign: lines[0].count(sign) for sign in UNUSUAL if sign in lines[0]})
    for run, _ in first.most_common(6):
        if any(run in line for line in lines[1:]):
            yield run


def _one_column(text: str, whole: bool) -> Found:
    dialect = Dialect("")
    records = sample(text[:SAMPLE_CHARS], dialect, whole).records
    warnings: tuple[str, ...] = ()
    bare = (cell for cells in records[:50] for cell in cells if f'"{cell[:20]}' not in text)
    if any(delimiter in cell for cell in bare for delimiter in DELIMITERS[:2]):
        warnings = ("The header names one column, so each line was read as one comment, commas included.",)
    return Found(dialect, warnings=warnings)


def _with_quotes(found: Found, text: str, whole: bool) -> Found:
    """The same dialect when its quotation marks are as the csv module wants them."""
    usual = _fit(text, found.dialect, whole)
    if not usual.broken:
        return found
    delimiter = found.dialect.delimiter
    if '\\"' in text:
        escaped = _fit(text, Dialect(delimiter, BACKSLASH), whole)
        if escaped.broken < usual.broken / 4 and escaped.width == usual.width:
            return _replaced(
                found,
                escaped.dialect,
                'Quotation marks that are written as \\" were read as quotation marks.',
            )
    plain = _fit(text, Dialect(delimiter, PLAIN), whole)
    many = usual.broken >= 3 and usual.broken >= 0.2 * (usual.records + usual.broken)
    if many and plain.share > usual.share and plain.share >= 0.9 and found.question is None:
        words = f"In at least {usual.broken:,} rows the quotation marks do not match. How are they meant?"
        return Found(
            found.dialect, found.named_above, found.warnings, quotes_question(text, whole, delimiter, words)
        )
    return found


def quotes_question(text: str, whole: bool, delimiter: str, words: str, plain_first: bool = True) -> Question:
    """Read quotation marks as characters, or leave out the rows in which they do not match."""
    plain = Answer(PLAIN, "Read without quoting: quotation marks are kept as characters", ())
    usual = Answer(CSV, "Quotation marks enclose cells; rows in which they do not match are left out", ())
    order = (plain, usual) if plain_first else (usual, plain)
    filled = tuple(
        Answer(option.value, option.words, _preview(text, Dialect(delimiter, option.value), whole))
        for option in order
    )
    return Question("quotes", words, filled)


def _question(text: str, whole: bool, fits: list[Fit]) -> Question:
    answers = tuple(
        Answer(
            _NAMES.get(fit.dialect.delimiter, fit.dialect.delimiter),
            f"{shown(fit.dialect.delimiter).capitalize()} ({fit.width:,} columns)",
            _preview(text, fit.dialect, whole),
        )
        for fit in sorted(fits, key=lambda fit: fit.order, reverse=True)
    )
    return Question("delimiter", "What stands between the cells of a row?", answers, free=True)


def _preview(text: str, dialect: Dialect, whole: bool) -> tuple[tuple[str, ...], ...]:
    records = sample(text[:SAMPLE_CHARS], dialect, whole).records
    filled = [i for i, cells in enumerate(records) if not blank(cells)]
    if not filled:
        return ()
    place = place_of(records, filled)[0]
    return preview(records[place], records[place + 1 :]) if place < len(records) else ()


def shown(delimiter: str) -> str:
    return _SHOWN.get(delimiter, f"'{delimiter}'")
