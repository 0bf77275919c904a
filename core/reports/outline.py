"""The report before it has a format: sections, figures and numbers, the same for every file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.charts.segments import segment_axes
from core.charts.themes import MAX_TRENDS, top_themes
from core.domain import Insights, Quote, Scores, SegmentCell, Theme, TrainingRun, Trend
from core.reports import findings
from core.reports.card import ENCODERLESS, baselines_of, card_facts, method_facts, score_rows
from core.reports.marked import LEGEND, PLAIN
from core.reports.rows import Row, cell_rows, theme_rows, trend_rows
from core.reports.safe import shorten

SECTIONS = ("summary", "themes", "trend", "segments", "quotes", "model", "method")
MAX_SEGMENTS = 4
LABELS_DRAWN = 15
QUOTES_PER_THEME = 4
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Meta:
    """What the person chose for the report."""

    title: str = ""
    subtitle: str = ""
    filters: str = "no filter"
    sections: tuple[str, ...] = SECTIONS
    link: str = ""  # back to the page that shows the evidence


@dataclass(frozen=True)
class Figure:
    """One figure: the domain values to draw and the same numbers as rows."""

    id: str  # F01, F02 ...
    kind: str  # themes, trend, segments, scores
    name: str  # of its sheet
    alt: str
    rows: tuple[Row, ...]
    themes: tuple[Theme, ...] = ()
    trends: tuple[Trend, ...] = ()
    cells: tuple[SegmentCell, ...] = ()
    segment: str = ""
    model: Scores | None = None
    baseline: Scores | None = None


@dataclass(frozen=True)
class Fact:
    name: str
    value: str


@dataclass(frozen=True)
class Section:
    """Heading as a finding; then a figure, sentences, quotes or facts; `missing` says what is not there."""

    key: str
    heading: str
    lines: tuple[str, ...] = ()
    figure: Figure | None = None
    quotes: tuple[Quote, ...] = ()
    facts: tuple[Fact, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Outline:
    title: str
    subtitle: str
    footer: str
    checked: bool
    sections: tuple[Section, ...]
    manifest: tuple[Fact, ...]
    notes: str  # method, filter and hash: under each slide
    link: str
    created: datetime

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(section.figure for section in self.sections if section.figure)


def outline(
    insights: Insights, run: TrainingRun, meta: Meta | None = None, sentences: tuple[str, ...] = ()
) -> Outline:
    """Everything the report says. `sentences`: the summary, written elsewhere from the same insights."""
    meta = meta or Meta()
    checked = bool(insights.themes) and all(theme.share.checked for theme in insights.themes)
    makers: dict[str, Callable[[], Sequence[Section]]] = {
        "summary": lambda: [_summary(insights, sentences)],
        "themes": lambda: [_themes(insights)],
        "trend": lambda: [_trend(insights)],
        "segments": lambda: _segments(insights),
        "quotes": lambda: [_quotes(insights)],
        "model": lambda: [_model(run)],
        "method": lambda: [_method(insights, run, meta)],
    }
    sections = [section for key in SECTIONS if key in meta.sections for section in makers[key]()]
    return Outline(
        title=meta.title or f"What {insights.rows:,} comments say",
        subtitle=meta.subtitle or _dates(insights) or insights.dataset,
        footer=_footer(insights, run, checked),
        checked=checked,
        sections=_numbered(sections),
        manifest=tuple(Fact(*pair) for pair in _manifest(insights, run, meta, checked)),
        notes=f"{insights.counting}\nFilter: {meta.filters}\nData SHA-256: {run.data_sha256}\n"
        f"Run manifest SHA-256: {run.manifest_sha256 or 'not written yet'}",
        link=meta.link,
        created=(run.finished_at or run.created_at or EPOCH).replace(microsecond=0),
    )


def _numbered(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Figures get F01, F02 ... in the order of the report, in their rows too."""
    done, count = [], 0
    for section in sections:
        if section.figure is None:
            done.append(section)
            continue
        count += 1
        name = f"F{count:02d}"
        rows = tuple(replace(row, figure=name) for row in section.figure.rows)
        done.append(replace(section, figure=replace(section.figure, id=name, rows=rows)))
    return tuple(done)


def _dates(insights: Insights) -> str:
    if not insights.first_date:
        return ""
    return f"{insights.dataset}, {insights.first_date} to {insights.last_date}"


def _footer(insights: Insights, run: TrainingRun, checked: bool) -> str:
    dates = f"{insights.first_date} to {insights.last_date}" if insights.first_date else "no dates"
    state = "checked by a person" if checked else "not checked yet"
    return f"Run {run.id}  ·  {dates}  ·  n = {insights.rows:,}  ·  {state}"


def _summary(insights: Insights, sentences: tuple[str, ...]) -> Section:
    heading = f"{insights.rows:,} comments on {shorten(insights.label_set, 40)}, in short"
    if not sentences:
        return Section("summary", heading, missing="There is nothing to sum up yet: no themes were counted.")
    return Section("summary", heading, lines=sentences)


def _themes(insights: Insights) -> Section:
    shown = top_themes(insights.themes)
    if not shown:
        return Section(
            "themes",
            "No themes were counted",
            missing="No themes yet. Upload more feedback or train on a label set with at least two labels.",
        )
    heading = findings.themes(insights.themes)
    alt = f"Share of feedback by theme with 90% ranges. {heading}."
    figure = Figure("", "themes", "Themes", alt, theme_rows(shown), themes=shown)
    lines = (insights.counting,) if insights.counting else ()
    return Section("themes", heading, lines=lines, figure=figure)


