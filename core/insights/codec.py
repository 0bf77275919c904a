"""Insights as JSON text and back, exactly: the same insights give the same bytes."""

import json
from collections.abc import Mapping
from dataclasses import fields

from core.domain import Estimate, Insights, Mover, Quote, SegmentCell, Theme, Trend, TrendPoint
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
    return found


def from_json(text: str) -> Insights:
    """Raises Damaged when the text is not what `to_json` writes."""
    try:
        raw = json.loads(text)
        themes = tuple(_theme(part) for part in raw["themes"])
        trends = tuple(Trend(part["theme"], tuple(map(_point, part["points"]))) for part in raw["trends"])
        segments = tuple(SegmentCell(**_with_share(part)) for part in raw["segments"])
        quotes = tuple(Quote(**part) for part in raw["quotes"])
        known = {"themes": themes, "trends": trends, "segments": segments, "quotes": quotes}
        known["movers"] = tuple(map(_mover, raw.get("movers", ())))  # reports frozen before it have none
        return Insights(**{**raw, **known, "notes": tuple(raw["notes"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged("The stored insights cannot be read. Open the run and count again.") from error


def _theme(raw: dict) -> Theme:
    rating = Estimate(**raw["rating"]) if raw["rating"] else None
    return Theme(raw["name"], Estimate(**raw["share"]), rating, tuple(raw["ids"]))


def _point(raw: dict) -> TrendPoint:
    return TrendPoint(**_with_share(raw))


def _mover(raw: dict) -> Mover:
    ranges = {name: Estimate(**raw[name]) for name in ("before", "after", "change")}
    return Mover(**{**raw, **ranges})


def _with_share(raw: dict) -> dict[str, object]:
    return {**raw, "share": Estimate(**raw["share"]), "ids": tuple(raw["ids"])}
