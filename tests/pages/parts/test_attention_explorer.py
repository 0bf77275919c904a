from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.domain import Attribution, Span, Token
from core.explain.attention import UNIT, AttentionView
from core.explain.words import CUT
from pages.parts.attention_explorer import drawing, sentence, word_at

TEXT = "<b>no</b> way  late"
FOUND = Attribution(
    TEXT, (Span(0, 9, 0.5), Span(10, 13, 0.25), Span(15, 19, 0.0, CUT)), "", "attention", UNIT, 0.0
)
TOKENS = (Token("[CLS]", 0, 0, True), Token("<b>", 0, 3, False), Token("way", 10, 13, False))


def test_the_browser_gets_text_as_text_and_one_byte_a_cell():
    view = AttentionView(TOKENS, np.array([[1, 0, 0], [0, 0.25, 0], [0, 0, 1]], dtype=np.float32))
    drawn = drawing(FOUND, view, 1)
    assert "".join(piece["text"] for piece in drawn["pieces"]) == TEXT
    assert [piece["shade"] for piece in drawn["pieces"] if piece["word"] >= 0] == [1.0, 0.5, 0.0]
    assert drawn["pieces"][0]["title"] == "50.0 % of the attention"
    assert drawn["names"] == ["[CLS]", "<b>", "way"]
    assert drawn["words"] == [-1, 0, 1]
    assert list(b64decode(drawn["cells"])) == [255, 0, 0, 0, 128, 0, 0, 0, 255]
    assert (drawn["chosen"], drawn["top"]) == (1, 1.0)


@pytest.mark.parametrize(
    ("clicked", "word"), [(0, 0), (2, 2), (3, None), (-1, None), (True, None), ("0", None), (None, None)]
)
def test_what_the_browser_sends_is_a_word_or_nothing(clicked, word):
    assert word_at(FOUND, clicked) == word


def test_the_sentence_names_the_largest_and_what_no_word_got():
    assert sentence(FOUND, None) == "All tokens together look at: <b>no</b> 50%, way 25%, special tokens 25%."
    assert sentence(FOUND, 1).startswith("“way” looks at: <b>no</b> 50%")
    nothing = Attribution(TEXT, (Span(0, 9, 0.0),), "", "attention", UNIT, 0.0)
    assert "no token for this word" in sentence(nothing, 0)


def page(kind, text):
    from types import SimpleNamespace

    import numpy as np

    from core.domain import Token
    from core.errors import ModelError
    from pages.parts import attention_explorer, model

    class Counted:
        labels, max_tokens = ("bug",), 64

    class Even(Counted):
        def tokens(self, text):
            words = [
                Token(word, text.index(word), text.index(word) + len(word), False) for word in text.split()
            ]
            return (Token("[CLS]", 0, 0, True), *words)

        def unknown_tokens(self, text):
            return []

        def attention(self, text, half=False):
            if kind == "closed":
                raise ModelError("It keeps its attention to itself.")
            tokens = self.tokens(text)
            return tokens, np.full((2, 3, len(tokens), len(tokens)), 1 / len(tokens), dtype=np.float32)

    model.classifier = lambda run: Counted() if kind == "counted" else Even()
    attention_explorer.forget_cached()
    attention_explorer.show(SimpleNamespace(id=1, manifest_sha256=kind), text)


@pytest.fixture(autouse=True)
def real_classifier(monkeypatch):
    from pages.parts import model

    monkeypatch.setattr(model, "classifier", model.classifier)  # put back what `page` sets


def visit(kind, text):
    at = AppTest.from_function(page, args=(kind, text)).run()
    assert not at.exception
    return at


def test_a_model_without_attention_points_to_the_words_that_mattered():
    at = visit("counted", "a b")
    assert "Words that mattered" in at.info[0].value
    assert not at.selectbox


def test_an_encoder_that_keeps_its_attention_says_so():
    assert "to itself" in visit("closed", "a b").warning[0].value


def test_layers_heads_and_special_tokens_are_chosen():
    at = visit("even", "<b>no way")
    assert "not why" in at.info[0].value
    assert at.selectbox[0].options == ["1", "2"]
    assert at.selectbox[1].options == ["Mean of all heads", "Head 1", "Head 2", "Head 3"]
    at.selectbox[1].select(2).run()
    at.toggle[0].set_value(True).run()
    assert not at.exception
    assert any("special tokens 33" in caption.value for caption in at.caption)


@pytest.mark.parametrize("text", ["a", "\u200b"])
def test_one_token(text):
    assert visit("even", text).info
