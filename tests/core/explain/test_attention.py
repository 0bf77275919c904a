import numpy as np
import pytest

from core.domain import Token
from core.errors import NotFound
from core.explain.attention import explain, look, matrix, overview, words
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
    model.attention = lambda text, half=False: (tokens, even.astype(np.float32))
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
    view = matrix(look(adding(), "a b c"), layer=1, head=1)
    assert [token.text for token in view.tokens] == ["a", "b", "c"]
    assert view.matrix.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_matrix_with_special_tokens_has_rows_that_sum_to_1(adding):
    view = matrix(look(adding(), "a b c"), layer=0, head=0, specials=True)
    assert [token.text for token in view.tokens] == ["[CLS]", "a", "b", "c", "[SEP]"]
    assert view.matrix.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-3)
    assert matrix(look(adding(), ""), 0, 0).matrix.shape == (0, 0)


def test_special_tokens_are_known_by_place_and_not_by_spelling(adding):
    view = matrix(look(adding(), "[SEP] a"), 0, 0)
    assert [token.text for token in view.tokens] == ["[SEP]", "a"]


def test_the_mean_of_a_layer_is_over_its_heads(adding):
    # Head 0: all on [CLS]; head 1: on the token before. Row c, the last word.
    view = matrix(look(adding(), "a b c"), layer=1, specials=True)
    assert view.matrix[3].tolist() == [0.5, 0, 0.5, 0, 0]


@pytest.mark.parametrize(("layer", "head"), [(2, 0), (0, 2), (-1, 0), (0, -1), (2, None)])
def test_layers_and_heads_that_are_not_there(adding, layer, head):
    with pytest.raises(NotFound, match="layers 1 to 2 and heads 1 to 2"):
        matrix(look(adding(), "a"), layer, head)


def test_a_word_looks_at_the_words_that_its_tokens_look_at(adding):
    looked = look(adding(), "a b c")
    assert [span.weight for span in words(looked, 1, 1, word=2).spans] == [0, 1, 0]
    assert [span.weight for span in words(looked, 1, None, word=2).spans] == [0, 0.5, 0]
    # All tokens: 5 rows, of which [CLS] and a look at [CLS], b at a, c at b, [SEP] at c.
    assert [span.weight for span in words(looked, 1, 1).spans] == pytest.approx([0.2, 0.2, 0.2])


def test_a_word_of_two_tokens_has_their_mean_and_receives_their_sum(adding):
    model = adding()
    places = [(0, 0), (0, 2), (2, 4), (5, 6), (0, 0)]
    tokens = tuple(Token("t", start, end, start == end) for start, end in places)
    maps = np.zeros((1, 1, 5, 5), dtype=np.float32)
    maps[0, 0, 1] = [0.5, 0.25, 0.125, 0.125, 0]
    maps[0, 0, 2] = [0, 0, 0.5, 0.5, 0]
    model.tokens = lambda text: tokens
    model.attention = lambda text, half=False: (tokens, maps)
    looked = look(model, "abcd e")
    # Rows 1 and 2: to "abcd" (.375 + .5) / 2, to "e" (.125 + .5) / 2.
    assert [span.weight for span in words(looked, 0, 0, word=0).spans] == [0.4375, 0.3125]


def test_one_token_no_token_and_cut_words(adding):
    assert [span.weight for span in words(look(adding(), "a"), 0, 0, word=0).spans] == pytest.approx(
        [1 / 3], abs=1e-3
    )
    assert words(look(adding(), ""), 0, 0).spans == ()
    found = words(look(adding(max_tokens=4), "a b c d"), 0, 0, word=3)
    assert [(span.weight, span.mark) for span in found.spans] == [(0, ""), (0, ""), (0, CUT), (0, CUT)]


def test_overview_is_0_for_even_heads_and_1_for_those_on_one_token(adding):
    found = overview(look(adding(), "a b"), specials=True)
    assert found == pytest.approx(np.array([[0, 0], [1, 1]]), abs=1e-6)


def test_overview_over_words_compares_what_is_left_without_special_tokens(adding):
    # Head 0 gives nothing to words: even. Head 1: row a looks at [CLS] only (even), rows b and c at one word.
    found = overview(look(adding(), "a b c"))
    assert found == pytest.approx(np.array([[0, 0], [0, 2 / 3]]), abs=1e-6)
    assert overview(look(adding(), "a")).tolist() == [[0, 0], [0, 0]]
    assert overview(look(adding(), "")).shape == (2, 2)


def test_methods_share_one_way_to_call(adding):
    assert {OCCLUSION, SHAPLEY, ROLLOUT, ATTENTION} == set(methods_for(adding())) < set(METHODS)
    for method in methods_for(adding()).values():
        found = method.explain(adding({"a": 0.1}), "a b", "bug", against="praise")
        assert [found.text[span.start : span.end] for span in found.spans] == ["a", "b"]
