from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import Attribution, Span
from core.explain.html import highlight_html, page_html
from core.explain.words import CUT, POINTS, UNREAD, units

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</mark></div><style>*{display:none}</style>",
    '" onmouseover="alert(1)',
    "' style='x",
    "&lt;b&gt; &amp; &#60;",
    "a\r\nb\rc\n",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1) ![x](http://x.example/y.png)",
]


class Parsed(HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.tags, self.attributes, self.text = [], set(), ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


def highlighted(text, weights=(0.3, -0.2), marks=("",), unit=POINTS):
    spans = tuple(
        Span(*unit, weights[place % len(weights)], marks[place % len(marks)])
        for place, unit in enumerate(units(text))
    )
    return highlight_html(Attribution(text, spans, "bug", "occlusion", unit, 0.9))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_back_as_text(text):
    parsed = Parsed(highlighted(text))
    assert parsed.text == text
    assert "\r" not in highlighted(text)  # a browser would read a line feed
    assert parsed.tags[0] == "div" and set(parsed.tags[1:]) == {"mark"}
    assert parsed.attributes <= {"class", "dir", "style", "title"}


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_every_text_comes_back(text):
    parsed = Parsed(highlighted(text, marks=("", UNREAD, CUT)))
    assert parsed.text == text
    assert set(parsed.tags) <= {"div", "mark"}


def test_a_label_in_the_unit_cannot_leave_the_title():
    parsed = Parsed(highlighted("a", unit=f'{POINTS} in "><script>x</script> over b'))
    assert parsed.tags == ["div", "mark"]


def test_what_a_word_says_and_how_it_looks():
    html = highlighted("up down flat", weights=(0.4, -0.2, 0.01))
    assert 'class="for" title="+40.0 points of confidence"' in html
    assert 'class="against" title="−20.0 points of confidence"' in html
    assert "underline solid #0072B2" in html and "underline dashed #D55E00" in html
    assert html.count("color:inherit") == 2
    assert html.endswith("</mark> flat</div>")


def test_marks_without_weight_are_drawn():
    html = highlighted("☃ late", weights=(0.0,), marks=(UNREAD, CUT))
    assert "dotted" in html and "line-through" in html


def test_a_page_of_its_own_holds_each_text_and_asks_nobody():
    hostile = Attribution("<b>slow</b>", (Span(0, 11, 0.4),), "a<i>", "Occlusion", POINTS, 0.8)
    page = page_html([hostile, hostile])
    assert page.count("&lt;b&gt;slow&lt;/b&gt;") == 4 and "<b>" not in page  # text and bars
    assert page.count("<h2>a&lt;i&gt; (80%)</h2>") == 2
    assert "http" not in page.replace("http-equiv", "")


class Texts(HTMLParser):
    """What stands in the boxes of the words."""

    def __init__(self, source):
        super().__init__()
        self.inside, self.found = False, []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        if ("class", "words") in attrs:
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "div"

    def handle_data(self, data):
        if self.inside:
            self.found[-1] += data


def explained(text, unit=POINTS, weight=0.3):
    return Attribution(text, tuple(Span(*place, weight) for place in units(text)), "bug", "m", unit, 0.995)


def test_each_text_of_a_page_comes_back():
    texts = [*HOSTILE, "x" * 10_000]
    assert Texts(page_html([explained(text) for text in texts], "run <1>")).found == texts


def test_a_page_lists_the_words_that_have_a_colour():
    page = page_html(
        [explained("late late", weight=0.31), explained("fine", weight=0.02)], "Run 3, model <ab>"
    )
    assert page.count("<td>late</td><td>+31.0</td>") == 2 and "<td>fine</td>" not in page
    assert "No single word matters here." in page
    assert "bug (99%)" in page and "Run 3, model &lt;ab&gt;" in page


def test_a_page_of_what_the_model_looked_at_promises_no_reasons():
    assert "not why" in page_html([explained("a", "% of the attention")])
    assert "speak for the label" in page_html([explained("a")])
