"""The map of a dataset: a point a comment."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.charts.labels import shorten
from core.charts.theme import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

# A sign beside each colour: told apart without seeing colours, and more groups than there are colours.
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
SIGNS = ("circle", "diamond", "square", "cross", "triangle-up", "x")
MOST = 12  # groups with a look of their own


@dataclass(frozen=True)
class Group:
    """Points that look alike."""

    name: str
    rows: np.ndarray  # (n,) places in the table of the map
    colour: str
    sign: str = "circle"
    size: float = 1.0  # times the size of a point
    opacity: float = 1.0  # times that of a point


def by_value(values: Sequence, wanted: Sequence[str], other: str, none: str) -> tuple[Group, ...]:
    """A group for each of `wanted` (MOST at most), one for all other values and one for "" (`none`).

    `values` (n,) categories of text. The greatest group is drawn first, so that small ones lie on it.
    """
    values = np.asarray(values, dtype=object)
    groups, taken = [], np.asarray(values == "", dtype=bool)
    rest = [Group(none, np.flatnonzero(taken), GREY, "circle-open", 0.8, 0.5)]
    for number, name in enumerate(wanted[:MOST]):
        rows = np.flatnonzero(values == name)
        taken[rows] = True
        sign = SIGNS[number % len(SIGNS)] if number < len(COLOURS) else SIGNS[(number + 1) % len(SIGNS)]
        groups.append(Group(name, rows, COLOURS[number % len(COLOURS)], sign))
    rest.insert(0, Group(other, np.flatnonzero(~taken), GREY))
    return tuple(group for group in (*rest, *groups) if len(group.rows))


def one_against_rest(values: Sequence, name: str, rest: str) -> tuple[Group, ...]:
    """One value, in front of all others."""
    found = np.asarray(values, dtype=object) == name
    groups = (
        Group(rest, np.flatnonzero(~found), GREY, opacity=0.5),
        Group(name, np.flatnonzero(found), BLUE, "diamond", 1.3),
    )
    return tuple(group for group in groups if len(group.rows))


def by_error(right: Sequence, words: Sequence[str]) -> tuple[Group, ...]:
    """Wrong ones in front. `words`: what right, wrong and neither are called, as they stand in `right`."""
    right = np.asarray(right, dtype=object)
    looks = (
        (words[2], GREY, "circle-open", 0.8, 0.5),
        (words[0], SKY, "circle", 1.0, 0.6),
        (words[1], VERMILION, "x", 1.6, 1.0),
    )
    groups = (Group(name, np.flatnonzero(right == name), *look) for name, *look in looks)
    return tuple(group for group in groups if len(group.rows))


CONFIDENCES = (
    ("over 90%", 0.9, SKY, "circle", 0.8),
    ("70 to 90%", 0.7, BLUE, "square", 1.0),
    ("50 to 70%", 0.5, ORANGE, "diamond", 1.2),
    ("under 50%", -1.0, VERMILION, "x", 1.5),
)


def by_confidence(confidence: Sequence[float], none: str) -> tuple[Group, ...]:
    """The least certain in front."""
    values = np.asarray(confidence, dtype=np.float32)
    left, groups = ~np.isnan(values), []
    groups.append(Group(none, np.flatnonzero(~left), GREY, "circle-open", 0.8, 0.5))
    for name, least, *look in CONFIDENCES:
        chosen = left & (values >= least)
        left &= ~chosen
        groups.append(Group(name, np.flatnonzero(chosen), *look))
    return tuple(group for group in groups if len(group.rows))


def packed(x: np.ndarray, y: np.ndarray, groups: Sequence[Group]) -> dict[str, object]:
    """What a browser needs to draw the points, five bytes each: places within -1..1 as two 16-bit numbers and
    the number of the group, little-endian in base64, in the order of drawing.

    Plotly's WebGL traces compile code in the browser, which the page's Content-Security-Policy forbids, and
    its SVG ones freeze it from ten thousand points on.
    """
    rows = np.concatenate([group.rows for group in groups]) if groups else np.zeros(0, dtype=int)
    places = np.stack([np.asarray(x)[rows], np.asarray(y)[rows]], axis=1)
    places = np.round((np.clip(places, -1.0, 1.0) + 1.0) / 2.0 * 65_535).astype("<u2")
    numbers = np.repeat(np.arange(len(groups)), [len(group.rows) for group in groups]).astype(np.uint8)
    size, opacity = look_of(len(x))
    looks = [
        {
            "name": shorten(group.name, 40) or "(no name)",
            "count": len(group.rows),
            "colour": group.colour,
            "sign": group.sign,
            "size": size * group.size,
            "opacity": round(opacity * group.opacity, 3),
        }
        for group in groups
    ]
    return {
        "places": base64.b64encode(places.tobytes()).decode(),
        "numbers": base64.b64encode(numbers.tobytes()).decode(),
        "looks": looks,
        "legend": sorted(range(len(groups)), key=lambda number: groups[number].colour == GREY),
    }


def inside(x: np.ndarray, y: np.ndarray, loop: Sequence[Sequence[float]]) -> np.ndarray:
    """(n,) bool: the points within a closed loop of corners (even-odd rule)."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    found = np.zeros(len(x), dtype=bool)
    if len(loop) < 3:
        return found
    corners = np.asarray(loop, dtype=np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    x, y, odd = x[near], y[near], np.zeros(len(near), dtype=bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if ay != by:
            odd ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    found[near] = odd
    return found


def look_of(points: int) -> tuple[float, float]:
    """Size in pixels and opacity of a point among so many."""
    if points <= 2_000:
        return 7.0, 0.85
    return (5.0, 0.75) if points <= 20_000 else (3.5, 0.6)
