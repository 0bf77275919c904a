import io
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from pptx import Presentation

from core.domain import Attribution, Span
from core.explain.words import FACTOR, POINTS, units
from core.reports.explained import SLIDES, TEXT, pptx_bytes
from tests.core.explain.test_html import HOSTILE

CREATED = datetime(2025, 1, 1, tzinfo=UTC)
LONG = "\n".join(f"line {number} was late again and nobody told us why" for number in range(60))


def attribution(text, weights=(0.3, 0.01, -0.2), unit=POINTS):
    spans = tuple(Span(*place, weights[n % len(weights)]) for n, place in enumerate(units(text)))
    return Attribution(text, spans, "=bug", "occlusion", unit, 0.9)


def deck(*found):
    return Presentation(io.BytesIO(pptx_bytes(found, "Run 7", CREATED)))


def boxes(slides):
    return [shape for slide in slides for shape in slide.shapes if shape.name == TEXT]


def text_of(slides) -> str:
    """The runs, a line feed between paragraphs."""
    return "".join(
        "\n".join("".join(run.text for run in paragraph.runs) for paragraph in box.text_frame.paragraphs)
        for box in boxes(slides)
    )


@pytest.mark.parametrize(
    "text", [*HOSTILE, "x" * 10_000, LONG, "\u6e2c\u8a66" * 400, "a\n\n\tb  c ", "\u202ea\u200b"]
)
def test_the_runs_are_the_text(text):
    assert text_of(deck(attribution(text)).slides) == text


def test_what_xml_cannot_hold_is_left_out():
    assert text_of(deck(attribution("a\x00b \x0bc \ud83d \uffffd")).slides) == "ab c  d"


def test_a_text_without_end_is_cut_and_says_so():
    slides = deck(attribution("word " * 8_000, (0.01,))).slides
    assert len(slides) == SLIDES
    said = [shape.text_frame.text for shape in slides[SLIDES - 1].shapes if shape.has_text_frame]
    assert any("The comment goes on" in text for text in said)


def test_colours_lines_and_no_colour_below_three_points():
    (slide,) = deck(attribution("good flat bad")).slides
    (box,) = boxes([slide])
    runs = {run.text: run.font._element for run in box.text_frame.paragraphs[0].runs}
    assert runs["good"].get("u") == "sng" and runs["bad"].get("u") == "dash"
    assert runs["good"].find(".//{*}highlight/{*}srgbClr").get("val") == "80B8D8"  # half of the blue
    assert runs["bad"].find(".//{*}uFill//{*}srgbClr").get("val") == "D55E00"
    assert runs[" flat "].get("u") is None and runs[" flat "].find("{*}highlight") is None


def test_bars_are_native_and_hold_the_numbers():
    (slide,) = deck(attribution("=good flat bad")).slides
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert list(chart.plots[0].categories) == ["'=good", "bad"]
    assert [list(series.values) for series in chart.plots[0].series] == [[30.0, None], [None, -20.0]]
    sheet = load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert rows == [("'=good", 30, None), ("bad", None, -20)]
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_factors_are_drawn_as_logarithms():
    (slide,) = deck(attribution("a b", (0.7, -0.3), FACTOR)).slides
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert list(chart.plots[0].series[0].values)[0] == 0.7


def test_nothing_to_draw_is_said_and_many_make_one_deck():
    slides = deck(attribution("flat", (0.01,)), attribution("", ()), attribution("up", (0.4,))).slides
    assert len(slides) == 3
    assert "No single word matters here." in [s.text_frame.text for s in slides[0].shapes if s.has_text_frame]


def test_same_explanations_same_bytes():
    found = [attribution("good flat bad")]
    assert pptx_bytes(found, "Run 7", CREATED) == pptx_bytes(found, "Run 7", CREATED)
