"""Edit and see: a comment beside its changed form, word by word, and what the model says of both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from core.domain import Span
from core.explain.words import units
from core.store.store import Store
from core.workflow import label_drivers
from core.workflow.explain_jobs import DRIVERS
from core.workflow.explanations import LONGEST, clean_pasted

if TYPE_CHECKING:
    from core.explain.editing import Flip, Robustness

KEPT, DROPPED, ADDED, GAP = "kept", "dropped", "added", "gap"
COMPARED = 400  # words of a changed stretch; a longer one counts as written anew
DECIDED = 0.5  # of a label, where a comment may carry several


@dataclass(frozen=True)
class Piece:
    """A word or a gap as it is drawn; [start, end) in the changed text, an empty place for a dropped word."""

    text: str
    state: str
    start: int
    end: int
    spaced: tuple[bool, bool] = (False, False)  # of a dropped word: white space before and after it


@dataclass(frozen=True)
class Compared:
    """Probabilities by label, and the labels that the model gives."""

    before: Mapping[str, float]
    after: Mapping[str, float]
    said_before: tuple[str, ...]
    said_after: tuple[str, ...]


def compare(classifier, before: str, after: str) -> Compared:
    """Both texts in one call."""
    from core.explain.editing import answers

    shares = [
        dict(zip(classifier.labels, answer.probabilities, strict=True))
        for answer in answers(classifier, [before, after])
    ]
    return Compared(*shares, *(said(each, classifier.multi) for each in shares))


def said(shares: Mapping[str, float], multi: bool) -> tuple[str, ...]:
    """The labels that the model gives, likeliest first."""
    ranked = sorted(shares, key=lambda label: -shares[label])
    return tuple(label for label in ranked if shares[label] >= DECIDED) if multi else tuple(ranked[:1])


def smallest_flip(classifier, text: str) -> "Flip | None":
    """Of the likeliest label; None when no deletion turns it."""
    from core.explain.editing import smallest_flip as smallest

    return smallest(classifier, text)


def robustness(store: Store, run_id: int, label: str) -> "Robustness | None":
    """As measured with the drivers of the label; None before that."""
    found = store.explanations.findings(run_id, DRIVERS).get(label)
    return label_drivers.robustness(label, found.content) if found else None


# ---- the words of both ------------------------------------------------------------------------


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """The changed text with its gaps, and the dropped words where they stood."""
    old, new = units(before), units(after)
    words, others = [before[slice(*word)] for word in old], [after[slice(*word)] for word in new]
    drawn: list[Piece] = []
    place = 0
    for first, last, begin, end in _changes(words, others):
        kept = words[first:last] == others[begin:end]
        for start, stop in [] if kept else old[first:last]:
            spaced = (before[:start][-1:].isspace(), before[stop : stop + 1].isspace())
            if drawn and spaced[0] and not drawn[-1].text.isspace():
                drawn.append(Piece(" ", GAP, place, place))
            drawn.append(Piece(before[start:stop], DROPPED, place, place, spaced))
        for start, stop in new[begin:end]:
            if place < start:
                drawn.append(Piece(after[place:start], GAP, place, start))
            elif drawn and drawn[-1].state == DROPPED and drawn[-1].spaced[1]:
                drawn.append(Piece(" ", GAP, place, place))
            drawn.append(Piece(after[start:stop], KEPT if kept else ADDED, start, stop))
            place = stop
    if place < len(after):
        drawn.append(Piece(after[place:], GAP, place, len(after)))
    return tuple(drawn)


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """old[a:b] became new[c:d], in order; equal stretches too. What both begin and end with is cut off
    first, since the comparison takes the square of the words."""
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    yield 0, head, 0, head
    middle, other = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(middle), len(other)) > COMPARED:
        yield head, head + len(middle), head, head + len(other)
    else:
        for _, a, b, c, d in SequenceMatcher(None, middle, other, autojunk=False).get_opcodes():
            yield head + a, head + b, head + c, head + d
    yield len(old) - tail, len(old), len(new) - tail, len(new)


def _alike(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(left), len(right)))


# ---- a change ---------------------------------------------------------------------------------


def changed(before: str, after: str, change: object) -> str:
    """The text after one more change: {"piece": place in `pieces`, "was": its text, "text": words or None}.

    Without words a click: a word goes or comes back. With words: they take its place, or stand in the gap;
    a piece past the end is the end. It comes from the browser and may be anything: then nothing changes.
    """
    if not isinstance(change, Mapping):
        return after
    drawn, number, words = pieces(before, after), change.get("piece"), change.get("text")
    if type(number) is not int or not 0 <= number <= len(drawn):
        return after
    if words is not None and not isinstance(words, str):
        return after
    if number == len(drawn):
        return clean(before, _put(after, len(after), words or ""))
    piece = drawn[number]
    if change.get("was") != piece.text:  # a click on what has changed since
        return after
    return clean(before, _after(after, piece, words))


def _after(text: str, piece: Piece, words: str | None) -> str:
    from core.explain.editing import Edit, dropped, edited

    if piece.state == GAP:
        return _put(text, piece.start, words or "")
    if piece.state == DROPPED:
        back, place = piece.text if words is None else words, piece.start
        if piece.spaced == (True, False):  # the white space that is left stood before it
            place = len(text) - len(text[place:].lstrip())
        return _put(text, place, back, piece.spaced)
    if not (words or "").strip():
        return dropped(text, [Span(piece.start, piece.end, 0.0)])
    return edited(text, [Edit(piece.start, piece.end, words.strip())])


def _put(text: str, place: int, words: str, spaced: tuple[bool, bool] = (True, True)) -> str:
    """With white space on each side where `spaced` wants it and none is there."""
    words, left, right = words.strip(), text[:place], text[place:]
    if not words:
        return text
    before = " " if spaced[0] and left and not left[-1].isspace() else ""
    after = " " if spaced[1] and right and not right[0].isspace() else ""
    return left + before + words + after + right


def clean(before: str, text: str) -> str:
    """What a person wrote in passes the cleaning of a pasted comment: personal data masked, at most LONGEST
    characters. The comment's own words stay as the model read them."""
    if text == before:
        return text
    parts, written = [], ""
    for piece in pieces(before, text[:LONGEST]):
        if piece.state == KEPT:
            parts += [_masked(written), piece.text]
            written = ""
        elif piece.start < piece.end:
            written += piece.text
    return "".join([*parts, _masked(written)]).strip()


def _masked(written: str) -> str:
    """With the white space around it, which the cleaning takes off."""
    words = written.strip()
    if not words:
        return written
    start = written.index(words)
    return written[:start] + clean_pasted(words) + written[start + len(words) :]
