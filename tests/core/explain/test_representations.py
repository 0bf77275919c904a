from types import SimpleNamespace

import numpy as np
import pytest

from core.explain import representations
from core.models.classifier import Calibration
from core.models.linear_text import LinearText


def test_answers_that_overlap_are_alike():
    logits = np.log(np.array([[0.8, 0.2], [0.8, 0.2], [0.2, 0.8]]))
    found = representations.of_answers(logits, multi=False)
    assert found @ found.T == pytest.approx(
        np.array([[1.0, 1.0, 0.8], [1.0, 1.0, 0.8], [0.8, 0.8, 1.0]]), abs=1e-6
    )


def test_several_labels_count_with_and_without():
    logits = np.array([[50.0, -50.0], [50.0, -50.0], [50.0, 50.0], [-50.0, 50.0]])
    found = representations.of_answers(logits, multi=True)
    assert (found @ found.T)[0] == pytest.approx([1.0, 1.0, 0.5, 0.0], abs=1e-6)


@pytest.fixture
def words():
    """Only "refund" and "slow" tell the labels apart; "the" does not."""
    vocabulary = {"refund": 0, "slow": 1, "the": 2}
    weight = np.array([[3.0, -3.0, 0.0], [-3.0, 3.0, 0.0]], dtype=np.float32)
    calibration = Calibration(1.0, (0.0, 0.0))
    return LinearText(
        ("bill", "speed"), False, calibration, vocabulary, np.ones(3), weight, np.zeros(2), np.zeros(2)
    )


def test_counted_words_are_alike_by_the_words_that_matter(words):
    found = representations.read(words, ["the refund", "refund", "slow", "the", "unheard of"])
    cosines = found @ found.T
    assert cosines[0, 1] == pytest.approx(1.0, abs=1e-6)
    assert abs(cosines[0, 2]) < 0.5
    assert not found[3:].any()


def test_read_in_parts_as_at_once(words, monkeypatch):
    texts, seen = ["refund", "slow refund", "slow"], []
    whole = representations.read(words, texts)
    monkeypatch.setattr(representations, "TEXTS", 2)
    parts = representations.read(words, texts, lambda done, total: seen.append((done, total)))
    assert parts == pytest.approx(whole)
    assert seen == [(2, 3), (3, 3)]


def test_an_encoder_gives_its_own_vectors():
    encoder = SimpleNamespace(embed=lambda texts, on_batch: np.full((len(texts), 4), 0.5))
    model = SimpleNamespace(encoder=encoder, head=object(), kind="encoder")
    assert representations.read(model, ["a", "b"]).shape == (2, 4)
