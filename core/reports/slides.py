"""The report as a deck: native editable charts on our own 16:9 template."""

import io
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE
from pptx.util import Inches, Pt

from core.charts.scores import label_estimates, overall_estimates
from core.charts.theme import ACCENT, LIGHT
from core.domain import Quote
from core.reports.native import Box, nice_top, range_bars, rgb, score_table, segment_table, trend_chart
from core.reports.outline import Fact, Outline, Section
from core.reports.safe import shorten

TEMPLATE = Path(__file__).resolve().parents[2] / "assets" / "report_template.pptx"
TITLE, CONTENT = 0, 1
BODY = Box(0.75, 1.7, 11.83, 4.75)
NOTE = Box(0.75, 6.5, 11.83, 0.42)
HEADING_WIDTH = 150
LABELS_SHOWN = 12
THEMES_PER_SLIDE = 3
QUOTE_SLIDES = 3
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def pptx_bytes(outline: Outline) -> bytes:
    """The deck; the same outline gives the same bytes."""
    deck = Presentation(str(TEMPLATE))
    core = deck.core_properties
    core.title, core.author = shorten(outline.title, 200), "Roadlens"
    core.created = core.modified = outline.created.replace(tzinfo=None)
    _title(deck, outline)
    for section in outline.sections:
        DRAW[section.key](deck, outline, section)
    file = io.BytesIO()
    deck.save(file)
    return _same_dates(file.getvalue())


