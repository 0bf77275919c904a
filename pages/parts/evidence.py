"""The comments behind a mark."""

import streamlit as st

from core.domain import SEGMENT, TrainingRun
from pages.parts import results
from pages.parts.plain import plain

LIMIT = 500


def show_rows(run: TrainingRun, ids: tuple[int, ...], heading: str, key: str) -> None:
    """A table of the rows with what the model says and what a person said, most certain first."""
    table = results.evidence(run, ids, "Most certain", LIMIT)
    st.markdown(f"**{plain(heading)}** · {len(ids):,} comment{'' if len(ids) == 1 else 's'}")
    if len(ids) > LIMIT:
        st.caption(f"The {LIMIT} of them that the model is most certain of.")
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        column_order=_columns(table),
        column_config=_configuration(table),
        alt=f"Comments behind {heading}",
    )


def _columns(table) -> list[str]:
    """Only those that say something."""
    filled = [name for name in table.columns if table[name].notna().any() and (table[name] != "").any()]
    return [name for name in filled if name != "id"]


def _configuration(table) -> dict:
    named = {
        "text": st.column_config.TextColumn("Comment", width="large"),
        "label": st.column_config.TextColumn("The model says", width="small"),
        "given": st.column_config.TextColumn("A person said", width="small"),
        "probability": st.column_config.NumberColumn("Probability", format="percent", width="small"),
        "date": st.column_config.DateColumn("Date", width="small"),
        "rating": st.column_config.NumberColumn("Rating", width="small"),
        "channel": st.column_config.TextColumn("Channel", width="small"),
        "account": st.column_config.TextColumn("Account", width="small"),
        "language": st.column_config.TextColumn("Language", width="small"),
    }
    segments = {
        name: st.column_config.TextColumn(name.removeprefix(SEGMENT)[:40], width="small")
        for name in table.columns
        if name.startswith(SEGMENT)
    }
    return named | segments
