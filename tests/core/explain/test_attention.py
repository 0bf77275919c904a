import numpy as np
import pytest

from core.domain import Token
from core.errors import NotFound
from core.explain.attention import explain, matrix, overview
from core.explain.methods import ATTENTION, METHODS, OCCLUSION, ROLLOUT, SHAPLEY, methods_for
from core.explain.words import CUT


def test_words_get_the_mean_over_heads_and_rows_of_the_last_layer(adding):
    # Tokens [CLS] a b [SEP]. Head 0: all on [CLS]. Head 1: looked at [CLS] 2, a 1, b 1, [SEP] 0 of 4 rows.
    found = explain(adding(), "a b", "bug")
    assert [span.weight for span in found.spans] == [0.125, 0.125]
    assert found.unit == "% of the attention"
    assert found.probability == 0.5


def test_pieces_are_summed_by_word_and_cut_words_get_nothing(adding):
    model = adding(max_tokens=5)
    places = [(0, 0), (0, 2), (2, 4), (5, 6), (0, 0)]
    tokens = tuple(Token("t", start, end, start == end) for start, end in places)
    model.tokens = lambda text: tokens
    even = np.zeros((1, 1, 5, 5), dtype=np.float32) + [0.1, 0.2, 0.3, 0.15, 0.25]
    model.attention = lambda text: (tokens, even.astype(np.float32))
    found = explain(model, "abcd e f", "praise")
    assert [span.weight for span in found.spans] == pytest.approx([0.5, 0.15, 0.0])
    assert [span.mark for span in found.spans] == ["", "", CUT]


def test_it_is_the_same_for_every_label_and_empty_texts_work(adding):
    for_bug, for_praise = (explain(adding({"a": 0.3}), "a b", label) for label in adding.labels)
    assert for_bug.spans == for_praise.spans
    assert for_bug.probability == pytest.approx(1 - for_praise.probability)
    assert explain(adding(), "", "bug").spans == ()
    with pytest.raises(NotFound):
        explain(adding(), "a", "fun")


def test_matrix_hides_special_tokens(adding):
    view = matrix(adding(), "a b c", layer=1, head=1)
    assert [token.text for token in view.tokens] == ["a", "b", "c"]
    assert view.matrix.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert (view.layer, view.head, view.layers, view.heads) == (1, 1, 2, 2)


def test_matrix_with_special_tokens_has_rows_that_sum_to_1(adding):
    view = matrix(adding(), "a b c", layer=0, head=0, specials=True)
    assert [token.text for token in view.tokens] == ["[CLS]", "a", "b", "c", "[SEP]"]
    assert view.matrix.sum(axis=1) == pytest.approx(np.ones(5))
    assert matrix(adding(), "", 0, 0).matrix.shape == (0, 0)


@pytest.mark.parametrize(("layer", "head"), [(2, 0), (0, 2), (-1, 0), (0, -1)])
def test_layers_and_heads_that_are_not_there(adding, layer, head):
    with pytest.raises(NotFound, match="layers 1 to 2 and heads 1 to 2"):
        matrix(adding(), "a", layer, head)


def test_overview_is_0_for_even_heads_and_1_for_those_on_one_token(adding):
    assert overview(adding(), "a b", specials=True) == pytest.approx(np.array([[0, 0], [1, 1]]))


def test_overview_over_words_compares_what_is_left_without_special_tokens(adding):
    # Head 0 gives nothing to words: even. Head 1: row a looks at [CLS] only (even), rows b and c at one word.
    assert overview(adding(), "a b c") == pytest.approx(np.array([[0, 0], [0, 2 / 3]]), abs=1e-6)
    assert overview(adding(), "a").tolist() == [[0, 0], [0, 0]]
    assert overview(adding(), "").shape == (2, 2)


def test_methods_share_one_way_to_call(adding):
    assert {OCCLUSION, SHAPLEY, ROLLOUT, ATTENTION} == set(methods_for(adding())) < set(METHODS)
    for method in methods_for(adding()).values():
        found = method.explain(adding({"a": 0.1}), "a b", "bug", against="praise")
        assert [found.text[span.start : span.end] for span in found.spans] == ["a", "b"]
