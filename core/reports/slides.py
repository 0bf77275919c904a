"""The report as a deck: native editable charts on our own 16:9 template."""

from collections.abc import Sequence

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE
from pptx.util import Inches

from core.charts.scores import label_estimates, overall_estimates
from core.charts.theme import ACCENT, LIGHT
from core.domain import Quote
from core.reports.deck import (
    BODY,
    CONTENT,
    TITLE,
    add_slide,
    note,
    open_deck,
    saved,
    say,
    say_runs,
    text_frame,
)
from core.reports.marked import Run, attribution_of, joined, one_line, runs
from core.reports.native import Box, nice_top, range_bars, rgb, score_table, segment_table, trend_chart
from core.reports.outline import Fact, Outline, Section
from core.reports.safe import shorten

LABELS_SHOWN = 12
THEMES_PER_SLIDE = 3
QUOTE_SLIDES = 3
QUOTE_WIDTH = 140  # characters of a quote, so that four of them fit their column


def pptx_bytes(outline: Outline) -> bytes:
    """The deck; the same outline gives the same bytes."""
    deck = open_deck(outline.title, outline.created)
    _title(deck, outline)
    for section in outline.sections:
        DRAW[section.key](deck, outline, section)
    return saved(deck)


def _slide(deck, outline: Outline, layout: int, heading: str, notes: Sequence[str]):
    return add_slide(deck, layout, heading, outline.footer, [*notes, outline.notes])


def _title(deck, outline: Outline) -> None:
    slide = _slide(deck, outline, TITLE, shorten(outline.title, 90), [outline.link])
    subtitle = next(s for s in slide.placeholders if s.placeholder_format.type == PP_PLACEHOLDER.SUBTITLE)
    subtitle.text_frame.text = shorten(outline.subtitle, 160)


def _content(deck, outline: Outline, section: Section, heading: str = ""):
    alt = [section.figure.alt] if section.figure else []
    return _slide(deck, outline, CONTENT, heading or section.heading, [*alt, *section.lines])


def _missing(slide, text: str) -> None:
    say(text_frame(slide, Box(0.75, 1.8, 10.5, 1.2)), shorten(text, 300), 20, LIGHT.muted)


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
        number = text_frame(slide, Box(0.75, top, 0.6, step))
        say(number, str(place + 1), size, ACCENT, bold=True)
        say(text_frame(slide, Box(1.35, top, 11.1, step)), shorten(line, 230), size, LIGHT.text)


def _themes(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    if section.figure is None:
        _missing(slide, section.missing)
        return
    themes = section.figure.themes
    box = Box(BODY.left, BODY.top, BODY.width, min(BODY.height, 0.75 + 0.5 * len(themes)))
    range_bars(slide, box, [(theme.name, theme.share) for theme in themes], section.figure.alt)
    note(slide, ["Bars: likely range (90%); the two blues meet at the best estimate.", *section.lines])


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
        name = text_frame(slide, Box(left, upper, width - 0.1, 0.4), MSO_ANCHOR.BOTTOM)
        say(name, shorten(trend.theme, int(width * 11)), 12, LIGHT.text, bold=True)
        box = Box(left, upper + 0.38, width - 0.15, height - 0.45)
        trend_chart(slide, box, trend, top, f"{shorten(trend.theme, 80)}: share by period, with range.")
    note(slide, ["Solid: best estimate; dashed: likely range (90%). One scale from zero.", *section.lines])


def _segments(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    if section.figure is None:
        _missing(slide, section.missing)
        return
    themes = len({cell.theme for cell in section.figure.cells})
    box = Box(BODY.left, BODY.top, BODY.width, min(BODY.height, 0.42 * (themes + 1)))
    segment_table(slide, box, section.figure)
    note(slide, section.lines)


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
        note(slide, section.lines)


def _quoted(slide, box: Box, theme: str, quotes: Sequence[Quote]) -> None:
    """A theme and its quotes, each cut so that four of them fit the column."""
    card = slide.shapes.add_textbox(*box.emu)
    card.fill.solid()
    card.fill.fore_color.rgb = rgb(LIGHT.panel)
    frame = card.text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.margin_left = frame.margin_right = frame.margin_top = Inches(0.2)
    say(frame, shorten(theme, 48), 15, ACCENT, bold=True, after=8)
    for quote in quotes[:4]:
        parts = one_line(runs(attribution_of(quote)), QUOTE_WIDTH)
        say_runs(frame, joined([Run("“"), *parts, Run("”")]), 12, after=1)
        say(frame, shorten(f"row {quote.id}  {quote.context}", 54), 10, LIGHT.muted, after=9)


def _model(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    figure = section.figure
    if figure is None:
        say(text_frame(slide, Box(0.75, 1.7, 11.8, 0.8)), shorten(section.missing, 200), 18, LIGHT.muted)
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
    note(slide, ["Scores on comments the model did not see. Bars: likely range (90%).", *section.lines])
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
    note(
        slide,
        [left, "Precision: of the comments given the label, how many deserve it. Recall: found of all."],
    )


def _facts(slide, box: Box, facts: Sequence[Fact], limit: int, width: int = 110) -> None:
    frame = text_frame(slide, box)
    for fact in facts[:limit]:
        say(frame, fact.name, 11, LIGHT.muted)
        say(frame, shorten(fact.value, width), 13, LIGHT.text, after=7)


def _method(deck, outline: Outline, section: Section) -> None:
    slide = _content(deck, outline, section)
    _facts(slide, Box(0.75, 1.7, 5.9, 4.9), section.facts, 7, width=260)
    frame = text_frame(slide, Box(7.0, 1.7, 5.5, 4.9))
    say(frame, "What is missing and why", 11, LIGHT.muted, after=4)
    for line in section.lines[:7] or ("Nothing: all columns were there.",):
        say(frame, shorten(line, 170), 13, LIGHT.text, after=7)


DRAW = {
    "summary": _summary,
    "themes": _themes,
    "trend": _trend,
    "segments": _segments,
    "quotes": _quotes,
    "model": _model,
    "method": _method,
}
