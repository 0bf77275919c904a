import numpy as np
import pytest

from core.domain import Span
from core.explain import variants
from core.explain.occlusion import without
from core.explain.words import units


def spans(text):
    return [Span(*unit, 0.0) for unit in units(text)]


@pytest.mark.parametrize(
    ("text", "keep", "expected"),
    [
        ("one two three", (1, 0, 1), "one three"),
        ("one\n\n two", (0, 1), "two"),
        ("one\n\n two", (1, 1), "one two"),
        ("配送慢", (1, 0, 1), "配慢"),
        ("配 送慢", (1, 0, 1), "配 慢"),
        ("one two", (0, 0), ""),
        (" one ", (1,), "one"),
    ],
)
def test_kept(text, keep, expected):
    assert variants.kept(text, spans(text), [bool(flag) for flag in keep]) == expected


def test_one_word_less_is_what_occlusion_reads():
    for text in ("a b c", "x\ty 配送 z", "👩🏽\u200d🚒 ok e\u0301 done"):
        words = spans(text)
        for place, span in enumerate(words):
            keep = [number != place for number in range(len(words))]
            ours = variants.kept(text, words, keep)
            assert ours.split() == without(text, span.start, span.end).split()


def test_a_mask_stands_for_what_is_hidden():
    text = "one two 配送"
    assert variants.kept(text, spans(text), [True, False, False, True], "[MASK]") == "one [MASK] [MASK]送"


def test_each_text_is_read_once_in_calls_of_256(adding):
    model, told = adding({"w3": 0.2}), []
    texts = [f"w{number}" for number in range(300)] + ["w3"]
    found = variants.scores(model, texts, lambda done, total: told.append((done, total)))
    assert [len(call) for call in model.calls] == [256, 44]
    assert told == [(256, 300), (300, 300)]
    assert found[3] == pytest.approx([0.7, 0.3]) and found[300] == pytest.approx([0.7, 0.3])
    assert variants.scores(model, []).shape == (0, 2)
    assert np.isfinite(found).all()
