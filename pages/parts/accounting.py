"""Every row of an imported file accounted for."""

from functools import partial

import streamlit as st

from core.domain import Import, Rejection
from core.workflow import comments
from pages.parts import resources
from pages.parts.plain import bullets, counted

SHOWN_LINES = 8


def in_words(rejection: Rejection) -> str:
    lines = ", ".join(f"{line:,}" for line in rejection.examples[:SHOWN_LINES])
    more = " ..." if rejection.rows > min(len(rejection.examples), SHOWN_LINES) else ""
    where = f" ({'line' if rejection.rows == 1 else 'lines'} {lines}{more})" if lines else ""
    return f"{rejection.rows:,} not stored: {rejection.reason}{where}"


def account_for(done: Import, new: bool = False) -> None:
    """Rows in = stored + not stored, always both on the screen, with reasons and what to know."""
    changed = (
        f" ({done.rows_updated:,} of them changed a comment that was there)" if done.rows_updated else ""
    )
    sentence = (
        f"{done.rows_in:,} rows in the file = {done.rows_stored:,} stored{changed} "
        f"+ {done.rows_rejected:,} not stored."
    )
    if new:
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.markdown(sentence)
    if done.rejections:
        st.markdown(bullets(in_words(item) for item in done.rejections))
        st.download_button(
            "Download the rows that were not stored",
            data=partial(comments.rejected_csv, resources.store(), done.id),
            file_name=f"rows-not-stored-{done.id}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=f"rejected_{done.id}_{'new' if new else 'list'}",
        )
    if done.warnings:
        words = f"{counted(len(done.warnings), 'thing')} to know about this import"
        with st.expander(words, icon=":material/info:", expanded=new and len(done.warnings) < 4):
            st.markdown(bullets(done.warnings))
