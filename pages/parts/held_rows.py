"""The held-out comments behind a figure of a run, with what the model said before it had seen them."""

from collections.abc import Sequence

import streamlit as st

from core.domain import TrainingRun
from pages.parts import run_results
from pages.parts.plain import counted, option, plain


def show(run: TrainingRun, ids: Sequence[int], heading: str, key: str, label: str | None = None) -> None:
    """The least certain first: that is where a label is most often wrong. With `label` how likely the model
    held that one, else the one it held likeliest."""
    first = "least certain" if label is None else "lowest probability"
    order = f", {first} first" if len(ids) > 1 else ""
    st.markdown(f"**{plain(heading)}** · {counted(len(ids), 'comment')}{order}")
    _table(_rows(run, ids, run_results.said(run, ids, label)), heading, key)
    _cut_off(ids)


def show_flips(
    first: TrainingRun, second: TrainingRun, held: Sequence, ids: Sequence[int], heading: str, key: str
) -> None:
    """What two models said of the same comments. `held`: the rows and labels on which both are compared
    (core.evaluation.held_out.HeldOut of each), which need not be all that each was judged on."""
    st.markdown(f"**{plain(heading)}** · {counted(len(ids), 'comment')}")
    both = [run_results.answers(rows, ids) for rows in held]
    texts = run_results.texts(second, ids)
    rows = [
        {
            "Comment": texts[key_]["text"],
            "A person said": both[0][key_][1],
            f"Run {first.id} said": both[0][key_][0],
            f"Run {second.id} said": both[1][key_][0],
        }
        for key_ in ids
        if key_ in texts and key_ in both[0] and key_ in both[1]
    ]
    _table(rows, heading, key)
    _cut_off(ids)


def pick(label: str, names: Sequence[str], clicked: str | None, key: str) -> str | None:
    """By clicking a mark or, without a mouse, from the list: whichever was used last."""
    if clicked in names and st.session_state.get(f"{key}_clicked") != clicked:
        st.session_state[f"{key}_clicked"] = clicked
        st.session_state[key] = clicked
    if st.session_state.get(key) not in names:
        st.session_state.pop(key, None)
    return st.selectbox(
        label, names, index=None, format_func=option, key=key, placeholder="Click a mark above, or choose"
    )


def clicked_values(event) -> tuple:
    """The customdata of the mark that was clicked; () without a click."""
    points = event.selection.points if event else []
    value = points[0].get("customdata") if points else ()
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _rows(run: TrainingRun, ids: Sequence[int], said: dict[int, tuple[str, str, float]]) -> list[dict]:
    """A comment that was not held out has no answer of the model."""
    nothing = ("", "", None)
    ordered = sorted(ids, key=lambda key: (said.get(key, ("", "", 2.0))[2], key))
    texts = run_results.texts(run, ordered)  # of as many as are shown
    known = [key for key in ordered if key in texts]
    return [
        {
            "Comment": texts[key]["text"],
            "The model said": said.get(key, nothing)[0],
            "A person said": said.get(key, nothing)[1],
            "Probability": _percent(said.get(key, nothing)[2]),
            "Date": texts[key]["date"],
            "Channel": texts[key]["channel"],
        }
        for key in known
    ]


def _percent(probability: float | None) -> int | None:
    """Never 100: a model that has not seen everything cannot be that sure."""
    return None if probability is None else min(99, round(100 * probability))


def _table(rows: list[dict], heading: str, key: str) -> None:
    if not rows:
        st.info("These comments are not stored any more.")
        return
    shown = [name for name in rows[0] if any(_says_something(row[name]) for row in rows)]
    small = {name: st.column_config.TextColumn(width="small") for name in shown}
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        column_order=shown,
        column_config=small
        | {
            "Comment": st.column_config.TextColumn(width="large"),
            "Probability": st.column_config.NumberColumn(
                format="%d%%", width="small", help="How sure the model was; 99% stands for 99% or more."
            ),
            "Date": st.column_config.DateColumn(width="small"),
        },
        alt=f"Comments behind {heading}",
    )


def _says_something(value: object) -> bool:
    return value is not None and value != ""


def _cut_off(ids: Sequence[int]) -> None:
    if len(ids) > run_results.SHOWN_ROWS:
        st.caption(f"The first {run_results.SHOWN_ROWS} of them.")
