"""One word that drives a label: the comments that hold it, quotes, segments and months."""

import streamlit as st

from core.charts import drivers as charts
from core.domain import TrainingRun
from core.workflow import driving
from core.workflow.label_drivers import LabelDrivers
from pages.parts import resources, results
from pages.parts.plain import counted, option, plain

SHOWN = 200
CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-driver"}}
CALLED, EVERY = "The model calls so", "All with the word"
EXPLAIN = "explain_feedback"  # the comment that the page explains next


def show(run: TrainingRun, label: str, each: LabelDrivers, driver) -> None:
    """`driver`: a core.explain.drivers.Driver of that label."""
    ids = _comments(run.id, _state(run), driver.words)
    called = results.predicted(run).get(label, ())
    both = tuple(sorted(set(ids) & set(called)))
    share = f" ({len(both) / len(ids):.0%})" if ids else ""
    st.markdown(
        f"**{plain(driver.words, 60)}** · {plain(charts.points(driver.effect))} for {plain(label, 60)} · in "
        f"{driver.effect.n:,} of {each.comments:,} comments looked at · in {counted(len(ids), 'comment')} of "
        f"the dataset, of which the model calls {len(both):,}{share} {plain(label, 60)}"
    )
    views = ["Comments", "Quotes"]
    views += ["By segment"] * bool(driver.segments) + ["By month"] * (len(driver.months) > 1)
    if st.session_state.get("driver_view") not in views:
        st.session_state.pop("driver_view", None)
    view = st.segmented_control(
        "Show", views, default=views[0], required=True, key="driver_view", label_visibility="collapsed"
    )
    if view == "Quotes":
        _quotes(run, driver)
    elif view == "By segment":
        _segments(driver)
    elif view == "By month":
        _months(driver)
    else:
        _rows(run, label, ids, both)


def _state(run: TrainingRun) -> str:
    return resources.store().datasets.get(run.dataset_id).sha256


@st.cache_resource(max_entries=32, show_spinner="Looking for the comments with this word")
def _comments(run_id: int, state: str, words: str) -> tuple[int, ...]:
    store = resources.store()
    return driving.comments_with(store, store.runs.get(run_id), words)


def _rows(run: TrainingRun, label: str, ids: tuple[int, ...], both: tuple[int, ...]) -> None:
    counts = {CALLED: len(both), EVERY: len(ids)}
    which = st.segmented_control(
        "Which of them",
        list(counts),
        default=CALLED,
        required=True,
        key="driver_which",
        format_func=lambda name: f"{name} ({counts[name]:,})",
        label_visibility="collapsed",
    )
    chosen = ids if which == EVERY else both
    if not chosen:
        st.info("None of these comments is stored any more, or the model calls none of them so.")
        return
    table = results.evidence(run, chosen, "Typical", SHOWN)
    event = st.dataframe(
        table[["text", "label", "given", "probability", "date"]],
        key=f"driver_rows_{run.id}_{run.labels.index(label)}_{which == EVERY}",
        hide_index=True,
        height=280,
        on_select="rerun",
        selection_mode="single-row",
        column_order=["text", "label", "given", "probability"]
        + (["date"] if table["date"].notna().any() else []),
        column_config={
            "text": st.column_config.TextColumn("Comment", width="large"),
            "label": st.column_config.TextColumn("The model says", width="small"),
            "given": st.column_config.TextColumn("A person said", width="small"),
            "probability": st.column_config.NumberColumn("Probability", format="percent", width="small"),
            "date": st.column_config.DateColumn("Date", width="small"),
        },
        alt="Comments with this word",
    )
    rows = [row for row in event.selection.rows if row < len(table)]
    st.button(
        "Explain this comment" if rows else "Choose a row to explain it",
        key="explain_driver_row",
        icon=":material/psychology:",
        disabled=not rows,
        on_click=_explain,
        args=(int(table["id"].iloc[rows[0]]) if rows else 0,),
    )
    if len(chosen) > SHOWN:
        st.caption(f"The {SHOWN} most typical of them.")


def _explain(feedback_id: int) -> None:
    st.session_state[EXPLAIN] = feedback_id


def _quotes(run: TrainingRun, driver) -> None:
    """The comments in which it mattered most."""
    table = results.evidence(run, driver.quotes, "Most certain", len(driver.quotes)).set_index("id")
    for number in (number for number in driver.quotes if number in table.index):
        with st.container(border=True):
            st.text(table.at[number, "text"])
            left, right = st.columns([4, 1], vertical_alignment="center")
            left.caption(plain(f"row {number} · the model says {table.at[number, 'label'] or 'no label'}"))
            right.button(
                "Explain",
                key=f"explain_quote_{number}",
                type="tertiary",
                icon=":material/psychology:",
                on_click=_explain,
                args=(number,),
            )
    if table.empty:
        st.info("These comments are not stored any more.")


def _segments(driver) -> None:
    names = list(driver.segments)
    name = names[0]
    if len(names) > 1:
        if st.session_state.get("driver_segment") not in names:
            st.session_state.pop("driver_segment", None)
        name = st.selectbox("By", names, format_func=option, key="driver_segment")
    parts = driver.segments[name]
    figure = charts.by_segment([p.value for p in parts], [p.effect for p in parts], [p.clear for p in parts])
    _chart(figure, f"driver_segments_{names.index(name)}", f"Effect of the word by {name}")
    _in_words([(part.value, part.clear) for part in parts])


def _months(driver) -> None:
    parts = driver.months
    figure = charts.by_month([p.value for p in parts], [p.effect for p in parts], [p.clear for p in parts])
    _chart(figure, "driver_months", "Effect of the word by month")
    _in_words([(part.value, part.clear) for part in parts])


def _chart(figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, alt=alt, config=CONFIG)


def _in_words(parts: list[tuple[str, bool]]) -> None:
    clear = [value for value, is_clear in parts if is_clear]
    st.caption(
        f"Clearly unlike the other comments: {plain(', '.join(clear))}."
        if clear
        else "The differences may be chance: with so few comments none is clear.",
        help="Filled dots: farther from the other comments with this word than 9 of 10 shuffles would put "
        "any of the values (permutation test). Lines: likely range (90%).",
    )


def forget_cached() -> None:
    _comments.clear()
