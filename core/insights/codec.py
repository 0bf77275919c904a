"""Insights as JSON text and back, exactly: the same insights give the same bytes."""

import json
from collections.abc import Mapping
from dataclasses import fields

from core.domain import Estimate, Insights, Mover, Quote, SegmentCell, Span, Theme, Trend, TrendPoint
from core.errors import Damaged


def to_json(insights: Insights) -> str:
    """Keys in the order of the fields, settings by name, floats as repr; raises on NaN."""
    return json.dumps(insights, default=_fields, allow_nan=False, separators=(",", ":"))


def _fields(value: object) -> dict[str, object]:
    if isinstance(value, Mapping):
        return dict(value)
    found = {field.name: getattr(value, field.name) for field in fields(value)}  # TypeError on any other type
    if isinstance(value, Insights):
        found["settings"] = dict(sorted(value.settings.items()))
    if isinstance(value, Quote):
        # Reports frozen before quotes had spans keep their bytes, and so their hash.
        spans = [[span.start, span.end, span.weight, span.mark] for span in found.pop("spans")]
        found |= {"spans": spans} if spans else {}
    return found


def from_json(text: str) -> Insights:
    """Raises Damaged when the text is not what `to_json` writes."""
    try:
        raw = json.loads(text)
        themes = tuple(_theme(part) for part in raw["themes"])
        trends = tuple(Trend(part["theme"], tuple(map(_point, part["points"]))) for part in raw["trends"])
        segments = tuple(SegmentCell(**_with_share(part)) for part in raw["segments"])
        quotes = tuple(map(_quote, raw["quotes"]))
        known = {"themes": themes, "trends": trends, "segments": segments, "quotes": quotes}
        known["movers"] = tuple(map(_mover, raw.get("movers", ())))  # reports frozen before it have none
        return Insights(**{**raw, **known, "notes": tuple(raw["notes"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged("The stored insights cannot be read. Open the run and count again.") from error


def _theme(raw: dict) -> Theme:
    rating = Estimate(**raw["rating"]) if raw["rating"] else None
    return Theme(raw["name"], Estimate(**raw["share"]), rating, tuple(raw["ids"]))


def _quote(raw: dict) -> Quote:
    """Raises ValueError when the spans do not lie in the text one after the other."""
    spans = tuple(
        Span(int(start), int(end), float(weight), str(mark))
        for start, end, weight, mark in raw.get("spans", ())
    )
    ends = (0, *(span.end for span in spans))
    for before, span in zip(ends, spans, strict=False):
        if not before <= span.start < span.end <= len(raw["text"]):
            raise ValueError("spans beside their text")
    return Quote(**{**raw, "spans": spans})


def _point(raw: dict) -> TrendPoint:
    return TrendPoint(**_with_share(raw))


def _mover(raw: dict) -> Mover:
    ranges = {name: Estimate(**raw[name]) for name in ("before", "after", "change")}
    return Mover(**{**raw, **ranges})


def _with_share(raw: dict) -> dict[str, object]:
    return {**raw, "share": Estimate(**raw["share"]), "ids": tuple(raw["ids"])}
