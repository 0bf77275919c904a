import numpy as np
import pytest

from core.domain import Token
from core.errors import NotFound
from core.explain import attention, occlusion
from core.explain.methods import INTEGRATED, OCCLUSION, SHAPLEY, SHORT, default_method, methods_for


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


def test_a_model_without_attention_is_explained_by_its_words_alone():
    assert set(methods_for(Plain())) == {OCCLUSION, SHAPLEY}
    with pytest.raises(NotFound, match="no attention"):
        attention.look(Plain(), "crash")
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


class Layered(Plain):
    encoder = head = object()


@pytest.mark.parametrize(
    ("model", "words", "against", "leads"),
    [
        (Plain(), SHORT + 1, None, OCCLUSION),
        (Plain(), 3, "billing", OCCLUSION),
        (Layered(), SHORT, None, OCCLUSION),
        (Layered(), SHORT + 1, None, INTEGRATED),
        (Layered(), 3, "billing", INTEGRATED),
    ],
)
def test_the_method_that_leads(model, words, against, leads):
    assert default_method(model, "slow " * words, against) == leads


def test_what_the_own_test_of_a_run_found_leads_on_short_texts():
    assert default_method(Layered(), "slow app", None, SHAPLEY) == SHAPLEY
    assert default_method(Layered(), "slow " * 40, None, SHAPLEY) == INTEGRATED
    assert default_method(Plain(), "slow app", None, INTEGRATED) == OCCLUSION
