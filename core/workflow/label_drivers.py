"""What drives one label: what is kept of it, and what is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain import Estimate
from core.explain.drivers import METHOD, Driver, Part
from core.explain.editing import Robustness
from core.explain.shortcuts import Shortcut, reason
from core.store.explanations import Kept

VERSION = 1  # of the measuring; findings of another one are measured again
UNIT = "points of confidence"


@dataclass(frozen=True)
class Suspect:
    """A driver that may be right for the wrong reason; no text of a comment but its own words."""

    words: str
    why: str  # the end of a sentence that begins with the word
    effect: Estimate


@dataclass(frozen=True)
class LabelDrivers:
    label: str
    comments: int  # looked at
    said: int  # comments of the dataset that the model gave the label then
    drivers: tuple[Driver, ...]  # largest mean effect first
    suspects: tuple[Suspect, ...]  # strongest first
    robustness: Robustness | None  # None: the model says the label of no comment
    seconds: float  # the measuring took
    fresh: bool  # measured on the rows and labels of today
    measured: datetime | None = None


def content(
    comments: int,
    said: int,
    drivers: Sequence[Driver],
    found: Sequence[Shortcut],
    robust: Robustness | None,
    seconds: float,
) -> dict[str, object]:
    """As JSON: words and ids, never the text of a comment."""
    return {
        "version": VERSION,
        "comments": comments,
        "said": said,
        "drivers": [_driver_out(driver) for driver in drivers],
        "shortcuts": [
            [each.driver.words, each.kind, each.column, _out(each.driver.effect)] for each in found
        ],
        "robustness": [robust.comments, robust.share, robust.one_word] if robust else None,
        "seconds": round(seconds, 3),
    }


def from_kept(label: str, kept: Kept, data_sha256: str) -> LabelDrivers:
    """`data_sha256` of the dataset as it is now."""
    found = kept.content
    return LabelDrivers(
        label,
        found["comments"],
        found["said"],
        tuple(_driver_in(each) for each in found["drivers"]),
        tuple(
            Suspect(words, reason(kind, column), _in(effect))
            for words, kind, column, effect in found["shortcuts"]
        ),
        robustness(label, found),
        found["seconds"],
        is_fresh(kept, data_sha256),
        kept.created_at,
    )


def robustness(label: str, content: Mapping) -> Robustness | None:
    """None where the model says the label of no comment."""
    robust = content.get("robustness")
    return Robustness(label, *robust) if robust else None


def is_fresh(kept: Kept, data_sha256: str) -> bool:
    return kept.data_sha256 == data_sha256 and kept.content["version"] == VERSION


def _shortcut_out(found: Shortcut) -> list:
    return [found.driver.words, found.kind, found.column, _out(found.driver.effect)]


def _driver_out(driver: Driver) -> dict[str, object]:
    return {
        "words": driver.words,
        "effect": _out(driver.effect),
        "ids": list(driver.ids),
        "quotes": list(driver.quotes),
        "segments": {name: _parts_out(parts) for name, parts in driver.segments.items()},
        "months": _parts_out(driver.months),
    }


def _driver_in(found: Mapping) -> Driver:
    return Driver(
        found["words"],
        _in(found["effect"]),
        tuple(found["ids"]),
        tuple(found["quotes"]),
        {name: _parts_in(parts) for name, parts in found["segments"].items()},
        _parts_in(found["months"]),
    )


def _parts_out(parts: Sequence[Part]) -> list[list]:
    return [[part.value, _out(part.effect), part.clear] for part in parts]


def _parts_in(found: Sequence) -> tuple[Part, ...]:
    return tuple(Part(value, _in(effect), clear) for value, effect, clear in found)


def _out(effect: Estimate) -> list[float]:
    return [round(effect.mid, 5), round(effect.low, 5), round(effect.high, 5), effect.n]


def _in(found: Sequence[float]) -> Estimate:
    return Estimate(*found, METHOD, UNIT)
