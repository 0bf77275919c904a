"""The interface of the real classifier, with a BERT of random weights."""

import numpy as np
import pytest

from core.explain import attention, occlusion
from core.explain.methods import METHODS
from core.explain.words import UNREAD

VOCABULARY = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "app",
    "cash",
    "##es",
    "crash",
    "slow",
    "는",
    "!",
    "e",
]


@pytest.fixture(scope="module")
def classifier():
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    from core.models.classifier import Calibration, Classifier, Head
    from core.models.device import Device
    from core.models.encoder import Encoder

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
        initializer_range=1.0,
    )
    tokenizer = BertTokenizerFast(vocab={word: place for place, word in enumerate(VOCABULARY)})
    encoder = Encoder("tiny", "", tokenizer, BertModel(config).eval(), Device("cpu", False, "test"), 12)
    weight = np.random.default_rng(0).normal(size=(3, 8)) * 3
    return Classifier(
        encoder, Head(weight, np.zeros(3)), ("bug", "praise", "wish"), Calibration(1.0, (0.0, 0.0, 0.0))
    )


def test_occlusion_is_the_difference_of_two_probabilities(classifier):
    text = "App crashes, slow!  crash"
    found = occlusion.explain(classifier, text, "praise", against="wish")
    both = classifier.probabilities([text, "App slow! crash"])
    assert found.text[found.spans[1].start : found.spans[1].end] == "crashes,"
    assert found.spans[1].weight == pytest.approx(
        (both[0, 1] - both[0, 2]) - (both[1, 1] - both[1, 2]), abs=1e-6
    )
    assert abs(found.spans[1].weight) > 1e-4
    assert found.probability == pytest.approx(both[0, 1], abs=1e-6)


def test_attention_of_words_and_special_tokens_is_all(classifier):
    text = "App crashes, slow!"
    found = attention.explain(classifier, text, "bug")
    looked = attention.look(classifier, text)
    view = attention.matrix(looked, 1, 0, specials=True)
    other = attention.matrix(looked, 1, 1, specials=True)
    to_special = (view.matrix[:, [0, -1]].sum() + other.matrix[:, [0, -1]].sum()) / (2 * len(view.tokens))
    assert sum(span.weight for span in found.spans) == pytest.approx(1 - to_special, abs=1e-3)
    assert min(span.weight for span in found.spans) > 0
    focus = attention.overview(looked)
    assert focus.shape == (2, 2)
    assert focus.min() >= 0 and focus.max() <= 1


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u200b",
        "slow",
        "配送 slow",
        "는는 slow",
        "é" * 300,
        "slow " * 40,
        "[SEP] [CLS]",
        "👩\u200d👧 app",
    ],
)
def test_no_text_is_too_odd(classifier, method, text):
    found = method.explain(classifier, text, "bug")
    assert found.text == text
    assert "".join(text[span.start : span.end] for span in found.spans) == "".join(text.split())
    assert all(np.isfinite(span.weight) for span in found.spans)


def test_characters_outside_the_vocabulary_are_unread(classifier):
    found = occlusion.explain(classifier, "配送 slow \u200b", "bug")
    assert [span.mark for span in found.spans] == [UNREAD, UNREAD, "", UNREAD]
