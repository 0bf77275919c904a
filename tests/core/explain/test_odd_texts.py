"""No text is too odd for any method: each character comes back, in whole words, with numbers for weights."""

from dataclasses import replace

import numpy as np
import pytest

from core.explain import (
    agreement,
    attention,
    drivers,
    editing,
    faithfulness,
    integrated,
    occlusion,
    relevance,
    rollout,
    shapley,
)
from core.explain.words import CUT, UNREAD, pieces, units
from core.models.classifier import Calibration, Classifier, Head, Platt

METHODS = [module.explain for module in (occlusion, integrated, shapley, relevance, rollout, attention)]
NAMES = [method.__module__.rpartition(".")[2] for method in METHODS]
TEXTS = {
    "empty": "",
    "spaces": " \n\t ",
    "zero width": "\u200b",
    "zero width inside": "cra\u200bsh the\u00adapp \u2060slow\ufeff",
    "Chinese": "配送慢。app 很慢",
    "Chinese and marks": "配\u0301送\ufe0f",
    "Korean": "앱이 느려요",
    "Japanese": "アプリがｱｲ遅い",
    "Arabic": "التطبيق بطيء جدًّا، slow",
    "right to left marks": "\u202eapp\u202c slow \u200f",
    "emoji": "👩🏽\u200d🚒 slow 👨\u200d👩\u200d👧\u200d👦🇩🇪 1️⃣",
    "combining": "e\u0301\u0302\u0303 cra\u0308sh z\u0335\u0321\u0489\u0348",
    "accents": "é" * 300,
    "long word": "x" * 10_000,
    "long Chinese": "慢" * 10_000,
    "long emoji": "👩🏽\u200d🚒" * 2_000,
    "many words": "slow app " * 500,
    "typed specials": "[SEP] [CLS] [PAD] [MASK] [UNK]",
    "script": "<script>alert(1)</script> <mark onclick=x> &amp; \x00 \r\n ]]>",
    "one word": "slow",
    "other spaces": "the\u00a0app\u3000is\u2028slow\x85bad",
}


@pytest.fixture(scope="module")
def model(encoder_folder):
    from core.models.device import Device
    from core.models.encoder import load_encoder

    encoder = load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, "test"), 16)
    weight = 20 * np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    flat = (0.0,) * 3
    return Classifier(encoder, Head(weight, np.zeros(3)), ("bug", "bill", "wish"), Calibration(1.5, flat))


@pytest.fixture(scope="module")
def many(model):
    head = replace(model.head, multi=True)
    return replace(model, head=head, calibration=Platt((1.0,) * 3, (0.0,) * 3))


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_all_characters_come_back_with_numbers(model, method, text):
    found = method(model, text, "bug")
    assert found.text == text
    assert "".join(piece.text for piece in pieces(text, found.spans)) == text
    assert "".join(text[span.start : span.end] for span in found.spans) == "".join(text.split())
    edges = {edge for unit in units(text) for edge in unit}
    assert all({span.start, span.end} <= edges for span in found.spans)
    assert all(np.isfinite(span.weight) for span in found.spans)
    assert all(span.weight == 0 for span in found.spans if span.mark == CUT)
    assert 0 <= found.probability <= 1


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_what_is_not_read_and_what_is_cut_is_marked(model, method):
    found = method(model, "slow 👩🏽\u200d🚒 送 " + "app " * 20, "bug")
    marks = [span.mark for span in found.spans]
    assert marks[:4] == ["", UNREAD, UNREAD, ""]
    assert marks[-1] == CUT


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_several_labels_a_text(many, method):
    for label in many.labels:
        found = method(many, "the app is slow", label, against=None)
        assert found.probability == pytest.approx(
            float(many.probabilities([found.text])[0, many.labels.index(label)])
        )
        assert max(abs(span.weight) for span in found.spans) > 0


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_the_same_again(model, method):
    text = "the app is slow, my bill is bad"
    assert method(model, text, "bug", against="bill") == method(model, text, "bug", against="bill")


def test_nothing_that_looks_at_many_texts_breaks(model):
    texts = list(TEXTS.values())
    asked = faithfulness.cases(faithfulness.plain(model), texts)
    found = faithfulness.explained(occlusion.explain, model, asked)
    gone = faithfulness.erased(model, asked, found.weights, mask="[MASK]")
    assert np.isfinite(gone.comprehensiveness).all() and np.isfinite(gone.sufficiency).all()
    effects = drivers.effects(model, texts, "bug")
    assert drivers.drivers(effects, range(len(texts)), fewest=1)
    for text in texts:
        editing.smallest_flip(model, text)
        pair = [method(model, text, "bug") for method in (occlusion.explain, integrated.explain)]
        assert agreement.agree(*pair).words
