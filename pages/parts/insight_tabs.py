"""The tabs of the Insights page; a click on a mark opens the comments behind it."""

from collections.abc import Callable

import streamlit as st

from core.charts import themes as charts
from core.domain import Estimate, Insights, Quote, TrainingRun
from core.workflow.import_file import STARS
from core.workflow.insights import SEVERAL
from pages.parts.evidence import show_rows
from pages.parts.plain import option, plain

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens"}}


def show(run: TrainingRun, insights: Insights) -> None:
    tabs: dict[str, Callable[[TrainingRun, Insights], None]] = {
        "Themes": _themes,
        "Trend": _trend,
        "Segments": _segments,
        "Rating": _rating,
        "Quotes": _quotes,
    }
    for tab, draw in zip(st.tabs(list(tabs), key="view", on_change="rerun"), tabs.values(), strict=True):
        with tab:
            if tab.open:
                draw(run, insights)


def in_words(share: Estimate) -> str:
    if share.unit == "rating":
        return f"{share.mid:.1f} (likely {share.low:.1f}–{share.high:.1f})"
    return f"{share.mid:.1%} (likely {share.low:.1%}–{share.high:.1%})"


def _clicked(event) -> tuple:
    """The values of the mark that was clicked; () without a click."""
    points = event.selection.points if event else []
    if not points:
        return ()
    value = points[0].get("customdata")
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _chart(figure, key: str, alt: str) -> tuple:
    event = st.plotly_chart(
        figure, key=key, alt=alt, on_select="rerun", selection_mode="points", config=CONFIG
    )
    return _clicked(event)


def _themes(run: TrainingRun, insights: Insights) -> None:
    st.markdown("**Share of feedback by theme** · dot: best guess, line: likely range (90%)")
    if not insights.themes:
        st.info("No themes yet. Train on a label column first.")
        return
    if insights.settings.get(SEVERAL):
        st.caption("A comment can count for several themes, so the shares do not add up to 100%.")
    clicked = _chart(charts.shares(insights.themes), "themes", "Share of feedback by theme with 90% ranges")
    names = [theme.name for theme in insights.themes]
    chosen = _pick("Show the comments of", names, clicked[:1], "theme")
    if chosen:
        theme = insights.themes[names.index(chosen)]
        show_rows(run, theme.ids, f"{chosen}: {in_words(theme.share)} of feedback", "theme_rows")


def _pick(label: str, names: list[str], clicked: tuple, key: str) -> str | None:
    """By clicking a mark or, without a mouse, from the list: whichever was used last."""
    if clicked and clicked[0] in names and st.session_state.get(f"{key}_clicked") != clicked[0]:
        st.session_state[f"{key}_clicked"] = clicked[0]
        st.session_state[key] = clicked[0]
    if st.session_state.get(key) not in names:
        st.session_state.pop(key, None)
    return st.selectbox(
        label,
        names,
        index=None,
        format_func=option,
        key=key,
        placeholder="Click a mark above, or choose",
        persist_state="session",
    )


def _trend(run: TrainingRun, insights: Insights) -> None:
    if not insights.trends:
        _missing(insights, "date", "There is no trend to draw.")
        return
    st.markdown(f"**Share of feedback by {insights.period}** · band: likely range (90%)")
    names = [trend.theme for trend in insights.trends]
    shown = names[: charts.MAX_TRENDS]
    if len(names) > len(shown):
        shown = st.multiselect(
            "Themes",
            names,
            default=shown,
            max_selections=charts.MAX_TRENDS,
            format_func=option,
            key="trend_themes",
        )
    figure = charts.trend_lines(insights.trends, shown)
    clicked = _chart(figure, "trend", "Share of each theme over time")
    if len(clicked) >= 2:
        theme, start = str(clicked[0]), str(clicked[1])
        for trend in insights.trends:
            for point in trend.points:
                if trend.theme == theme and point.start == start[:10]:
                    heading = f"{theme}, {insights.period} from {point.start}: {in_words(point.share)}"
                    show_rows(run, point.ids, heading, "trend_rows")
    else:
        st.caption("Click a point to read its comments.")


def _segments(run: TrainingRun, insights: Insights) -> None:
    names = list(dict.fromkeys(cell.segment for cell in insights.segments))
    if not names:
        _missing(insights, "segment", "There is no segment column to compare.")
        return
    chosen = (
        st.segmented_control("Compare by", names, default=names[0], format_func=plain, key="segment")
        or names[0]
    )
    cells = [cell for cell in insights.segments if cell.segment == chosen]
    st.markdown(
        "**Share of each theme inside each segment** · ▲ clearly more than elsewhere; grey: too few rows",
        help="Shares of small groups lie nearer to the average than their counts: each is drawn as if 20 "
        "more comments with the usual mix belonged to it, so that few comments make no headline. ▲: at least "
        "1.3 times the average, and more than chance would show.",
    )
    clicked = _chart(charts.segment_map(cells, chosen), f"map_{names.index(chosen)}", f"Themes by {chosen}")
    themes, values = charts.segment_axes(cells, chosen)
    if len({cell.theme for cell in cells}) > len(themes) or len({cell.value for cell in cells}) > len(values):
        st.caption("Shown: the largest themes and values. The Excel report has all of them.")
    found = [cell for cell in cells if (cell.theme, cell.value) == clicked[:2]]
    if not found:
        st.caption("Click a cell to read its comments.")
    for cell in found[:1]:
        words = "too few rows for a number" if cell.small else in_words(cell.share)
        show_rows(run, cell.ids, f"{cell.theme} in {cell.value}: {words}", "cell_rows")


def _rating(run: TrainingRun, insights: Insights) -> None:
    if insights.label_set == STARS:
        st.info("The themes were made from the rating itself, so its mean by theme would say nothing new.")
        return
    rated = [theme for theme in insights.themes if theme.rating]
    if not rated:
        _missing(insights, "rating", "There is no rating to compare.")
        return
    st.markdown("**Mean rating of the comments of each theme** · line: likely range (90%)")
    clicked = _chart(charts.ratings(rated), "ratings", "Mean rating by theme with 90% ranges")
    chosen = next((theme for theme in rated if clicked[:1] == (theme.name,)), None)
    if chosen:
        show_rows(run, chosen.ids, f"{chosen.name}: rating {in_words(chosen.rating)}", "rating_rows")
    else:
        st.caption("Click a mark to read its comments.")


def _quotes(run: TrainingRun, insights: Insights) -> None:
    for theme in insights.themes:
        quotes = [quote for quote in insights.quotes if quote.theme == theme.name]
        if not quotes:
            continue
        st.markdown(f"**{plain(theme.name)}** · {in_words(theme.share)}")
        for quote in quotes:
            with st.container(border=True):
                st.text(quote.text)
                st.caption(plain(f"row {quote.id} · {_origin(quote)} · {quote.context}"))
    if not insights.quotes:
        st.info("No comment is clear enough to quote.")


def _origin(quote: Quote) -> str:
    if quote.probability >= 1:
        return "labelled by a person"
    return f"the model is certain to {min(quote.probability, 0.99):.0%}"


def _missing(insights: Insights, word: str, otherwise: str) -> None:
    """The honest line of the insights on this column, or a general one."""
    st.info(plain(next((note for note in insights.notes if word in note.lower()), otherwise)))
