import base64

import numpy as np
import pytest

from core.charts import maps
from core.charts.theme import GREY

VALUES = np.array(["bug", "", "wish", "bug", "praise"], dtype=object)


def rows(groups):
    return {group.name: group.rows.tolist() for group in groups}


def test_every_point_is_in_one_group():
    groups = maps.by_value(VALUES, ["bug", "wish"], "1 other", "none")
    assert rows(groups) == {"1 other": [4], "none": [1], "bug": [0, 3], "wish": [2]}
    assert len({(group.colour, group.sign) for group in groups}) == 4


def test_twelve_groups_look_different_and_more_are_others():
    values = np.array([f"label {number:02}" for number in range(77)], dtype=object)
    groups = maps.by_value(values, values.tolist(), "65 others", "none")
    assert len(groups) == maps.MOST + 1 and len(groups[0].rows) == 65
    assert len({(group.colour, group.sign) for group in groups}) == maps.MOST + 1


def test_one_in_front_of_the_rest():
    groups = maps.one_against_rest(VALUES, "bug", "rest")
    assert [group.name for group in groups] == ["rest", "bug"]
    assert rows(groups) == {"rest": [1, 2, 4], "bug": [0, 3]}


def test_wrong_ones_lie_on_top():
    right = np.array(["right", "wrong", "right", "neither"], dtype=object)
    groups = maps.by_error(right, ("right", "wrong", "neither"))
    assert rows(groups) == {"neither": [3], "right": [0, 2], "wrong": [1]}
    assert groups[-1].name == "wrong"


def test_confidence_by_steps():
    values = [0.95, 0.9, 0.7, 0.69, 0.5, 0.2, float("nan")]
    assert rows(maps.by_confidence(np.array(values, dtype=np.float64), "none")) == {
        "none": [6],
        "over 90%": [0, 1],
        "70 to 90%": [2],
        "50 to 70%": [3, 4],
        "under 50%": [5],
    }


def test_what_the_browser_gets():
    x, y = np.array([-1.0, 1.0, 0.0]), np.array([1.0, -1.0, 7.0])
    groups = (
        maps.Group("", np.array([1]), GREY),
        maps.Group("<b>bold</b>", np.array([0, 2]), "#000000", "x", 2.0),
    )
    sent = maps.packed(x, y, groups)
    places = np.frombuffer(base64.b64decode(sent["places"]), dtype="<u2").reshape(-1, 2)
    assert places.tolist() == [[65535, 0], [0, 65535], [32768, 65535]]
    assert list(base64.b64decode(sent["numbers"])) == [0, 1, 1]
    assert [look["name"] for look in sent["looks"]] == ["(no name)", "<b>bold</b>"]  # set as text there
    assert sent["legend"] == [1, 0]  # what is left over comes last
    assert maps.packed(x[:0], y[:0], ())["places"] == ""


def test_large_maps_have_small_points():
    assert maps.look_of(10)[0] > maps.look_of(10_000)[0] > maps.look_of(100_000)[0]


@pytest.mark.parametrize(
    ("loop", "found"),
    [
        ([[0, 0], [2, 0], [2, 2], [0, 2]], [True, False, True]),
        ([[0, 0], [2, 0], [2, 2], [1, 0.5], [0, 2]], [False, False, True]),  # a notch from above
        ([[0, 0], [2, 0]], [False] * 3),
        ([], [False] * 3),
    ],
)
def test_points_in_a_loop(loop, found):
    x, y = np.array([1.0, 3.0, 1.75]), np.array([1.5, 1.0, 0.25])
    assert maps.inside(x, y, loop).tolist() == found
