"""What was taken for what; a cell opens its comments. With several labels a comment: what was missed and
what was given wrongly, label by label."""

import streamlit as st

from core.charts import runs as charts
from core.domain import TrainingRun
from core.workflow import judging, runs
from pages.parts import held_rows, resources, run_results
from pages.parts.figures import draw
from pages.parts.plain import counted, option, plain

MOST_PAIRS = 60
TAKEN_FOR = " → "
COUNTED = {
    "Found": "Held-out comments that carry the label and get it.",
    "Missed": "Held-out comments that carry the label and do not get it.",
    "Given wrongly": "Held-out comments that get the label and do not carry it.",
}


def show(run: TrainingRun) -> None:
    if run.model.multi:
        _several(run)
    else:
        _one(run)


def _one(run: TrainingRun) -> None:
    st.markdown("**What was taken for what** on held-out comments")
    st.caption(
        "A row holds the comments that people gave a label, a column those that the model gave it: right "
        "ones lie on the diagonal. The darker a square, the larger its share of the row. Press one to read "
        "its comments."
    )
    figure = charts.confusion(run.model, run.labels)
    event = draw(
        figure,
        key="confusion",
        alt="Confusion of labels on held-out comments",
        file="mixups",
        on_select="rerun",
        selection_mode="points",
    )
    if (rounds := runs.rounds(run.options)) > 1:
        st.caption(f"Of the first of {rounds} rounds, in each of which every comment was held out once.")
    if len(run.labels) > charts.MAX_CONFUSED:
        st.caption(f"Drawn: the {charts.MAX_CONFUSED} labels with the most mix-ups of {len(run.labels):,}.")
    if run_results.held_out(run) is None:
        st.caption("This run was trained before held-out comments were kept, so a cell cannot be opened.")
        return
    clicked = held_rows.clicked_values(event)
    pairs = {_name(*pair): pair for pair in _pairs(run, clicked)}
    name = _name(*clicked[:2]) if len(clicked) >= 2 else None
    chosen = held_rows.pick("Show the comments of", list(pairs), name, "mixup")
    if chosen:
        truth, said = pairs[chosen]
        ids = judging.mixed_up(resources.store(), run, truth, said)
        heading = f"Labelled {truth}, told {'right' if truth == said else f'as {said}'}"
        held_rows.show(run, ids, heading, "mixup_rows")


def _name(truth: str, said: str) -> str:
    return f"{truth}{TAKEN_FOR}{said}"


def _pairs(run: TrainingRun, clicked: tuple) -> list[tuple[str, str]]:
    """The most frequent mix-ups, and the cell that was clicked."""
    counts = run.model.confusion
    places = [
        (row, column)
        for row in range(len(counts))
        for column in range(len(counts))
        if row != column and counts[row][column]
    ]
    places.sort(key=lambda place: -counts[place[0]][place[1]])
    found = [(run.labels[row], run.labels[column]) for row, column in places[:MOST_PAIRS]]
    if len(clicked) >= 2 and tuple(clicked[:2]) not in found and set(clicked[:2]) <= set(run.labels):
        found.append((clicked[0], clicked[1]))
    return found


def _several(run: TrainingRun) -> None:
    st.markdown("**What was missed and what was given wrongly**, label by label")
    st.caption(
        f"A comment may carry several labels, so there is no table of one label against another. On "
        f"{run.model.accuracy:.0%} of {run.model.n:,} held-out comments all labels are right and none is too "
        "many."
    )
    if run_results.held_out(run) is None:
        st.info("This run was trained before held-out comments were kept. Train it again to see them.")
        return
    told = run_results.told_apart(run)
    rows = [
        {"Label": label, "Found": len(found), "Missed": len(missed), "Given wrongly": len(extra)}
        for label, (found, missed, extra) in told.items()
    ]
    rows.sort(key=lambda row: -(row["Missed"] + row["Given wrongly"]))
    st.dataframe(
        rows,
        key="several",
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(help=words) for name, words in COUNTED.items()},
        alt="Found, missed and wrongly given labels",
    )
    chosen = st.selectbox(
        "Show the comments of", [row["Label"] for row in rows], format_func=option, key="several_label"
    )
    _, missed, extra = told[chosen]
    for words, ids, key in (("missed", missed, "missed_rows"), ("given wrongly", extra, "extra_rows")):
        if ids:
            held_rows.show(run, ids, f"{chosen}, {words}", key, chosen)
        else:
            st.caption(f"{plain(chosen)}: {counted(0, 'comment')} {words}.")