def _same_dates(data: bytes) -> bytes:
    """The zip again with fixed dates: python-pptx stamps the time of the build on each part."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return file.getvalue()


def _slide(deck, outline: Outline, layout: int, heading: str, notes: Sequence[str]):
    """A slide with heading, footer, number and speaker notes."""
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    slide.shapes.title.text = shorten(heading, HEADING_WIDTH)
    for shape in slide.slide_layout.placeholders:
        if shape.placeholder_format.type in (PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER):
            copy = deepcopy(shape._element)
            copy.nvSpPr.cNvPr.set("id", str(slide.shapes._next_shape_id))
            slide.shapes._spTree.append(copy)
    for shape in slide.placeholders:
        if shape.placeholder_format.type == PP_PLACEHOLDER.FOOTER:
            shape.text_frame.text = shorten(outline.footer, 130)
    lines = [shorten(line, 600) for note in (*notes, outline.notes) for line in note.split("\n")]
    slide.notes_slide.notes_text_frame.text = "\n".join(line for line in lines if line)
    return slide


def _title(deck, outline: Outline) -> None:
    slide = _slide(deck, outline, TITLE, shorten(outline.title, 90), [outline.link])
    subtitle = next(s for s in slide.placeholders if s.placeholder_format.type == PP_PLACEHOLDER.SUBTITLE)
    subtitle.text_frame.text = shorten(outline.subtitle, 160)


def _content(deck, outline: Outline, section: Section, heading: str = ""):
    alt = [section.figure.alt] if section.figure else []
    return _slide(deck, outline, CONTENT, heading or section.heading, [*alt, *section.lines])


def _text(slide, box: Box, anchor=MSO_ANCHOR.TOP):
    frame = slide.shapes.add_textbox(*box.emu).text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.vertical_anchor = anchor
    return frame


def _say(frame, text: str, size: float, hex_value: str, *, bold: bool = False, after: float = 0) -> None:
    """One paragraph; the text goes in as a run, so it stays text."""
    first = frame.paragraphs[0]
    paragraph = first if not first.runs else frame.add_paragraph()
    paragraph.space_after = Pt(after)
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold = Pt(size), bold
    run.font.color.rgb = rgb(hex_value)


def _missing(slide, text: str) -> None:
    _say(_text(slide, Box(0.75, 1.8, 10.5, 1.2)), shorten(text, 300), 20, LIGHT.muted)


def _note(slide, lines: Sequence[str]) -> None:
    text = " ".join(line for line in lines if line)
    _say(_text(slide, NOTE, MSO_ANCHOR.BOTTOM), shorten(text, 210), 11, LIGHT.muted)


def _summary(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    if section.missing:
        _missing(slide, section.missing)
        return
    lines = section.lines[:6]
    size = 20 if sum(map(len, lines)) < 700 else 16
    step = min(1.05, BODY.height / len(lines))
    for place, line in enumerate(lines):
        top = BODY.top + 0.1 + place * step
        number = _text(slide, Box(0.75, top, 0.6, step))
        _say(number, str(place + 1), size, ACCENT, bold=True)
        _say(_text(slide, Box(1.35, top, 11.1, step)), shorten(line, 230), size, LIGHT.text)


def _themes(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    if section.figure is None:
        _missing(slide, section.missing)
        return
    themes = section.figure.themes
    box = Box(BODY.left, BODY.top, BODY.width, min(BODY.height, 0.75 + 0.5 * len(themes)))
    range_bars(slide, box, [(theme.name, theme.share) for theme in themes], section.figure.alt)
    _note(slide, ["Bars: likely range (90%); the two blues meet at the best estimate.", *section.lines])


def _trend(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    if section.figure is None:
        _missing(slide, section.missing)
        return
    trends = section.figure.trends
    columns = 1 if len(trends) == 1 else 2 if len(trends) <= 4 else 4
    rows = -(-len(trends) // columns)
    width, height = BODY.width / columns, BODY.height / max(rows, 1)
    top = nice_top(max((point.share.high for trend in trends for point in trend.points), default=1.0))
    for place, trend in enumerate(trends):
        left, upper = BODY.left + place % columns * width, BODY.top + place // columns * height
        name = _text(slide, Box(left, upper, width - 0.1, 0.4), MSO_ANCHOR.BOTTOM)
        _say(name, shorten(trend.theme, int(width * 11)), 12, LIGHT.text, bold=True)
        box = Box(left, upper + 0.38, width - 0.15, height - 0.45)
        trend_chart(slide, box, trend, top, f"{shorten(trend.theme, 80)}: share by period, with range.")
    _note(slide, ["Solid: best estimate; dashed: likely range (90%). One scale from zero.", *section.lines])


def _segments(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    if section.figure is None:
        _missing(slide, section.missing)
        return
    themes = len({cell.theme for cell in section.figure.cells})
    box = Box(BODY.left, BODY.top, BODY.width, min(BODY.height, 0.42 * (themes + 1)))
    segment_table(slide, box, section.figure)
    _note(slide, section.lines)


def _quotes(deck, outline: Outline, section: Section) -> None:
    if not section.quotes:
        _missing(_content(deck, outline, section), section.missing)
        return
    themes = list(dict.fromkeys(quote.theme for quote in section.quotes))
    starts = range(0, len(themes), THEMES_PER_SLIDE)[:QUOTE_SLIDES]
    for number, start in enumerate(starts, start=1):
        group = themes[start : start + THEMES_PER_SLIDE]
        heading = f"{section.heading} ({number} of {len(starts)})" if len(starts) > 1 else ""
        slide = _content(deck, outline, section, heading)
        width = (BODY.width + 0.25) / THEMES_PER_SLIDE
        for place, theme in enumerate(group):
            box = Box(BODY.left + place * width, BODY.top, width - 0.25, BODY.height)
            _quoted(slide, box, theme, [quote for quote in section.quotes if quote.theme == theme])
        _note(slide, section.lines)


def _quoted(slide, box: Box, theme: str, quotes: Sequence[Quote]) -> None:
    """A theme and its quotes, each cut so that four of them fit the column."""
    card = slide.shapes.add_textbox(*box.emu)
    card.fill.solid()
    card.fill.fore_color.rgb = rgb(LIGHT.panel)
    frame = card.text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.margin_left = frame.margin_right = frame.margin_top = Inches(0.2)
    _say(frame, shorten(theme, 48), 15, ACCENT, bold=True, after=8)
    for quote in quotes[:4]:
        _say(frame, f"“{shorten(quote.text, 140)}”", 12, LIGHT.text, after=1)
        _say(frame, shorten(f"row {quote.id}  {quote.context}", 54), 10, LIGHT.muted, after=9)


def _model(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    figure = section.figure
    if figure is None:
        _say(_text(slide, Box(0.75, 1.7, 11.8, 0.8)), shorten(section.missing, 200), 18, LIGHT.muted)
        _facts(slide, Box(0.75, 2.7, 11.8, 3.6), section.facts, 6)
        return
    both = [(figure.model, "Model")] + ([(figure.baseline, "Baseline")] if figure.baseline else [])
    measures = {name: dict(overall_estimates(scores)) for scores, name in both}
    rows = [
        (f"{name}: {measure.lower() if measure != 'Macro F1' else 'macro F1'}", measures[name][measure])
        for measure in measures["Model"]
        for name in measures
    ]
    range_bars(slide, Box(0.75, 1.7, 6.9, 0.75 + 0.6 * len(rows)), rows, figure.alt, top=1.4)
    _facts(slide, Box(7.9, 1.75, 4.7, 4.6), section.facts, 8)
    _note(slide, ["Scores on comments the model did not see. Bars: likely range (90%).", *section.lines])
    _label_scores(deck, outline, section)


def _label_scores(deck, outline: Outline, section: Section) -> None:
    f1 = {score.label: score.f1 for score in section.figure.model.per_label}
    rows = sorted(label_estimates(section.figure.model), key=lambda row: (f1[row[0]], row[0]))
    shown = rows[:LABELS_SHOWN]
    weakest = f"“{shorten(shown[0][0], 44)}”" if shown else ""
    heading = f"Weakest label: {weakest}" if shown else "No label has held-out rows"
    slide = _content(deck, outline, section, heading)
    box = Box(BODY.left, BODY.top, BODY.width, 0.36 * (len(shown) + 1))
    score_table(slide, box, shown, f"Precision and recall with ranges. {heading}.")
    left = f"The {len(shown)} weakest of {len(rows)} labels." if len(rows) > len(shown) else "All labels."
    _note(
        slide,
        [left, "Precision: of the comments given the label, how many deserve it. Recall: found of all."],
    )


def _facts(slide, box: Box, facts: Sequence[Fact], limit: int, width: int = 110) -> None:
    frame = _text(slide, box)
    for fact in facts[:limit]:
        _say(frame, fact.name, 11, LIGHT.muted)
        _say(frame, shorten(fact.value, width), 13, LIGHT.text, after=7)


def _method(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    _facts(slide, Box(0.75, 1.7, 5.9, 4.9), section.facts, 7, width=260)
    frame = _text(slide, Box(7.0, 1.7, 5.5, 4.9))
    _say(frame, "What is missing and why", 11, LIGHT.muted, after=4)
    for line in section.lines[:7] or ("Nothing: all columns were there.",):
        _say(frame, shorten(line, 170), 13, LIGHT.text, after=7)


DRAW = {
    "summary": _summary,
    "themes": _themes,
    "trend": _trend,
    "segments": _segments,
    "quotes": _quotes,
    "model": _model,
    "method": _method,
}
