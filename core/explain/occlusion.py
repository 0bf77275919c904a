"""Occlusion: how far the confidence falls when a word is left out."""

from collections.abc import Sequence
from dataclasses import replace

from core.domain import Attribution, Span
from core.errors import AppError
from core.explain import words
from core.explain.model import Explainable, column
from core.explain.reading import read

NAME = "occlusion"
LIMIT = 160  # texts scored for one explanation


def explain(
    model: Explainable, text: str, label: str, against: str | None = None, limit: int = LIMIT
) -> Attribution:
    """w_i = p_c(x) - p_c(x without word i), 0.01 = one point; with `against` b the same of p_c - p_b.
    p_c is the label's own probability, so it holds too where a text may have several labels.

    A text with more than `limit` readable words is explained by groups of neighbouring words.
    Raises NotFound for a label that the model does not have.
    """
    reading = read(model, text)
    spans = grouped(reading.read, limit)
    cut = reading.spans[len(reading.read) :]
    probability, weights = _falls(model, text, reading.seen, spans, label=label, against=against)
    weighted = tuple(replace(span, weight=weight) for span, weight in zip(spans, weights, strict=True))
    said = unit(label, against)
    return Attribution(text, weighted + cut, label, NAME, said, probability, against or "")


def phrases(model: Explainable, attribution: Attribution, against: str | None = None) -> Attribution:
    """The same with strong neighbours joined, each phrase measured by leaving out all of it."""
    joined = words.phrases(attribution.spans)
    new = [number for number, span in enumerate(joined) if span not in attribution.spans]
    if not new:
        return attribution
    seen = read(model, attribution.text).seen
    measured = [joined[number] for number in new]
    _, weights = _falls(model, attribution.text, seen, measured, label=attribution.label, against=against)
    spans = list(joined)
    for number, weight in zip(new, weights, strict=True):
        spans[number] = replace(spans[number], weight=weight)
    return replace(attribution, spans=tuple(spans))


def unit(label: str, against: str | None) -> str:
    return words.POINTS if against is None else f"{words.POINTS} in {label} over {against}"


def without(text: str, start: int, end: int) -> str:
    """The text without [start, end); where white space stood at the gap, one space remains."""
    left, right = text[:start], text[end:]
    spaced = left[-1:].isspace() or right[:1].isspace()
    left, right = left.rstrip(), right.lstrip()
    return left + " " * (spaced and bool(left) and bool(right)) + right


def grouped(spans: Sequence[Span], limit: int) -> tuple[Span, ...]:
    """At most `limit` spans, each of as many neighbouring words as that takes."""
    size = max(1, -(-len(spans) // limit))
    groups = [spans[first : first + size] for first in range(0, len(spans), size)]
    return tuple(
        group[0]
        if len(group) == 1
        else Span(group[0].start, group[-1].end, 0.0, words.UNREAD if all(s.mark for s in group) else "")
        for group in groups
    )


def _falls(
    model: Explainable, text: str, seen: str, spans: Sequence[Span], *, label: str, against: str | None
) -> tuple[float, list[float]]:
    """p_c of the text, and for each span the fall of the score without it, all from one call."""
    wanted = column(model, label)
    other = None if against is None else column(model, against)
    if wanted == other:
        raise AppError("The two labels are the same. Choose another label to compare with.")
    # Words are left out of what the model reads: else words past its limit would move up into view.
    variants = [without(seen, span.start, span.end) for span in spans]
    place = {variant: number for number, variant in enumerate(dict.fromkeys([text, seen, *variants]))}
    probabilities = model.probabilities(list(place))
    scores = probabilities[:, wanted] - (0.0 if other is None else probabilities[:, other])
    whole = scores[place[seen]]
    falls = [float(whole - scores[place[variant]]) for variant in variants]
    return float(probabilities[place[text], wanted]), falls
