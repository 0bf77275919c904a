"""A figure on the page, in the inks of the page's dress, with a file name for its picture."""

import streamlit as st

from core.charts.theme import inked

LIGHT = "light"


def draw(figure, *, key: str, alt: str, file: str = "", **more):
    """A figure of core.charts. `alt` is read to people who do not see it; `file` names the picture that can
    be saved. Returns what was selected, where `more` asks for that."""
    if st.context.theme.type == LIGHT:
        inked(figure, LIGHT)
    config = {
        "displaylogo": False,
        "toImageButtonOptions": {"format": "svg", "filename": f"roadlens-{file or key}"},
    }
    return st.plotly_chart(figure, key=key, alt=alt, config=config, **more)
