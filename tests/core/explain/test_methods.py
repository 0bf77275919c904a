import numpy as np
import pytest

from core.domain import Token
from core.errors import NotFound
from core.explain import attention, occlusion
from core.explain.methods import METHODS, methods_for


class Plain:
    """Several labels a text and no attention: "crash" is worth 0.4 of bug, "price" 0.3 of billing."""

    labels, max_tokens, multi = ("bug", "billing"), 100, True

    def tokens(self, text):
        words, start, found = text.split(), 0, []
        for word in words:
            start = text.index(word, start)
            found.append(Token(word, start, start + len(word), False))
            start += len(word)
        return tuple(found)

    def unknown_tokens(self, text):
        return []

    def probabilities(self, texts):
        return np.array([[0.5 + 0.4 * ("crash" in text), 0.6 + 0.3 * ("price" in text)] for text in texts])


def test_a_model_without_attention_is_explained_by_its_words_alone(adding):
    assert set(methods_for(Plain())) == {"Words that mattered"}
    assert methods_for(adding()) == METHODS
    with pytest.raises(NotFound, match="no attention"):
        attention.matrix(Plain(), "crash", 0, 0)
    with pytest.raises(NotFound, match="no attention"):
        attention.explain(Plain(), "crash", "bug")


def test_each_of_several_labels_is_explained_by_its_own_probability():
    text = "crash on price"
    bug, billing = (occlusion.explain(Plain(), text, label) for label in Plain.labels)
    assert [span.weight for span in bug.spans] == pytest.approx([0.4, 0.0, 0.0])
    assert [span.weight for span in billing.spans] == pytest.approx([0.0, 0.0, 0.3])
    assert (bug.probability, billing.probability) == pytest.approx((0.9, 0.9))
    over = occlusion.explain(Plain(), text, "bug", against="billing")
    assert [span.weight for span in over.spans] == pytest.approx([0.4, 0.0, -0.3])
