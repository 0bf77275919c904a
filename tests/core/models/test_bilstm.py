import numpy as np
import pytest
import torch

from core.errors import Damaged
from core.models.bilstm import ARRAYS, WORDS, BiLstm, Network, numbers, read
from core.models.classifier import Calibration
from core.models.device import Device

CPU = Device("cpu", False, "CPU")
TEXTS = ["The app crashes", "", "dark mode please, dark mode", "crashes"]


def model(max_tokens=8):
    torch.manual_seed(0)
    words = {"crashes": 2, "dark": 3, "mode": 4}
    known = ("bug", "wish"), False, Calibration(2.0, (0.0, 0.1))
    return BiLstm(*known, words, Network(5, 6, 2, hidden=4).eval(), max_tokens)


def test_a_text_is_answered_the_same_alone_and_among_longer_ones():
    found = model()
    alone = np.concatenate([found.logits([text]) for text in TEXTS])
    assert np.allclose(found.logits(TEXTS), alone, atol=1e-6)
    assert np.allclose(found.probabilities(TEXTS).sum(axis=1), 1) and found.logits([]).shape == (0, 2)


def test_words_have_numbers_and_places():
    found = model(max_tokens=2)
    assert numbers("Dark, mode!", found.words, 8, False) == [3, 1, 4, 1]
    assert numbers("", found.words, 8, False) == [1]
    assert [(one.text, one.start, one.end) for one in found.tokens("A Dark mode")] == [
        ("a", 0, 1),
        ("dark", 2, 6),
    ]
    assert found.unknown_tokens("A Dark mode") == [(0, 1)]


def test_it_is_read_as_written_and_damage_is_noticed(tmp_path):
    before = model()
    before.write(tmp_path)
    about = {"labels": before.labels, "multi": False, "calibration": before.calibration}
    again = read(tmp_path, about, CPU)
    assert np.array_equal(again.probabilities(TEXTS), before.probabilities(TEXTS))
    assert again.tokens("Dark mode") == before.tokens("Dark mode")
    with pytest.raises(Damaged, match=ARRAYS):
        read(tmp_path, {**about, "labels": ("a",)}, CPU)
    (tmp_path / WORDS).write_text("[]")
    with pytest.raises(Damaged, match=WORDS):
        read(tmp_path, about, CPU)