def _trend(insights: Insights) -> Section:
    if not insights.trends:
        return Section(
            "trend",
            "No trend can be drawn",
            missing=_note(insights, "date", "trend")
            or "There is no trend: it needs a date column and several weeks of feedback.",
        )
    place = {theme.name: number for number, theme in enumerate(insights.themes)}
    ranked = sorted(insights.trends, key=lambda trend: place.get(trend.theme, len(place)))
    shown = ranked[:MAX_TRENDS]
    heading = findings.trend(insights.trends, insights.movers, insights.period)
    alt = f"Share of feedback by {insights.period or 'period'} for {len(shown)} themes. {heading}."
    figure = Figure("", "trend", "Trend", alt, trend_rows(ranked), trends=tuple(shown))
    left = len(insights.trends) - len(shown)
    lines = (
        (f"Shown: the {len(shown)} largest themes; {left} more are in the Excel and CSV files.",)
        if left
        else ()
    )
    return Section("trend", heading, lines=lines, figure=figure)


def _segments(insights: Insights) -> list[Section]:
    names = list(dict.fromkeys(cell.segment for cell in insights.segments))
    if not names:
        missing = (
            _note(insights, "segment") or "There are no segments: choose columns such as plan or region."
        )
        return [Section("segments", "No segments can be compared", missing=missing)]
    return [_segment(insights, name) for name in names[:MAX_SEGMENTS]]


def _segment(insights: Insights, segment: str) -> Section:
    cells = [cell for cell in insights.segments if cell.segment == segment]
    themes, values = segment_axes(cells, segment)
    shown = [cell for cell in cells if cell.theme in themes and cell.value in values]
    heading = findings.segment(segment, shown, {theme.name: theme.share.mid for theme in insights.themes})
    lines = [
        "Orange: above the theme's average; blue: below; ▲: clearly more than elsewhere; grey: too few rows."
    ]
    left = len({cell.value for cell in cells}) - len(values)
    if left:
        lines.append(
            f"Shown: the {len(values)} values with the most rows; {left} more are in the Excel and CSV files."
        )
    name = f"By {shorten(segment, 18)}"
    alt = f"Share of each theme within {shorten(segment, 40)}. {heading}."
    figure = Figure("", "segments", name, alt, cell_rows(cells), cells=tuple(cells), segment=segment)
    return Section("segments", heading, lines=tuple(lines), figure=figure)


def _quotes(insights: Insights) -> Section:
    if not insights.quotes:
        return Section(
            "quotes",
            "No quotes were picked",
            missing="No comment was clear enough to stand for a theme.",
        )
    kept: list[Quote] = []
    for theme in dict.fromkeys(quote.theme for quote in insights.quotes):
        kept += [quote for quote in insights.quotes if quote.theme == theme][:QUOTES_PER_THEME]
    picked = "Word for word; the number is the row. Picked for being clear and unlike each other."
    return Section("quotes", "In their words", lines=(picked, *_highlights(kept)), quotes=tuple(kept))


def _highlights(quotes: Sequence[Quote]) -> tuple[str, ...]:
    """What the colours say, and for which quotes there are none."""
    marked = sum(bool(quote.spans) for quote in quotes)
    if not marked:
        return (PLAIN,)
    lines = [LEGEND]
    if any(span.mark for quote in quotes for span in quote.spans):
        lines.append("Dotted frame: the model has no word for it; struck through: past its limit, not read.")
    if marked < len(quotes):
        lines.append(f"{marked} of the {len(quotes)} quotes are highlighted, those of the largest themes.")
    return tuple(lines)


def _model(run: TrainingRun) -> Section:
    facts = tuple(Fact(*pair) for pair in card_facts(run))
    if run.model is None:
        return Section(
            "model",
            "The model has no held-out scores",
            facts=facts,
            missing="This run kept no scores, so how often the model is right is not known.",
        )
    heading = findings.model(run)
    alt = f"Precision and recall of each label with 90% ranges. {heading}."
    rows = score_rows(run.model, baselines_of(run))
    figure = Figure("", "scores", "Model", alt, rows, model=run.model, baseline=run.baseline)
    count = len(run.model.per_label)
    drawn = (f"Drawn: the {LABELS_DRAWN} weakest of {count} labels.",) if count > LABELS_DRAWN else ()
    return Section("model", heading, lines=(*drawn, *run.warnings), figure=figure, facts=facts)


def _method(insights: Insights, run: TrainingRun, meta: Meta) -> Section:
    facts = tuple(Fact(*pair) for pair in method_facts(insights, run, meta.filters))
    return Section("method", "How these numbers were made", lines=insights.notes, facts=facts)


def _note(insights: Insights, *words: str) -> str:
    """The line of the insights that says why something is missing."""
    found = [note for note in insights.notes if any(word in note.lower() for word in words)]
    return found[0] if found else ""


def _manifest(insights: Insights, run: TrainingRun, meta: Meta, checked: bool) -> list[tuple[str, str]]:
    settings = [(f"setting {name}", str(value)) for name, value in sorted(insights.settings.items())]
    return [
        ("run", str(run.id)),
        ("dataset", insights.dataset),
        ("label set", insights.label_set),
        ("rows", str(insights.rows)),
        ("labelled rows", str(insights.labelled)),
        ("first date", insights.first_date or "none"),
        ("last date", insights.last_date or "none"),
        ("filter", meta.filters),
        ("checked", "yes" if checked else "not checked yet"),
        ("data SHA-256", run.data_sha256),
        ("manifest SHA-256", run.manifest_sha256 or "not written yet"),
        ("encoder", "none" if run.options.mode in ENCODERLESS else run.options.encoder),
        ("mode", run.options.mode),
        ("random state", str(run.options.seed)),
        ("device", run.device),
        ("finished", run.finished_at.isoformat(timespec="seconds") if run.finished_at else "not finished"),
        *[(f"version {name}", str(version)) for name, version in sorted(run.versions.items())],
        *settings,
    ]
