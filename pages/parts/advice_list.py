"""What would help a model most; each line opens the comments it speaks of."""

import streamlit as st

from core.domain import Estimate, TrainingRun
from pages.parts import held_rows, run_results
from pages.parts.plain import plain

SHOWN_GAIN = 0.005  # of macro F1: what rounds to nothing


def show(run: TrainingRun, key: str, limit: int | None = None) -> None:
    """`key` sets two lists on one page apart."""
    found = run_results.advice(run)
    if not found:
        words = (
            "Nothing stands out. More labels help most models."
            if run.evaluation
            else "This run was trained before held-out comments were kept. Train again to see more."
        )
        st.caption(words)
        return
    opened = f"{key}_opened_{run.id}"
    for place, advice in enumerate(found[:limit]):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.markdown(f"{place + 1}. {plain(advice.words, 600)}{_gain(advice.gain)}")
        if advice.ids:
            right.button(
                f"Show {len(advice.ids):,}",
                key=f"{key}_advice_{place}",
                type="tertiary",
                on_click=_toggle,
                args=(opened, place),
                help="The held-out comments that this is about",
            )
    place = st.session_state.get(opened)
    if place is not None and place < len(found) and found[place].ids:
        held_rows.show(run, found[place].ids, f"Advice {place + 1}", f"{key}_advice_rows")


def _gain(gain: Estimate | None) -> str:
    if gain is None:
        return ""
    if gain.mid < SHOWN_GAIN:
        return " :gray-badge[hardly any gain on the learning curve]"
    return f" :green-badge[macro F1 {gain.mid:+.2f}, likely {gain.low:+.2f} to {gain.high:+.2f}]"


def _toggle(opened: str, place: int) -> None:
    """A second press closes it."""
    st.session_state[opened] = None if st.session_state.get(opened) == place else place
