"""The report before it is a file, and the buttons that make it one."""

from functools import partial

import streamlit as st

from core.charts import runs as run_charts
from core.charts import themes as charts
from core.domain import Quote, TrainingRun
from core.workflow import explanations, reports
from pages.parts import model, resources, results
from pages.parts.highlight import highlighted_text
from pages.parts.plain import bullets, plain

ICONS = {
    "pptx": ":material/slideshow:",
    "html": ":material/web:",
    "xlsx": ":material/table:",
    "csv": ":material/csv:",
}
DRAW = {
    "themes": lambda figure: charts.shares(figure.themes),
    "trend": lambda figure: charts.trend_lines(figure.trends),
    "segments": lambda figure: charts.segment_map(figure.cells, figure.segment),
    "scores": lambda figure: run_charts.label_scores(figure.model, limit=12),
}


def downloads(run: TrainingRun) -> None:
    """One button a format; a file is built when its button is pressed."""
    store = resources.store()
    with st.container(horizontal=True):
        for key, known in reports.formats().items():
            st.download_button(
                known.name,
                data=partial(reports.build, store, run.id, key),
                file_name=f"roadlens-run-{run.id}{known.extension}",
                mime=known.mime,
                on_click="ignore",
                type="primary" if key == "pptx" else "secondary",
                icon=ICONS.get(key),
                key=f"download_{key}",
            )
    st.caption(
        f"All files say the same numbers, frozen for run {run.id}: building them again changes nothing. "
        "Cells that a spreadsheet would take for a formula get a leading apostrophe."
    )
    highlights(run)


def preview(run: TrainingRun) -> None:
    """The sections in their order, drawn from the same outline as the files."""
    outline = results.outline(run)
    with st.container(border=True):
        st.subheader(plain(outline.title))
        st.caption(plain(outline.subtitle))
    for section in outline.sections:
        with st.container(border=True):
            _section(section)
    st.caption(plain(outline.footer, 600))


def highlights(run: TrainingRun) -> None:
    """Reports that were made without their model get their colours on request; no number changes."""
    if reports.highlighted(results.insights(run)):
        return
    pressed = st.button(
        "Highlight the quotes",
        key="highlight_quotes",
        icon=":material/format_ink_highlighter:",
        help="Works out which words of each quote spoke for its theme. All numbers stay as they are.",
    )
    if pressed:
        with st.spinner("Leaving out one word at a time"):
            reports.highlight(resources.store(), run.id, model.classifier(run))
        results.forget_cached()
        st.rerun()


def _section(section) -> None:
    st.markdown(f"**{plain(section.heading)}**")
    if section.missing:
        st.info(plain(section.missing, 600), icon=":material/info:")
    if section.figure:
        figure = section.figure
        st.plotly_chart(
            DRAW[figure.kind](figure),
            key=f"preview_{figure.id}",
            alt=figure.alt,
            config={"displaylogo": False},
        )
        st.caption(f"Figure {figure.id} · {plain(figure.name)}")
    if section.lines:
        st.markdown(bullets(section.lines))
    for number, quote in enumerate(section.quotes[:6]):
        _quote(quote, number)
    if len(section.quotes) > 6:
        st.caption(f"and {len(section.quotes) - 6} more quotes in the files")
    if section.facts:
        facts = [{"What": fact.name, "Value": fact.value} for fact in section.facts]
        st.dataframe(facts, hide_index=True, alt=section.heading)


def _quote(quote: Quote, number: int) -> None:
    found = reports.attribution_of(quote)
    if any(explanations.shades(found)):
        highlighted_text(found, key=f"quote_{number}")
    else:
        st.text(f"“{quote.text}”")
    st.caption(plain(" · ".join(filter(None, (f"row {quote.id}", quote.theme, quote.context)))))
