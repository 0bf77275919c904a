"""A CSV scored row by row: what the file has, the label, how sure, and the probability of each label."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from core.errors import BadColumns
from core.models.classifier import TextModel

CHUNK = 2_000  # rows that are in memory at a time
# As the columns of one comment are joined when it is imported, in the order of the file, without blank cells.
BETWEEN_TEXTS, BLANK = "\n\n", " \t\r\n\ufffd\u200b\ufeff\u00a0\u3000"
BETWEEN_LABELS = "; "
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")  # no formula, although it may begin as one
SURE = 0.5  # of a calibrated probability, where a text may carry several labels
Safe = Callable[[object], object]


class Unread(tuple):
    """The cells of a row that does not fit the columns: it keeps its place and gets no answer."""


def score_csv(
    model: TextModel,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    text_columns: Sequence[str],
    safe: Safe,
    every_label: bool = True,
    on_rows: Callable[[int], None] | None = None,
) -> Iterator[list[str]]:
    """The header of the result, then its rows. `safe` makes a cell harmless for a spreadsheet and is not
    asked about numbers; a row without text, or an Unread one, gets no label; cells beyond the header are left
    out. `on_rows(done)` after each chunk may raise to stop.

    Raises BadColumns when a text column is not there, before any row is read.
    """
    places = _places(header, text_columns)
    yield [str(safe(name)) for name in _names(header, model, every_label)]
    done = 0
    for chunk in _chunks(rows):
        texts = [_text(row, places) for row in chunk]
        asked = [text for text in texts if text]
        answers = iter(model.probabilities(asked)) if asked else iter(())
        for row, text in zip(chunk, texts, strict=True):
            cells = [*row[: len(header)], *[""] * (len(header) - len(row))]
            shares = next(answers) if text else None
            yield [*(_cell(cell, safe) for cell in cells), *_answer(shares, model, safe, every_label)]
        done += len(chunk)
        if on_rows:
            on_rows(done)


def decided(shares: np.ndarray, labels: Sequence[str], multi: bool) -> tuple[str, float]:
    """The label and its probability; with several labels a text those of at least 0.5, joined, and how sure
    the least sure yes or no is."""
    if not multi:
        best = int(shares.argmax())
        return labels[best], float(shares[best])
    said = [label for label, share in zip(labels, shares, strict=True) if share >= SURE]
    return BETWEEN_LABELS.join(said), float(np.maximum(shares, 1 - shares).min())


def _places(header: Sequence[str], columns: Sequence[str]) -> list[int]:
    missing = [column for column in columns if column not in header]
    if missing or not columns:
        wanted = f"There is no column '{missing[0]}'." if missing else "No text column was named."
        raise BadColumns(f"{wanted} Name one with --text; the file has: {', '.join(header)}.")
    return sorted({list(header).index(column) for column in columns})


def _names(header: Sequence[str], model: TextModel, every_label: bool) -> list[str]:
    """Columns of the file keep their names; ours get a number where a name is taken."""
    names = list(header)
    ours = ["label", "confidence"]
    if every_label:
        ours += [f"p({label})" for label in model.labels]
    for name in ours:
        number, free = 2, name
        while free in names:
            free, number = f"{name} {number}", number + 1
        names.append(free)
    return names


def _chunks(rows: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _text(row: Sequence[str], places: Sequence[int]) -> str:
    return "" if isinstance(row, Unread) else text_of(row[place] for place in places if place < len(row))


def text_of(cells: Iterable[str]) -> str:
    """The comment whose cells these are, in the order of the file."""
    return BETWEEN_TEXTS.join(cell for cell in cells if cell.strip(BLANK))


def _cell(cell: str, safe: Safe) -> str:
    return cell if NUMBER.fullmatch(cell) else str(safe(cell))


def _answer(shares: np.ndarray | None, model: TextModel, safe: Safe, every_label: bool) -> list[str]:
    if shares is None:
        return [""] * (2 + (len(model.labels) if every_label else 0))
    label, sure = decided(shares, model.labels, model.multi)
    more = [f"{share:.4f}" for share in shares] if every_label else []
    return [str(safe(label)), f"{sure:.4f}", *more]
