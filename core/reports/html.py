"""The report as one file that asks nothing of any server and opens with a double click."""

import base64
import hashlib
from html import escape
from pathlib import Path

import core.charts.runs as run_charts
import core.charts.themes as theme_charts
from core.charts.embed import figure_json, plotly_script
from core.charts.theme import ACCENT, DARK, FONTS, LIGHT, Surface
from core.explain.html import marks_html
from core.reports.marked import attribution_of
from core.reports.outline import LABELS_DRAWN, Fact, Figure, Outline, Section
from core.reports.rows import Row
from core.reports.safe import percent, plain_text, shorten

PARTS = Path(__file__).with_name("page")
TREND_COLUMNS = 2


def html_bytes(outline: Outline) -> bytes:
    """One page: text escaped, figures drawn by the one script the page allows, numbers beneath."""
    script = plotly_script() if outline.figures else ""
    draw = (PARTS / "report.js").read_text(encoding="utf-8")
    style = _variables() + (PARTS / "report.css").read_text(encoding="utf-8")
    body = "\n".join(_section(section, place) for place, section in enumerate(outline.sections, start=1))
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(script, draw, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{_text(outline.title)}</title>
<style>{style}</style>
</head>
<body>
<header><div>
<h1>{_text(shorten(outline.title, 160))}</h1>
<p class="subtitle">{_text(outline.subtitle)}</p>
<p class="badge {"checked" if outline.checked else "open"}">{_badge(outline)}</p>
</div></header>
{_contents(outline)}
<main>
{body}
{_manifest(outline)}
</main>
<footer><p>{_text(outline.footer)}</p><p>{_text(outline.link)}</p></footer>
<script>{script}</script>
<script>{draw}</script>
</body>
</html>
"""
    return page.encode("utf-8")


def _policy(*inline: str) -> str:
    """Only these very scripts and styles may act; nothing may be fetched.

    Plotly writes style elements and attributes while it draws, so styles cannot be named by hash.
    """
    scripts = " ".join(f"'sha256-{_hash(part)}'" for part in inline[:2])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; "
        "font-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _text(value: object) -> str:
    return escape(plain_text(value), quote=True)


def _badge(outline: Outline) -> str:
    return "✓ checked by a person" if outline.checked else "○ not checked yet"


def _variables() -> str:
    """The colours of the two dresses as CSS variables."""

    def block(surface: Surface) -> str:
        names = ("background", "panel", "text", "muted", "line", "accent")
        return "".join(f"--{name}:{getattr(surface, name)};" for name in names)

    return (
        f":root{{{block(LIGHT)}--brand:{ACCENT};--ink:{LIGHT.text};--fonts:{FONTS}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{block(DARK)}}}}}\n"
    )


def _contents(outline: Outline) -> str:
    links = "".join(
        f'<li><a href="#s{place}">{_text(section.heading)}</a></li>'
        for place, section in enumerate(outline.sections, start=1)
    )
    return f'<nav aria-label="Contents"><ol>{links}</ol></nav>'


def _section(section: Section, place: int) -> str:
    parts = [f'<section id="s{place}" class="{section.key}"><h2>{_text(section.heading)}</h2>']
    if section.missing:
        parts.append(f'<p class="missing">{_text(section.missing)}</p>')
    if section.figure is not None:
        parts.append(_figure(section.figure))
    if section.key == "summary":
        parts.append("<ol>" + "".join(f"<li>{_text(line)}</li>" for line in section.lines) + "</ol>")
    elif section.lines:
        parts.append("".join(f'<p class="note">{_text(line)}</p>' for line in section.lines))
    parts.append(_quotes(section))
    parts.append(_facts(section.facts))
    return "\n".join(part for part in parts if part) + "</section>"


def _quotes(section: Section) -> str:
    """A block for each theme; each quote carries the id of its row."""
    blocks = []
    for theme in dict.fromkeys(quote.theme for quote in section.quotes):
        quotes = "".join(
            f'<blockquote id="row-{int(quote.id)}"><p>{marks_html(attribution_of(quote), _text)}</p>'
            f"<footer>row {int(quote.id)} · {_text(quote.context)}</footer></blockquote>"
            for quote in section.quotes
            if quote.theme == theme
        )
        blocks.append(f'<div class="quotes"><h3>{_text(theme)}</h3>{quotes}</div>')
    return "".join(blocks)


def _facts(facts: tuple[Fact, ...]) -> str:
    if not facts:
        return ""
    pairs = "".join(f"<div><dt>{_text(f.name)}</dt><dd>{_text(f.value)}</dd></div>" for f in facts)
    return f"<dl>{pairs}</dl>"


def _manifest(outline: Outline) -> str:
    return f"<details><summary>Manifest of this report</summary>{_facts(outline.manifest)}</details>"


def _figure(figure: Figure) -> str:
    """The drawing, its words for who cannot see it, and its numbers."""
    drawings = "".join(
        f'<script type="application/json" class="{name}">{figure_json(drawn)}</script>'
        for name, drawn in _drawn(figure).items()
    )
    return (
        f'<figure id="{figure.id}"><div class="scroll"><div class="plot {figure.kind}" role="img" '
        f'aria-label="{_text(figure.alt)}">{drawings}</div></div>'
        f"<figcaption>{figure.id}</figcaption></figure>{_numbers(figure)}"
    )


def _drawn(figure: Figure) -> dict:
    """`wide` and, where it differs, `narrow` for a phone."""
    if figure.kind == "themes":
        return {"wide": theme_charts.shares(figure.themes, theme="light")}
    if figure.kind == "trend":
        return {
            "wide": theme_charts.trend_lines(figure.trends, theme="light", columns=TREND_COLUMNS),
            "narrow": theme_charts.trend_lines(figure.trends, theme="light", columns=1),
        }
    if figure.kind == "segments":
        return {"wide": theme_charts.segment_map(figure.cells, figure.segment, theme="light")}
    return {"wide": run_charts.label_scores(figure.model, theme="light", limit=LABELS_DRAWN)}


def _numbers(figure: Figure) -> str:
    head = "".join(
        f"<th>{name}</th>" for name in ("Theme", "Part", "Estimate", "Likely range", "Rows", "State")
    )
    lines = "".join(f"<tr>{_cells(row)}</tr>" for row in figure.rows)
    return (
        f'<details class="numbers"><summary>Numbers of {figure.id}</summary><div class="scroll">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div></details>"
    )


def _cells(row: Row) -> str:
    mid, span = "–", "–"
    if row.mid is not None:
        form = percent if row.unit == "share" else "{:.2f}".format
        mid, span = form(row.mid), f"{form(row.low)} to {form(row.high)}"
    state = ", ".join(word for word in (row.checked, row.mark) if word)
    words = "".join(f"<td>{_text(value)}</td>" for value in (row.theme, row.part))
    figures = "".join(f'<td class="n">{_text(value)}</td>' for value in (mid, span, f"{row.n:,}"))
    return f"{words}{figures}<td>{_text(state)}</td>"
