import numpy as np
import pytest

from core.errors import ModelError
from core.export.parity import agreed, parity


class Said:
    """Answers of the texts a, b, c, d, or one for any text."""

    def __init__(self, rows):
        self.rows = np.array(rows)

    def probabilities(self, texts):
        return self.rows[["abcd".find(text) for text in texts]]


OURS = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.4, 0.6]]


def test_agreement_counts_rows_decided_alike():
    theirs = np.array([[0.8, 0.2], [0.4, 0.6], [0.2, 0.8], [0.4, 0.6]])
    assert agreed(np.array(OURS), theirs, False) == 0.75
    # as sets of labels: row 1 loses its first and gains its second
    assert agreed(np.array(OURS), theirs, True) == 0.75
    assert agreed(np.array([[0.9, 0.6]]), np.array([[0.9, 0.4]]), True) == 0.0
    assert agreed(np.array([[0.9, 0.6]]), np.array([[0.9, 0.4]]), False) == 1.0


def test_float_formats_are_held_to_the_difference_and_int8_to_the_agreement():
    near = [[share + 0.01, other - 0.01] for share, other in OURS]
    found = parity(Said(OURS), Said(near), list("abcd"), "onnx", False)
    assert not found.passed and found.agreement == 1.0 and found.max_difference == pytest.approx(0.01)
    assert parity(Said(OURS), Said(near), list("abcd"), "onnx-int8", False).passed
    other = [[0.1, 0.9], *OURS[1:]]
    assert not parity(Said(OURS), Said(other), list("abcd"), "onnx-int8", False).passed
    assert parity(Said(OURS), Said(OURS), list("abcd"), "transformers", False).passed


def test_fifty_distinct_texts_are_compared():
    rows = np.full((80, 2), 0.5)
    found = parity(Said(rows), Said(rows), ["a", "a", *map(str, range(78))], "onnx", False)
    assert found.rows == 50
    with pytest.raises(ModelError, match="no text"):
        parity(Said(rows), Said(rows), [], "onnx", False)


def test_answers_that_shift_with_the_texts_beside_them_are_also_asked_alone():
    class Shifting(Said):
        def probabilities(self, texts):
            found = super().probabilities(texts)
            return 1 - found if texts == ["b"] else found

    found = parity(Said(OURS), Shifting(OURS), list("abcd"), "onnx-int8", False)
    assert not found.passed and found.agreement == 0.75 and found.max_difference == pytest.approx(0.2)
    assert parity(Said(OURS), Shifting(OURS), list("abcd"), "onnx", False).passed
