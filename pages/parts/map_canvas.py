"""Points on a canvas, up to 100,000: moved, zoomed, and chosen by a loop, which comes back as its corners."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from core.charts.maps import Group, inside, packed

CORNERS = 400  # of a loop, at most
FAR = 1e6  # the map lies within -1..1

_HERE = Path(__file__).parent
_CANVAS = st.components.v2.component(
    "roadlens_map",
    html=(_HERE / "map_canvas.html").read_text(encoding="utf-8"),
    css=(_HERE / "map_canvas.css").read_text(encoding="utf-8"),
    js=(_HERE / "map_canvas.js").read_text(encoding="utf-8"),
)


def points(x: np.ndarray, y: np.ndarray, groups: Sequence[Group], alt: str, key: str) -> np.ndarray:
    """Draw them; the rows that were chosen, ascending."""
    result = _CANVAS(
        data={**packed(x, y, groups), "alt": alt},
        key=key,
        default={"loop": None},
        on_loop_change=lambda: None,
    )
    return chosen(x, y, groups, result.loop)


def chosen(x: np.ndarray, y: np.ndarray, groups: Sequence[Group], loop: object) -> np.ndarray:
    """Rows of the shown groups within the loop. What comes from the browser may be anything."""
    nothing = np.zeros(0, dtype=int)
    if not isinstance(loop, dict):
        return nothing
    corners, hidden = loop.get("corners"), loop.get("hidden")
    if not isinstance(corners, list) or not isinstance(hidden, list) or len(corners) > CORNERS:
        return nothing
    if not all(_is_corner(corner) for corner in corners):
        return nothing
    shown = [group.rows for number, group in enumerate(groups) if number not in hidden]
    rows = np.sort(np.concatenate(shown)) if shown else nothing
    return rows[inside(x[rows], y[rows], corners)]


def _is_corner(corner: object) -> bool:
    return (
        isinstance(corner, list)
        and len(corner) == 2
        and all(type(value) in (int, float) and -FAR < value < FAR for value in corner)
    )
