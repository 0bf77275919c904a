"""A list to choose one of other people's names from."""

from collections.abc import Sequence

import streamlit as st

from pages.parts.plain import told_apart


def choose(place, words: str, names: Sequence[str], key: str, nothing: str = "(no name)", **more) -> str:
    """A choice that is not among the names any more is forgotten.

    `place`: a column, or `st`; `nothing` stands for an empty name; `more` goes to the list.
    """
    if st.session_state.get(key) not in names:
        st.session_state.pop(key, None)
    return place.selectbox(words, names, format_func=told_apart(names, nothing).get, key=key, **more)
