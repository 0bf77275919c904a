"""Where the model is worse than elsewhere: by segment, channel, language, length and month."""

import streamlit as st

from core.charts import evaluation as charts
from core.domain import Slice, TrainingRun
from pages.parts import held_rows
from pages.parts.figures import draw
from pages.parts.plain import counted, plain

EVERYTHING = "All"


def show(run: TrainingRun) -> None:
    if run.evaluation is None:
        st.info("This run was trained before groups of comments were compared. Train it again to see them.")
        return
    slices = run.evaluation.slices
    if not slices:
        st.info(
            "No two groups of at least 20 held-out comments could be compared. More labelled comments, or "
            "columns such as plan, channel or date, would show where it fails."
        )
        return
    _verdict(run, slices)
    columns = [EVERYTHING, *dict.fromkeys(item.column for item in slices)]
    column = st.segmented_control(
        "Compare by", columns, default=EVERYTHING, format_func=plain, required=True, key="slice_column"
    )
    shown = [item for item in slices if column in (EVERYTHING, item.column)]
    event = draw(
        charts.slices(shown),
        key=f"slices_{columns.index(column)}",
        alt="Share right by group of comments, with 90% ranges",
        file="slices",
        on_select="rerun",
        selection_mode="points",
    )
    if run.model.by_person:
        st.caption("The comments of one person count together: many of them prove no more than they tell.")
    if len(shown) > charts.MAX_SLICES:
        st.caption(f"Drawn: the {charts.MAX_SLICES} lowest of {len(shown):,}.")
    named = {f"{item.column}: {item.value}": item for item in shown}
    clicked = held_rows.clicked_values(event)
    name = f"{clicked[0]}: {clicked[1]}" if len(clicked) >= 2 else None
    chosen = held_rows.pick("Show the comments of", list(named), name, "slice")
    if chosen:
        item = named[chosen]
        held_rows.show(run, item.ids, f"{chosen}: right {item.accuracy.mid:.0%}", "slice_rows")


def _verdict(run: TrainingRun, slices: tuple[Slice, ...]) -> None:
    every = "all labels right" if run.model.multi else "right"
    worst = next((item for item in slices if item.worst), None)
    worse = sum(item.worse for item in slices)
    if worst is None:
        st.success(
            f"None of {len(slices)} groups is worse than the others by more than chance. Over all groups: "
            f"{every} {run.model.accuracy:.0%} of the time.",
            icon=":material/check_circle:",
        )
        return
    accuracy = worst.accuracy
    more = f" Clearly worse as well: {counted(worse - 1, 'other group')}." if worse > 1 else ""
    st.warning(
        f"Worst where **{plain(worst.column)}** is **{plain(worst.value)}**, by more than chance: {every} "
        f"{accuracy.mid:.0%} of the time (likely {accuracy.low:.0%} to {accuracy.high:.0%}) on "
        f"{accuracy.n:,} held-out comments, against {run.model.accuracy:.0%} over all of them.{more}",
        icon=":material/warning:",
    )
