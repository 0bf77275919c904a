import pytest
from streamlit.testing.v1 import AppTest

from core.charts.theme import AGAINST, FOR
from core.domain import Attribution, Span
from core.explain.words import CUT, POINTS, UNREAD
from pages.parts.highlight import drawing, marks_of, place_of

TEXT = "charged <b>twice</b>  now ☃ later on"
SPANS = (
    Span(0, 7, 0.3),
    Span(8, 20, -0.15),
    Span(22, 25, 0.01),
    Span(26, 27, 0.0, UNREAD),
    Span(28, 33, 0.0, CUT),
    Span(34, 36, 0.0, CUT),
)


def attribution(text=TEXT, spans=SPANS, unit=POINTS):
    return Attribution(text, spans, "bug", "occlusion", unit, 0.9)


def test_the_browser_gets_pieces_that_join_to_the_text():
    drawn = drawing(attribution())
    assert "".join(piece["text"] for piece in drawn["pieces"]) == TEXT
    assert [piece for piece in drawn["pieces"] if piece["word"] >= 0] == [
        {"text": "charged", "shade": 1.0, "mark": "", "word": 0, "title": "+30.0 points of confidence"},
        {"text": "<b>twice</b>", "shade": -0.5, "mark": "", "word": 1, "title": "−15.0 points of confidence"},
        {"text": "now", "shade": 0.0, "mark": "", "word": 2, "title": "+1.0 points of confidence"},
        {
            "text": "☃",
            "shade": 0.0,
            "mark": UNREAD,
            "word": 3,
            "title": "no word the model knows; +0.0 points of confidence",
        },
        {
            "text": "later on",
            "shade": 0.0,
            "mark": CUT,
            "word": 4,
            "title": "past the model's limit, not read",
        },
    ]
    assert drawn["colours"] == {"for": FOR, "against": AGAINST}


@pytest.mark.parametrize("clicked", [0, 1, 5])
def test_a_click_is_a_place(clicked):
    assert place_of(attribution(), clicked) == clicked


@pytest.mark.parametrize("clicked", [None, -1, 6, 10**30, True, "0", 1.5, [0], {"word": 0}])
def test_what_is_no_click_is_no_place(clicked):
    assert place_of(attribution(), clicked) is None


def test_a_weak_picture_is_faded_and_the_chosen_word_framed():
    drawn = drawing(attribution(), chosen=1, faded=True)
    assert (drawn["chosen"], drawn["faded"]) == (1, True)
    assert (drawing(attribution())["chosen"], drawing(attribution())["faded"]) == (None, False)


def test_the_legend_names_the_marks_that_occur():
    assert set(marks_of(attribution())) == {UNREAD, CUT}
    assert marks_of(attribution(spans=SPANS[:2])) == ()


def page(text, weight):
    import streamlit as st

    from core.domain import Attribution, Span
    from pages.parts.highlight import highlighted_text, legend

    legend()
    spans = (Span(0, len(text), weight),) if text else ()
    word = highlighted_text(
        Attribution(text, spans, "bug", "occlusion", "points of confidence", 0.9), key="one"
    )
    st.text(repr(word))


def captions(text, weight):
    at = AppTest.from_function(page, args=(text, weight)).run()
    assert not at.exception
    assert at.text[-1].value == "None"
    return [caption.value for caption in at.caption]


def test_weak_and_empty_texts_say_so():
    assert captions("hello", 0.3) == []
    assert captions("hello", 0.02)[0].startswith("No single word matters here")
    assert captions("", 0.0) == ["There is no text to explain."]
