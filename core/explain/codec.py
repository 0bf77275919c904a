"""Attributions as plain values, for the store and for files."""

import math
from collections.abc import Mapping

from core.domain import Attribution, Span
from core.errors import Damaged
from core.explain.words import CUT, UNREAD

_MARKS = {"", CUT, UNREAD}


def to_dict(attribution: Attribution) -> dict[str, object]:
    """Values that JSON can hold; each span is [start, end, weight, mark] in code points."""
    return {
        "text": attribution.text,
        "spans": [[span.start, span.end, span.weight, span.mark] for span in attribution.spans],
        "label": attribution.label,
        "method": attribution.method,
        "unit": attribution.unit,
        "probability": attribution.probability,
        "against": attribution.against,
        "completeness": attribution.completeness,
    }


def from_dict(values: Mapping[str, object]) -> Attribution:
    """The attribution that was written. Raises Damaged when it cannot be one."""
    try:
        spans = tuple(
            Span(int(start), int(end), float(weight), str(mark))
            for start, end, weight, mark in values["spans"]
        )
        text, label, method, unit = (str(values[name]) for name in ("text", "label", "method", "unit"))
        probability = float(values["probability"])
        against = str(values.get("against", ""))
        missed = values.get("completeness")
        missed = None if missed is None else float(missed)
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged("A stored explanation cannot be read. Explain the comment again.") from error
    if not _fit(spans, text):
        raise Damaged("A stored explanation does not fit its text. Explain the comment again.")
    return Attribution(text, spans, label, method, unit, probability, against, missed)


def _fit(spans: tuple[Span, ...], text: str) -> bool:
    """Words in text order that do not overlap, with numbers for weights and known marks."""
    ends = (0, *(span.end for span in spans))
    return all(
        before <= span.start < span.end <= len(text) and math.isfinite(span.weight) and span.mark in _MARKS
        for before, span in zip(ends, spans, strict=False)
    )
