"""What mattered in the quotes, in each file of a report."""

import io
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from openpyxl import load_workbook
from pptx import Presentation

from core.domain import Quote, Span
from core.reports import tables
from core.reports.html import html_bytes
from core.reports.marked import LEGEND, PLAIN
from core.reports.outline import Meta, outline
from core.reports.safe import plain_text
from core.reports.slides import pptx_bytes

QUOTES = Meta(sections=("quotes",))
TEXT = "<b>slow</b> again\r\n=refund \u202enot fine"
SPANS = (Span(0, 11, 0.4), Span(12, 17, 0.02), Span(19, 26, -0.2), Span(27, 31, 0.0), Span(32, 36, 0.03))


@pytest.fixture
def marked(insights):
    quote = Quote(1, TEXT, insights.themes[0].name, 0.9, "web", SPANS)
    return replace(insights, quotes=(quote, *insights.quotes[1:2]))


class Marks(HTMLParser):
    def __init__(self, data):
        super().__init__()
        self.marks, self.open, self.quotes = [], None, []
        self.feed(data.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        if tag == "mark":
            self.marks.append([dict(attrs), ""])
        if tag == "blockquote":
            self.quotes.append("")
        self.open = tag if tag in ("mark", "p", "footer") else None

    def handle_endtag(self, tag):
        self.open = "p" if tag == "mark" else None

    def handle_data(self, data):
        if self.open == "mark":
            self.marks[-1][1] += data
        if self.quotes and self.open in ("mark", "p"):
            self.quotes[-1] += data


def test_the_page_marks_the_words_and_the_text_stays(marked, run):
    found = Marks(html_bytes(outline(marked, run, QUOTES)))
    assert [(at["class"], text) for at, text in found.marks] == [
        ("for", "<b>slow</b>"), ("against", "=refund"), ("for", "fine"),
    ]  # fmt: skip
    assert found.marks[0][0]["title"] == "+40.0 points of confidence"
    assert found.quotes[0] == plain_text(TEXT)


def test_the_slide_colours_the_words(marked, run):
    deck = Presentation(io.BytesIO(pptx_bytes(outline(marked, run, QUOTES))))
    paragraphs = [
        paragraph
        for slide in deck.slides
        for shape in slide.shapes
        if shape.has_text_frame
        for paragraph in shape.text_frame.paragraphs
        if paragraph.text.startswith("“<b>slow")
    ]
    (paragraph,) = paragraphs
    assert paragraph.text == "“<b>slow</b> again =refund not fine”"
    coloured = {run.text: run.font._element.get("u") for run in paragraph.runs}
    assert coloured == {
        "“": None, "<b>slow</b>": "sng", " again ": None, "=refund": "dash", " not ": None, "fine": "sng",
        "”": None,
    }  # fmt: skip


def test_the_workbook_names_the_words_and_holds_no_formula(marked, run):
    sheet = load_workbook(io.BytesIO(tables.xlsx_bytes(outline(marked, run, QUOTES))))["Quotes"]
    head, first, second = sheet.iter_rows(values_only=True)
    assert head[-1] == "words that mattered (points)"
    assert first[-1] == "<b>slow</b> (+40.0), =refund (\N{MINUS SIGN}20.0), fine (+3.0)"
    assert second[-1] is None
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_the_legend_stands_once_and_says_what_is_plain(marked, insights, run):
    def lines(found):
        (section,) = [part for part in outline(found, run, QUOTES).sections if part.key == "quotes"]
        return section.lines[1:]

    assert lines(insights) == (PLAIN,)
    assert lines(replace(marked, quotes=marked.quotes[:1])) == (LEGEND,)
    legend, some = lines(marked)
    assert legend == LEGEND and some.startswith("1 of the 2 quotes")
    page = html_bytes(outline(marked, run, QUOTES)).decode()
    assert page.count("with a solid line") == 1 and PLAIN not in page
