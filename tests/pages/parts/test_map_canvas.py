import numpy as np
import pytest

from core.charts.maps import Group
from pages.parts.map_canvas import CORNERS, chosen

X, Y = np.array([0.5, 0.5, -0.5]), np.array([0.5, 0.4, 0.5])
GROUPS = (Group("a", np.array([2, 0]), "#000000"), Group("b", np.array([1]), "#000000"))
SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]


def test_the_shown_points_in_the_loop():
    assert chosen(X, Y, GROUPS, {"corners": SQUARE, "hidden": []}).tolist() == [0, 1]
    assert chosen(X, Y, GROUPS, {"corners": SQUARE, "hidden": [0]}).tolist() == [1]
    assert not len(chosen(X, Y, GROUPS, {"corners": SQUARE, "hidden": [0, 1]}))
    assert not len(chosen(X[:0], Y[:0], (), {"corners": SQUARE, "hidden": []}))


@pytest.mark.parametrize(
    "loop",
    [
        None,
        "loop",
        [SQUARE],
        {},
        {"corners": SQUARE},
        {"corners": "x", "hidden": []},
        {"corners": [[0, 0], [1, float("nan")], [1, 1]], "hidden": []},
        {"corners": [[0, 0], [1, "1"], [1, 1]], "hidden": []},
        {"corners": [[0, 0], [1], [1, 1]], "hidden": []},
        {"corners": [[0, 0], [1, 10**400], [1, 1]], "hidden": []},
        {"corners": [[0, 0]] * (CORNERS + 1), "hidden": []},
        {"corners": SQUARE, "hidden": 1},
    ],
)
def test_what_is_no_loop_chooses_nothing(loop):
    assert not len(chosen(X, Y, GROUPS, loop))
