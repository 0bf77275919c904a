"""From characters to words and from weighted words to what is drawn; no model, no markup."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.charts.bars import Bar, Scale
from core.charts.labels import shorten
from core.domain import Attribution, Span

CUT, UNREAD = "cut", "unread"
POINTS = "points of confidence"  # a weight of 0.24 is 24 points
SCORE = "% of the score"  # a weight of 0.31 is 31 %
FACTOR = "times the confidence"  # a weight w is a factor e^w
FLOOR = 0.03  # 3 points; a smaller weight gets no colour
FULL = 0.20  # 20 points; a text whose top word is weaker never gets full colour
BOUNDS = {  # unit -> floor and full colour
    POINTS: (FLOOR, FULL),
    SCORE: (FLOOR, 0.0),
    FACTOR: (FLOOR, FULL),
}
GAP = -1
MOST_BARS = 10
SAID = 60  # characters of a word in a sentence

_WORD = re.compile(r"\S+")
# Scripts written without spaces: Han, kana, bopomofo, their punctuation and full-width forms.
_CJK = re.compile(
    "[\u2e80-\u303f\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\ufe30-\ufe4f\uff01-\uff9f\U0001b000-\U0001b16f\U00020000-\U000323af]"
)
_JOINER = "\u200d"


@dataclass(frozen=True)
class Piece:
    """A run of characters drawn in one way; `word` is its place in the spans, GAP between words."""

    text: str
    weight: float
    mark: str
    word: int


def units(text: str) -> tuple[tuple[int, int], ...]:
    """Spans of the words in code points: runs without white space, single characters in CJK."""
    return tuple(
        span for found in _WORD.finditer(text) for span in _characters(text, found.start(), found.end())
    )


def _characters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A run without white space, cut around each CJK character."""
    if not _CJK.search(text, start, end):
        yield start, end
        return
    begin, base = start, text[start]
    for place in range(start + 1, end):
        character = text[place]
        # Marks, variation selectors and invisible joiners belong to the character before them.
        if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
            continue
        parted = _CJK.match(character) or _CJK.match(base)
        if parted and text[place - 1] != _JOINER:
            yield begin, place
            begin = place
        base = character
    yield begin, end


