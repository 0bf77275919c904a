import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import Attribution, Span
from core.errors import Damaged
from core.explain.codec import from_dict, to_dict
from core.explain.words import CUT, UNREAD, units

GOOD = {
    "text": "a b",
    "spans": [[0, 1, 0.5, ""], [2, 3, 0.0, CUT]],
    "label": "bug",
    "method": "occlusion",
    "unit": "points of confidence",
    "probability": 0.9,
    "against": "praise",
    "completeness": 0.003,
}


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), st.floats(-1, 1))
def test_through_json_and_back(text, weight):
    spans = tuple(Span(*unit, weight, UNREAD) for unit in units(text))
    before = Attribution(text, spans, "bug", "occlusion", "points of confidence", 0.25)
    assert from_dict(json.loads(json.dumps(to_dict(before)))) == before


def test_plain_values():
    assert to_dict(from_dict(GOOD)) == GOOD
    older = {key: value for key, value in GOOD.items() if key not in ("against", "completeness")}
    assert from_dict(older) == replace(from_dict(GOOD), against="", completeness=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"spans": None},
        {"spans": [[0, 1]]},
        {"spans": [[0, 4, 0.1, ""]]},
        {"spans": [[2, 3, 0.1, ""], [0, 1, 0.1, ""]]},
        {"spans": [[1, 1, 0.1, ""]]},
        {"spans": [[-1, 1, 0.1, ""]]},
        {"spans": [[0, 1, float("nan"), ""]]},
        {"spans": [[0, 1, 0.1, "<b>"]]},
        {"probability": "high"},
    ],
)
def test_what_cannot_be_an_attribution_is_damaged(wrong):
    with pytest.raises(Damaged, match="Explain the comment again"):
        from_dict(GOOD | wrong)


def test_a_missing_field_is_damaged():
    with pytest.raises(Damaged):
        from_dict({name: value for name, value in GOOD.items() if name != "label"})
