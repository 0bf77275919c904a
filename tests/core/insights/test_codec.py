import json
import sys

import numpy as np
import pytest

from core.domain import Estimate, Insights, Mover, Quote, SegmentCell, Span, Theme, Trend, TrendPoint
from core.errors import Damaged
from core.insights.codec import from_json, to_json

SHARE = Estimate(1 / 3, 0.1, 0.7, 9, "labels+EMQ")


def insights(**changes) -> Insights:
    parts = {
        "run_id": 7,
        "dataset": 'Quotes " and \u2028 lines \ud83d',
        "label_set": "topic",
        "rows": 9,
        "labelled": 4,
        "first_date": "2024-01-01",
        "last_date": "2024-02-01",
        "period": "week",
        "counting": "Counted.",
        "themes": (
            Theme("a", SHARE, Estimate(4.5, 4, 5, 5, "mean", "rating"), (1, 2)),
            Theme("b", SHARE, None, ()),
        ),
        "trends": (Trend("a", (TrendPoint("2024-01-01", SHARE, 5, (1,)),)), Trend("b", ())),
        "segments": (SegmentCell("Plan", "pro", "a", SHARE, 5, True, False, (2,)),),
        "quotes": (Quote(1, "verbatim\n<b>", "a", 0.9, "2024-01-01"),),
        "notes": ("A note.",),
        "settings": {"seed": 0, "level": 0.9},
        "movers": (Mover("a", SHARE, SHARE, SHARE, True),),
    }
    return Insights(**{**parts, **changes})


def test_round_trip_is_exact():
    text = to_json(insights())
    assert from_json(text) == insights()
    assert to_json(from_json(text)) == text
    assert text.isascii()


def test_keys_stand_in_the_order_of_the_fields():
    raw = json.loads(to_json(insights()))
    assert list(raw)[:3] == ["run_id", "dataset", "label_set"]
    assert list(raw["themes"][0]) == ["name", "share", "rating", "ids"]


def test_order_of_settings_does_not_matter():
    assert to_json(insights(settings={"b": 1, "a": 2})) == to_json(insights(settings={"a": 2, "b": 1}))


def test_hard_floats_come_back():
    for value in (0.1 + 0.2, 1e-300, sys.float_info.max, -0.0):
        back = from_json(to_json(insights(settings={"x": value}))).settings["x"]
        assert repr(back) == repr(value)


def test_no_number_is_no_json():
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(insights(settings={"x": float("nan")}))
    with pytest.raises(TypeError):
        to_json(insights(run_id=np.int64(7)))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"themes":[{"name":"a"}]}', "null"])
def test_damaged_text_is_said(text):
    with pytest.raises(Damaged, match="count again"):
        from_json(text)


def test_quotes_keep_what_mattered_in_them():
    marked = Quote(1, "too slow", "a", 0.9, "", (Span(0, 3, 0.1), Span(4, 8, -0.25, "unread")))
    text = to_json(insights(quotes=(marked,)))
    assert json.loads(text)["quotes"][0]["spans"] == [[0, 3, 0.1, ""], [4, 8, -0.25, "unread"]]
    assert from_json(text).quotes == (marked,)


def test_reports_from_before_there_were_spans_keep_their_bytes():
    text = to_json(insights())
    assert "spans" not in text
    assert to_json(from_json(text)) == text and from_json(text).quotes[0].spans == ()


@pytest.mark.parametrize(
    "spans", [[[0, 9, 0.1, ""]], [[3, 5, 0.1, ""], [0, 2, 0.1, ""]], [[0, 1]], [[0, 0, 1, ""]]]
)
def test_spans_beside_their_text_are_damaged(spans):
    raw = json.loads(to_json(insights(quotes=(Quote(1, "verbatim", "a", 0.9, ""),))))
    raw["quotes"][0]["spans"] = spans
    with pytest.raises(Damaged):
        from_json(json.dumps(raw))
