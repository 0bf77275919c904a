import io
import time
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import load_workbook
from pptx import Presentation
from pptx.util import Inches

from core.domain import Theme
from core.reports import native
from core.reports.outline import Meta, outline
from core.reports.slides import pptx_bytes


def open_deck(data: bytes):
    return Presentation(io.BytesIO(data))


def charts(slide):
    return [shape.chart for shape in slide.shapes if shape.has_chart]


def texts(slide) -> str:
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


@pytest.fixture
def deck(insights, run):
    return open_deck(pptx_bytes(outline(insights, run, sentences=("=1+1 is <b>bad</b>",))))


def test_wide_slides_one_a_section_with_footer_and_notes(deck):
    assert (deck.slide_width, deck.slide_height) == (Inches(13.333), Inches(7.5))
    assert len(deck.slides) == 11  # title, six sections, quotes on three, the table of labels
    for slide in deck.slides:
        assert "not checked yet" in texts(slide)
        assert "ab" * 32 in slide.notes_slide.notes_text_frame.text


def test_theme_chart_is_native_and_holds_the_numbers_of_the_outline(deck, insights, run):
    (chart,) = charts(deck.slides[2])
    low, to_mid, to_high, _ = chart.plots[0].series
    rows = [row for row in outline(insights, run).figures[0].rows if row.unit == "share"]
    for place, row in enumerate(rows):
        assert low.values[place] == row.low
        assert low.values[place] + to_mid.values[place] == pytest.approx(row.mid)
        assert row.mid + to_high.values[place] == pytest.approx(row.high)
    assert low.format.fill.type == 5  # background: the bar begins at the low end
    assert chart.category_axis.reverse_order
    assert list(chart.plots[0].categories)[:2] == ["'=1+1", "'@SUM(A1)"]


def test_trend_charts_are_lines_over_dates(deck, insights):
    drawn = charts(deck.slides[3])
    assert len(drawn) == 8
    points = insights.trends[0].points
    assert list(drawn[0].plots[0].series[0].values) == [point.share.mid for point in points]
    sheet = load_workbook(io.BytesIO(drawn[0].part.chart_workbook.xlsx_part.blob)).active
    assert sheet["A2"].value.date() == date(2024, 1, 1)


def test_segments_are_a_table_with_marks_and_no_small_numbers(deck):
    (table,) = [shape.table for shape in deck.slides[4].shapes if shape.has_table]
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells[0] == ["Plan=<i>", "'=Pro", "Free", "tiny"]
    assert cells[1] == ["'=1+1", "▲ 30%", "10%", "few"]


def test_model_chart_puts_the_baseline_beside_the_model(deck, insights, run):
    chart = charts(deck.slides[8])[0]
    low, to_mid, *_ = chart.plots[0].series
    assert list(chart.plots[0].categories)[4:] == ["Model: accuracy", "Baseline: accuracy"]
    assert low.values[4] + to_mid.values[4] == pytest.approx(0.8)


def test_workbooks_inside_hold_no_formula_and_the_same_numbers(deck):
    found = [chart for slide in deck.slides for chart in charts(slide)]
    assert len(found) == 10
    for chart in found:
        book = load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
        cells = [cell for row in book.active.iter_rows() for cell in row]
        assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
        first = chart.plots[0].series[0]
        column = [row[1] for row in book.active.iter_rows(min_row=2, values_only=True)]
        assert column == pytest.approx(list(first.values))


def test_charts_and_tables_have_alt_text(deck):
    frames = [s for slide in deck.slides for s in slide.shapes if s.has_chart or s.has_table]
    assert len(frames) == 12
    assert all(frame._element.nvGraphicFramePr.cNvPr.get("descr") for frame in frames)


def test_nothing_points_outside_the_deck(insights, run):
    with zipfile.ZipFile(io.BytesIO(pptx_bytes(outline(insights, run)))) as parts:
        relations = [parts.read(name) for name in parts.namelist() if name.endswith(".rels")]
    assert relations and not any(b'TargetMode="External"' in relation for relation in relations)


def test_quotes_are_cut_to_fit_and_stay_text(insights, run):
    long = replace(insights.quotes[0], text="<script>" + "word " * 500)
    deck = open_deck(pptx_bytes(outline(replace(insights, quotes=(long,) * 9), run)))
    slide = next(slide for slide in deck.slides if "In their words" in texts(slide))
    runs = [r.text for s in slide.shapes if s.has_text_frame for p in s.text_frame.paragraphs for r in p.runs]
    quotes = [text for text in runs if text.startswith("“<script>")]
    assert len(quotes) == 4
    assert all(len(text) <= 142 and text.endswith("…”") for text in quotes)


def test_seventy_seven_long_names_stay_inside_the_slide(insights, run):
    share = insights.themes[0].share
    themes = tuple(Theme(f"{place} " + "very long name " * 30, share, None, ()) for place in range(77))
    deck = open_deck(pptx_bytes(outline(replace(insights, themes=themes), run)))
    categories = list(charts(deck.slides[2])[0].plots[0].categories)
    assert len(categories) == 13 and max(map(len, categories)) <= native.LABEL_WIDTH + 1
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left + shape.width <= deck.slide_width
            assert shape.top + shape.height <= deck.slide_height


def test_same_outline_same_bytes(insights, run):
    made = outline(insights, run, Meta(title="=1+1"))
    first = pptx_bytes(made)
    time.sleep(1.1)  # dates inside the parts count seconds
    assert pptx_bytes(made) == first
    assert open_deck(pptx_bytes(made)).core_properties.created.year == 2025


def test_empty_report_has_a_line_for_each_missing_thing(nothing, run):
    deck = open_deck(pptx_bytes(outline(nothing, replace(run, model=None, baseline=None))))
    assert not any(charts(slide) for slide in deck.slides)
    said = "\n".join(texts(slide) for slide in deck.slides)
    for line in ("No themes yet", "No date column.", "There are no segments", "kept no scores"):
        assert line in said


def test_periods_that_are_no_dates_become_labels(insights, run):
    points = tuple(replace(point, start=f"=week {n}") for n, point in enumerate(insights.trends[0].points))
    odd = replace(insights, trends=(replace(insights.trends[0], points=points),))
    (chart,) = charts(open_deck(pptx_bytes(outline(odd, run))).slides[3])
    assert list(chart.plots[0].categories)[0] == "'=week 0"


def test_ids_of_shapes_are_unique_on_a_slide_and_its_layout(deck):
    for part in (*deck.slides, *deck.slide_layouts):
        ids = [shape.shape_id for shape in part.shapes]
        assert len(ids) == len(set(ids))
