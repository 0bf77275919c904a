"""The map of the comments, coloured by what is asked for; a loop around points opens the comments."""

from functools import partial

import streamlit as st

from core.charts import maps as charts
from core.domain import SEGMENT, TrainingRun
from core.workflow import mapping
from core.workflow.explain_jobs import MAP
from pages.parts import background, map_canvas, name_list, resources, results, run_results
from pages.parts.plain import counted, told_apart
from pages.parts.run_words import duration

SHOWN = 500  # rows of the table
GIVEN, SAID, ERROR, CONFIDENCE = "What people said", "What the model says", "Right or wrong", "Confidence"
EVERY = "The most frequent"
NO_LABEL, NOT_PREDICTED = "no label", "not predicted yet"
WHAT = (
    "Each point is a comment; comments that the model finds alike lie together. Islands are topics, points "
    "between them are what it mixes up. Only what is near means something: far is merely not near."
)


def show(run: TrainingRun) -> None:
    if background.going_on(run, MAP, "Drawing the map"):
        return
    found = _stored(run.id, _state(run)) if mapping.kept(resources.store(), run) else None
    if found is None:
        _offer(run)
    elif not len(found.table):
        st.info("There is no comment on this map any more.")
        _again(run)
    else:
        if found.stale:
            _tell_stale(run, found)
        _draw(run)


def _state(run: TrainingRun) -> str:
    kept = mapping.kept(resources.store(), run)
    predicted = len(resources.store().predictions.missing(run.id, run.dataset_id)) if kept else 0
    return f"{run_results.state(run)}:{kept.created_at if kept else ''}:{predicted}"


@st.cache_resource(max_entries=3, show_spinner="Opening the map")
def _stored(run_id: int, state: str) -> "mapping.MapTable | None":
    store = resources.store()
    return mapping.stored(store, store.runs.get(run_id))


def _offer(run: TrainingRun) -> None:
    store = resources.store()
    st.markdown(WHAT)
    if not store.datasets.get(run.dataset_id).rows:
        st.info("There is no comment to draw.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        background.offer(
            run, MAP, "Draw the map", key="draw_map", icon=":material/scatter_plot:", primary=True
        )
        seconds = mapping.forecast(store, resources.settings(), run)
        st.caption(f"Takes about {duration(seconds)}, in the background.")


def _tell_stale(run: TrainingRun, found: "mapping.MapTable") -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Comments or labels changed since this map was drawn; new comments are not on it.")
        _again(run)


def _again(run: TrainingRun) -> None:
    background.offer(run, MAP, "Draw it again", key="draw_map_again", icon=":material/refresh:")


@st.fragment
def _draw(run: TrainingRun) -> None:
    """A fragment: a loop around points redraws nothing else."""
    state = _state(run)
    found = _stored(run.id, state)
    if found is None:  # rows were changed or forgotten since the page was drawn
        st.rerun()
    table = found.table
    left, right = st.columns(2)
    named = [name.removeprefix(SEGMENT) for name in table.columns if name.startswith(SEGMENT)]
    shown = told_apart(named)
    segments = {f"By {shown[name]}": f"{SEGMENT}{name}" for name in named}
    by = left.selectbox("Colour", [GIVEN, SAID, ERROR, CONFIDENCE, *segments], key="map_colour")
    column = {GIVEN: "given", SAID: "said"}.get(by) or segments.get(by, "")
    wanted = _wanted(table, column, by, right)
    groups = _groups(table, by, column, wanted)
    number = [GIVEN, SAID, ERROR, CONFIDENCE, *segments].index(by)
    rows = map_canvas.points(
        table["x"].to_numpy(),
        table["y"].to_numpy(),
        groups,
        alt=f"Map of {len(table):,} comments, coloured by {by[0].lower()}{by[1:]}",
        key=f"map_{run.id}_{number}_{hash((wanted, state))}",
    )
    _tell(found, by)
    if len(rows):
        _table(run, tuple(table["id"].to_numpy()[rows].tolist()))
    else:
        st.caption("Draw a loop around points, or click one, to read the comments. A name hides its points.")


def _wanted(table, column: str, by: str, place) -> str:
    """One value to bring to the front, or EVERY."""
    if not column:
        return EVERY
    names = [name for name in table[column].value_counts().index if name != ""]
    return name_list.choose(place, "In front", [EVERY, *names], "map_front")


def _groups(table, by: str, column: str, wanted: str) -> tuple[charts.Group, ...]:
    if by == ERROR:
        return charts.by_error(table["right"], (mapping.RIGHT, mapping.WRONG, mapping.UNLABELLED))
    if by == CONFIDENCE:
        return charts.by_confidence(table["confidence"], NOT_PREDICTED)
    if wanted != EVERY:
        return charts.one_against_rest(table[column], wanted, "all others")
    counts = table[column].value_counts()
    names = [name for name in counts.index if name != "" and counts[name]]
    other = f"{len(names) - charts.MOST} others"
    return charts.by_value(table[column], names[: charts.MOST], other, _none(by, column))


def _none(by: str, column: str) -> str:
    return NOT_PREDICTED if column == "said" else NO_LABEL if by == GIVEN else "not known"


def _tell(found: "mapping.MapTable", by: str) -> None:
    shown = len(found.table)
    if found.every > mapping.MOST:
        st.caption(f"{shown:,} of {found.every:,} comments, drawn by lot.")
    if by != ERROR:
        return
    held = found.table[found.table["held_out"] & (found.table["right"] != mapping.UNLABELLED)]
    wrong = int((held["right"] == mapping.WRONG).sum())
    words = f"Of {counted(len(held), 'held-out comment')} {wrong:,} are wrong. " if len(held) else ""
    st.caption(f"{words}Comments that the model learned from are right more often than new ones will be.")


def _table(run: TrainingRun, ids: tuple[int, ...]) -> None:
    rows = results.evidence(run, ids, "Least certain", SHOWN)
    st.markdown(f"**Chosen** · {counted(len(ids), 'comment')}, the least certain first")
    event = st.dataframe(
        rows[["text", "label", "given", "probability"]],
        key=f"map_rows_{run.id}_{hash(ids)}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(400, 40 + 36 * max(1, len(rows))),
        column_config={
            "text": st.column_config.TextColumn("Comment", width="large"),
            "label": st.column_config.TextColumn("The model says", width="small"),
            "given": st.column_config.TextColumn("A person said", width="small"),
            "probability": st.column_config.NumberColumn("Probability", format="percent", width="small"),
        },
        alt="The comments that were chosen on the map",
    )
    picked = [row for row in event.selection.rows if row < len(rows)]
    _use(run, ids, int(rows["id"].iloc[picked[0]]) if picked else None)
    if len(ids) > SHOWN:
        st.caption(f"The first {SHOWN} are shown; all {len(ids):,} are in the file.")


def _use(run: TrainingRun, ids: tuple[int, ...], picked: int | None) -> None:
    """What can be done with the chosen comments; `picked`: the one whose row is marked."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Explain this comment",
            key="map_explain",
            type="primary",
            icon=":material/psychology:",
            disabled=picked is None,
            help="Choose a row of the table first." if picked is None else None,
        ):
            st.session_state["explain_feedback"] = picked
            st.rerun()
        st.download_button(
            "Download as CSV",
            data=partial(mapping.rows_csv, resources.store(), run, ids),
            file_name=f"roadlens-map-run-{run.id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="map_download",
        )


def forget_cached() -> None:
    _stored.clear()
