"""The map of the comments, coloured by what is asked for; a loop around points opens the comments."""

from functools import partial

import streamlit as st

from core.charts import maps as charts
from core.domain import SEGMENT, TrainingRun
from core.workflow import explain_jobs, mapping
from pages.parts import map_canvas, resources, results, run_results
from pages.parts.plain import counted, option
from pages.parts.progress import tell_job_failure, watch_job

SHOWN = 500  # rows of the table
GIVEN, SAID, ERROR, CONFIDENCE = "What people said", "What the model says", "Right or wrong", "Confidence"
EVERY = "The most frequent"
NO_LABEL, NOT_PREDICTED = "no label", "not predicted yet"
WHAT = (
    "Each point is a comment; comments that the model finds alike lie together. Islands are topics, points "
    "between them are what it mixes up. Only what is near means something: far is merely not near."
)


def show(run: TrainingRun) -> None:
    store = resources.store()
    job = explain_jobs.pending(store, run, explain_jobs.MAP)
    if job is not None:
        watch_job(job.id, "Drawing the map")
        return
    tell_job_failure(explain_jobs.MAP, run.id)
    found = _stored(run.id, _state(run)) if mapping.kept(store, run) else None
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
        pressed = st.button("Draw the map", type="primary", icon=":material/scatter_plot:", key="draw_map")
        seconds = mapping.forecast(store, resources.settings(), run)
        st.caption(f"Takes {_duration(seconds)}, in the background.")
    if pressed:
        explain_jobs.queue(store, run, explain_jobs.MAP)
        st.rerun()


def _duration(seconds: float) -> str:
    return (
        f"about {max(5, round(seconds / 5) * 5)} seconds"
        if seconds < 90
        else f"about {seconds / 60:.0f} minutes"
    )


def _tell_stale(run: TrainingRun, found: "mapping.MapTable") -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Comments or labels changed since this map was drawn; new comments are not on it.")
        _again(run)


def _again(run: TrainingRun) -> None:
    if st.button("Draw it again", icon=":material/refresh:", key="draw_map_again"):
        explain_jobs.queue(resources.store(), run, explain_jobs.MAP)
        st.rerun()


@st.fragment
def _draw(run: TrainingRun) -> None:
    """A fragment: a loop around points redraws nothing else."""
    state = _state(run)
    found = _stored(run.id, state)
    if found is None:  # rows were changed or forgotten since the page was drawn
        st.rerun()
    table = found.table
    left, right = st.columns(2)
    segments = {
        f"By {option(name.removeprefix(SEGMENT))}": name for name in table.columns if name.startswith(SEGMENT)
    }
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
    key = "map_front"
    if st.session_state.get(key) not in (EVERY, *names):
        st.session_state.pop(key, None)
    return place.selectbox("In front", [EVERY, *names], format_func=option, key=key)


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
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Explain this comment",
            key="map_explain",
            type="primary",
            icon=":material/psychology:",
            disabled=not picked,
            help=None if picked else "Choose a row of the table first.",
        ):
            st.session_state["explain_feedback"] = int(rows["id"].iloc[picked[0]])
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
    if len(ids) > SHOWN:
        st.caption(f"The first {SHOWN} are shown; all {len(ids):,} are in the file.")


def forget_cached() -> None:
    _stored.clear()