def pieces(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
    """Words and gaps in text order; their texts joined are the text.

    What lies past the model's limit is one piece, however many words it has.
    """
    cut: list[Piece] = []
    place = 0
    for number, span in enumerate(spans):
        if cut and span.mark == CUT == cut[-1].mark:
            cut[-1] = replace(cut[-1], text=cut[-1].text + text[place : span.end])
        else:
            cut.append(Piece(text[place : span.start], 0.0, "", GAP))
            cut.append(Piece(text[span.start : span.end], span.weight, span.mark, number))
        place = span.end
    cut.append(Piece(text[place:], 0.0, "", GAP))
    return tuple(piece for piece in cut if piece.text)


def phrases(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbours of one sign above half the top weight as one span with the weight of its strongest word.

    Weights of words cannot be added up; `occlusion.phrases` measures each phrase as a whole.
    """
    half = max((abs(span.weight) for span in spans), default=0.0) / 2
    joined: list[Span] = []
    previous = None
    for span in spans:
        if previous and _belong(previous, span, half):
            weight = max(joined[-1].weight, span.weight, key=abs)
            joined[-1] = replace(joined[-1], end=span.end, weight=weight)
        else:
            joined.append(span)
        previous = span
    return tuple(joined)


def _belong(left: Span, right: Span, half: float) -> bool:
    strong = min(abs(left.weight), abs(right.weight)) > half
    return strong and left.weight * right.weight > 0 and not left.mark and not right.mark


def shades(attribution: Attribution) -> tuple[float, ...]:
    """Strength of colour of each span, -1 (against) to 1 (for); 0: no colour."""
    floor, full = next(
        (bounds for unit, bounds in BOUNDS.items() if attribution.unit.startswith(unit)), (0.0, 0.0)
    )
    top = max((abs(span.weight) for span in attribution.spans), default=0.0)
    if top == 0:
        return tuple(0.0 for _ in attribution.spans)
    return tuple(
        span.weight / max(top, full) if abs(span.weight) >= floor else 0.0 for span in attribution.spans
    )


def bars(attribution: Attribution, top: int = MOST_BARS) -> tuple[Bar, ...]:
    """The strongest words that were read, strongest first; equal ones in text order."""
    pairs = zip(attribution.spans, shades(attribution), strict=True)
    found = sorted((pair for pair in pairs if pair[0].mark != CUT), key=lambda pair: -abs(pair[0].weight))
    return tuple(
        Bar(
            attribution.text[span.start : span.end],
            span.weight,
            amount(span.weight, attribution.unit),
            shade,
        )
        for span, shade in found[:top]
    )


def scale(attribution: Attribution) -> Scale:
    """What the bars measure, and what they speak for on each side."""
    unit = plain_unit(attribution)
    return Scale(unit, attribution.label, attribution.against, unit in BOUNDS, unit == FACTOR)


def plain_unit(attribution: Attribution) -> str:
    """The unit without the labels that are compared."""
    pair = f" {attribution.label} over {attribution.against}"
    unit = attribution.unit
    return unit.removesuffix(pair).rpartition(" ")[0] if unit.endswith(pair) else unit


def strongest(attribution: Attribution) -> int | None:
    """Place of the span that speaks most for the label, or most against it where none speaks for it; None
    when no single word matters."""
    found = shades(attribution)
    most = max(found, default=0.0)
    best = most if most > 0 else min(found, default=0.0)
    return found.index(best) if best else None


def nothing_matters(attribution: Attribution) -> str:
    """What is said of a text in which no word has a colour; "" when one has."""
    if strongest(attribution) is not None or not attribution.spans:
        return ""
    unit = plain_unit(attribution)
    why = {
        POINTS: "without any one of them the confidence stays about the same",
        SCORE: "each carries less than 3 % of the score",
        FACTOR: "each of them alone changes the confidence by less than 3 %",
    }.get(unit, "the model gives none of them any weight")
    return f"No single word matters here: {why}."


def sentence(attribution: Attribution, place: int) -> str:
    """What one span does, for example: Without “twice” the confidence in bug falls by 24 points."""
    span = attribution.spans[place]
    word = f"“{shorten(attribution.text[span.start : span.end], SAID)}”"
    if span.mark == CUT:
        return f"{word} is past the model's limit; it was not read."
    unit, label, other = plain_unit(attribution), attribution.label, attribution.against
    weight = span.weight
    if unit == POINTS:
        of = f"lead of {label} over {other}" if other else f"confidence in {label}"
        return f"Without {word} the {of} {_change(weight)}."
    if unit == FACTOR:
        of = f"{label} over {other}" if other else label
        return f"{word} multiplies the confidence in {of} by {amount(weight, unit)}."
    share = f"{abs(100 * weight):.0f} {unit}"
    if unit != SCORE:
        return f"{word} has {share}."
    sides = (
        (f"for {label} and against {other}", f"for {other} and against {label}")
        if other
        else ("", f"against {label}")
    )
    side = sides[weight < 0]
    return f"{word} carries {share}{f', {side}' if side else ''}."


def _change(weight: float) -> str:
    points = round(abs(100 * weight))
    if points == 0:
        return "stays the same"
    return f"{'falls' if weight > 0 else 'rises'} by {points} point{'' if points == 1 else 's'}"


def caption(span: Span, unit: str) -> str:
    """What is said on hover, for example "+24.0 points of confidence" or "1.8 times the confidence"."""
    if span.mark == CUT:
        return "past the model's limit, not read"
    unread = "no word the model knows; " if span.mark == UNREAD else ""
    return f"{unread}{amount(span.weight, unit)} {unit}"


def amount(weight: float, unit: str) -> str:
    """A weight as the number that its unit follows; signed where it speaks for or against."""
    if unit.startswith(FACTOR):
        return f"{math.exp(weight):.2f}"
    sign = "+" if unit.startswith((POINTS, SCORE)) else ""
    return f"{100 * weight:{sign}.1f}".replace("-", "\N{MINUS SIGN}")
