"""Native PowerPoint charts and tables: editable, their numbers in a workbook of our own making."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.dml import MSO_LINE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt

from core.charts.segments import averages, distance, segment_axes
from core.charts.theme import ACCENT, AGAINST, DIVERGING, FOR, LIGHT, SKY, ink, nearest
from core.domain import Estimate, Trend
from core.reports.outline import Figure
from core.reports.safe import percent, plain_text, safe_label

LOW, TO_MID, TO_HIGH, ROOM = (
    "low end of range",
    "low end to estimate",
    "estimate to high end",
    "room for words",
)
LABEL_WIDTH = 38
WORD_WIDTH = 24
CREATED = datetime(2000, 1, 1)  # of the workbooks inside: else each build differs by its time
Series = tuple[str, Sequence[float | None]]  # name, values; None: no bar


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    @property
    def emu(self) -> tuple[int, int, int, int]:
        return tuple(Inches(side) for side in (self.left, self.top, self.width, self.height))


def rgb(hex_value: str) -> RGBColor:
    return RGBColor.from_string(hex_value.lstrip("#"))


def describe(frame, alt: str) -> None:
    """Alt text, read aloud in place of the chart."""
    frame._element.nvGraphicFramePr.cNvPr.set("descr", plain_text(alt))


def workbook(labels: Sequence[str | date], series: Sequence[Series]) -> bytes:
    """Sheet1 as PowerPoint expects it (labels in A, a series in each column after), text kept text.

    python-pptx writes its own workbook with formulas and links on, so that one is replaced.
    """
    from xlsxwriter import Workbook

    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": CREATED})
    sheet = book.add_worksheet("Sheet1")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for line, label in enumerate(labels, start=1):
        if isinstance(label, date):
            sheet.write_datetime(line, 0, label, day)
        else:
            sheet.write_string(line, 0, label)
    for column, (name, values) in enumerate(series, start=1):
        sheet.write_string(0, column, name)
        for line, value in enumerate(values, start=1):
            if value is not None:
                sheet.write_number(line, column, value)
    book.close()
    return file.getvalue()


def _chart(slide, kind, box: Box, labels: Sequence[str | date], series: Sequence[Series]):
    """(graphic frame, chart); labels and names of series are safe already."""
    data = CategoryChartData(number_format="0%")
    data.categories = labels
    for name, values in series:
        data.add_series(name, values)
    frame = slide.shapes.add_chart(kind, *box.emu, data)
    chart = frame.chart
    chart.part.chart_workbook.update_from_xlsx_blob(workbook(labels, series))
    chart.has_legend = False
    chart.has_title = False
    chart.font.size = Pt(12)
    chart.font.color.rgb = rgb(LIGHT.text)
    return frame, chart


def _quiet_axes(chart, top: float) -> None:
    value, category = chart.value_axis, chart.category_axis
    value.minimum_scale, value.maximum_scale = 0, top
    value.major_gridlines.format.line.color.rgb = rgb(LIGHT.line)
    value.format.line.fill.background()
    value.tick_labels.font.size = Pt(11)
    value.tick_labels.font.color.rgb = rgb(LIGHT.muted)
    value.tick_labels.number_format = '[<=1.001]0%;""'  # no tick beyond 100%, where words stand
    value.tick_labels.number_format_is_linked = False
    category.format.line.color.rgb = rgb(LIGHT.line)
    category.major_tick_mark = category.minor_tick_mark = XL_TICK_MARK.NONE
    value.major_tick_mark = XL_TICK_MARK.NONE


def range_bars(
    slide, box: Box, rows: Sequence[tuple[str, Estimate]], alt: str, top: float | None = None
) -> None:
    """Horizontal bars from low to high, two shades meeting at the estimate; first row on top.

    A stacked bar: nothing up to `low`, dark up to the estimate, light up to `high`, then the words.
    """
    labels = [safe_label(name, LABEL_WIDTH) for name, _ in rows]
    estimates = [estimate for _, estimate in rows]
    largest = max((e.high for e in estimates), default=0.0) or 1.0
    room = largest * 0.35
    series = (
        (LOW, [e.low for e in estimates]),
        (TO_MID, [e.mid - e.low for e in estimates]),
        (TO_HIGH, [e.high - e.mid for e in estimates]),
        (ROOM, [room] * len(estimates)),
    )
    frame, chart = _chart(slide, XL_CHART_TYPE.BAR_STACKED, box, labels, series)
    _quiet_axes(chart, top or nice_top(largest * 1.3))
    chart.category_axis.reverse_order = True
    chart.category_axis.tick_labels.font.size = Pt(12 if len(rows) <= 14 else 10)
    chart.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 70, 100
    for line, fill in zip(plot.series, (None, ACCENT, SKY, None), strict=True):
        if fill is None:
            line.format.fill.background()
        else:
            line.format.fill.solid()
            line.format.fill.fore_color.rgb = rgb(fill)
    _words(plot.series[3], estimates)
    describe(frame, alt)


def _words(series, estimates: Sequence[Estimate]) -> None:
    for place, e in enumerate(estimates):
        label = series.points[place].data_label
        label.position = XL_LABEL_POSITION.INSIDE_BASE
        frame = label.text_frame
        strong, weak = frame.paragraphs[0].add_run(), frame.paragraphs[0].add_run()
        strong.text, weak.text = percent(e.mid), f"   {percent(e.low)} – {percent(e.high)}"
        strong.font.size, weak.font.size = Pt(12), Pt(10)
        strong.font.bold, weak.font.bold = True, False
        strong.font.color.rgb, weak.font.color.rgb = rgb(LIGHT.text), rgb(LIGHT.muted)


def word_bars(slide, box: Box, words: Sequence[str], series: Sequence[Series], form: str, alt: str) -> None:
    """One bar a word, first word on top, to the right for the label and to the left against it.

    Of the two series, for and against, each word has a value in one; `form`: number format of Excel.
    """
    labels = [safe_label(word, WORD_WIDTH) for word in words]
    frame, chart = _chart(slide, XL_CHART_TYPE.BAR_CLUSTERED, box, labels, series)
    value, category = chart.value_axis, chart.category_axis
    value.visible, value.has_major_gridlines = False, False
    category.reverse_order = True
    category.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    category.major_tick_mark = category.minor_tick_mark = XL_TICK_MARK.NONE
    category.format.line.color.rgb = rgb(LIGHT.line)
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 60, 100
    for line, colour in zip(plot.series, (FOR, AGAINST), strict=True):
        line.format.fill.solid()
        line.format.fill.fore_color.rgb = rgb(colour)
        numbers = line.data_labels
        numbers.show_value, numbers.number_format, numbers.number_format_is_linked = True, form, False
        numbers.position, numbers.font.size = XL_LABEL_POSITION.OUTSIDE_END, Pt(11)
    describe(frame, alt)


def nice_top(value: float) -> float:
    """The next round number for the end of an axis."""
    for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0):
        if value <= step:
            return step
    return max(1.0, value)


def trend_chart(slide, box: Box, trend: Trend, top: float, alt: str) -> None:
    """One line from zero with the ends of its range as thin dashed lines."""
    labels = _days([point.start for point in trend.points])
    series = (
        ("estimate", [point.share.mid for point in trend.points]),
        ("low end of range", [point.share.low for point in trend.points]),
        ("high end of range", [point.share.high for point in trend.points]),
    )
    frame, chart = _chart(slide, XL_CHART_TYPE.LINE, box, labels, series)
    _quiet_axes(chart, top)
    chart.value_axis.major_unit = top / 2
    chart.category_axis.tick_labels.font.size = chart.value_axis.tick_labels.font.size = Pt(10)
    chart.category_axis.tick_labels.font.color.rgb = rgb(LIGHT.muted)
    if labels and isinstance(labels[0], date):
        _three_dates(chart.category_axis, labels)
    for place, line in enumerate(chart.plots[0].series):
        line.smooth = False
        line.format.line.width = Pt(2.25 if place == 0 else 1)
        line.format.line.color.rgb = rgb(ACCENT if place == 0 else SKY)
        if place:
            line.format.line.dash_style = MSO_LINE.DASH
    describe(frame, alt)


def _days(starts: Sequence[str]) -> list[date] | list[str]:
    """Dates where all of them are, so that the axis is one of time; else labels."""
    try:
        return [date.fromisoformat(start) for start in starts]
    except ValueError:
        return [safe_label(start, 12) for start in starts]


def _three_dates(axis, days: Sequence[date]) -> None:
    """About three level dates under a small chart."""
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "d mmm yy", False
    span = (max(days) - min(days)).days
    axis._element.find(qn("c:txPr")).find(qn("a:bodyPr")).set("rot", "0")
    last = axis._element.find(qn("c:baseTimeUnit"))
    for tag, value in (("majorUnit", max(1, -(-span // 2))), ("majorTimeUnit", "days")):
        element = parse_xml(f'<c:{tag} {nsdecls("c")} val="{value}"/>')
        if last is None:
            axis._element.append(element)
        else:
            last.addnext(element)
        last = element


def segment_table(slide, box: Box, figure: Figure) -> None:
    """Theme by value as a native table, shaded like the map on screen."""
    themes, values = segment_axes(figure.cells, figure.segment)
    average = averages(figure.cells)
    cells = {(cell.theme, cell.value): cell for cell in figure.cells}
    frame = slide.shapes.add_table(len(themes) + 1, len(values) + 1, *box.emu)
    table = frame.table
    table.horz_banding = table.first_row = False
    first = 3.4
    table.columns[0].width = Inches(first)
    for column in range(1, len(values) + 1):
        table.columns[column].width = Inches((box.width - first) / len(values))
    for row in table.rows:
        row.height = Inches(box.height / (len(themes) + 1))
    _fill(table.cell(0, 0), safe_label(figure.segment, 30), LIGHT.background, bold=True, left=True)
    for column, value in enumerate(values, start=1):
        _fill(
            table.cell(0, column), safe_label(value, 110 // max(4, len(values))), LIGHT.background, bold=True
        )
    for line, theme in enumerate(themes, start=1):
        _fill(table.cell(line, 0), safe_label(theme, 34), LIGHT.background, left=True)
        for column, value in enumerate(values, start=1):
            words, fill = _shade(cells.get((theme, value)), average[theme])
            _fill(table.cell(line, column), words, fill, bold=words.startswith("▲"))
    describe(frame, figure.alt)


def _shade(cell, average: float) -> tuple[str, str]:
    if cell is None or cell.small:
        return ("few" if cell else ""), LIGHT.line
    fill = nearest(DIVERGING, (distance(cell.share.mid, average) + 1) / 2)
    return ("▲ " if cell.over else "") + percent(cell.share.mid), fill


def _fill(cell, text: str, fill: str, *, bold: bool = False, left: bool = False) -> None:
    cell.fill.solid()
    cell.fill.fore_color.rgb = rgb(fill)
    cell.margin_left = cell.margin_right = Inches(0.06)
    cell.margin_top = cell.margin_bottom = Inches(0.02)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT if left else PP_ALIGN.CENTER
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold = Pt(12), bold
    run.font.color.rgb = rgb(ink(fill))


def score_table(slide, box: Box, rows: Sequence[tuple[str, Estimate, Estimate]], alt: str) -> None:
    """Label, precision, recall with ranges and rows."""
    frame = slide.shapes.add_table(len(rows) + 1, 4, *box.emu)
    table = frame.table
    table.horz_banding = table.first_row = False
    for column, width in enumerate((0.34, 0.27, 0.27, 0.12)):
        table.columns[column].width = Inches(box.width * width)
    for row in table.rows:
        row.height = Inches(box.height / (len(rows) + 1))
    for column, title in enumerate(("Label", "Precision (range)", "Recall (range)", "Rows")):
        _fill(table.cell(0, column), title, LIGHT.panel, bold=True, left=column == 0)
    for line, (label, precision, recall) in enumerate(rows, start=1):
        words = [f"{percent(e.mid)}  ({percent(e.low)} – {percent(e.high)})" for e in (precision, recall)]
        texts = (safe_label(label, 34), *words, f"{recall.n:,}")
        for column, text in enumerate(texts):
            _fill(table.cell(line, column), text, LIGHT.background, left=column == 0)
    describe(frame, alt)
