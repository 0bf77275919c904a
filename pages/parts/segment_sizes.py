"""How many customers of each kind there are, beside how many are heard from."""

import math

import streamlit as st

from core.domain import Dataset
from core.workflow import accounts
from pages.parts import resources
from pages.parts.plain import option, plain


def show(dataset: Dataset) -> None:
    store = resources.store()
    known = dict.fromkeys(accounts.segments(store, dataset.id))
    for done in store.datasets.imports(dataset.id):
        known |= dict.fromkeys(done.columns.segments)
    if not known:
        return
    st.markdown("**Who is heard from, of all your customers**")
    segment = st.selectbox("Segment", list(known), format_func=option, key=f"sizes_of_{dataset.id}")
    with st.spinner("Counting accounts"):
        table = accounts.segment_table(store, dataset.id, segment)
    table = table.round({"base_share": 4, "comment_share": 4})  # a screen reader says every digit of a cell
    st.caption(
        "“All customers” comes from the accounts file. Where there is none, or it is not complete, type the "
        "number in and save."
    )
    edited = st.data_editor(
        table,
        key=editor_key(dataset, list(known).index(segment), table),
        hide_index=True,
        num_rows="fixed",
        placeholder="",
        disabled=["value", "heard", "comments", "base_share", "comment_share"],
        column_order=["value", "accounts", "heard", "base_share", "comments", "comment_share"],
        column_config={
            "value": st.column_config.TextColumn(option(segment)),
            "accounts": st.column_config.NumberColumn(
                "All customers", min_value=0, step=1, format="localized"
            ),
            "heard": st.column_config.NumberColumn("Heard from", format="localized"),
            "base_share": st.column_config.NumberColumn("Share of customers", format="percent"),
            "comments": st.column_config.NumberColumn("Comments", format="localized"),
            "comment_share": st.column_config.NumberColumn("Share of comments", format="percent"),
        },
        alt=f"Customers and comments by {segment}",
    )
    _save(dataset, segment, table, edited)


def editor_key(dataset: Dataset, segment: int, table) -> str:
    """Another table is another editor: else old changes would be laid over it."""
    marks = hash(tuple(table["accounts"].fillna(-1))) & 0xFFFF
    return f"sizes_{dataset.id}_{segment}_{marks}"


def _save(dataset: Dataset, segment: str, table, edited) -> None:
    store = resources.store()
    changed = not edited["accounts"].equals(table["accounts"])
    typed = segment in store.accounts.typed_sizes(dataset.id)
    with st.container(horizontal=True):
        if st.button("Save the numbers", icon=":material/save:", key="sizes_save", disabled=not changed):
            store.accounts.set_sizes(dataset.id, segment, _sizes(edited))
            st.toast("The numbers are saved.")
            st.rerun()
        if typed and st.button("Back to the file", icon=":material/undo:", type="tertiary", key="sizes_back"):
            store.accounts.set_sizes(dataset.id, segment, {})
            st.rerun()
    if typed:
        st.caption(f"The numbers of {plain(segment)} were typed in.")


def _sizes(edited) -> dict[str, int]:
    pairs = zip(edited["value"], edited["accounts"], strict=True)
    return {
        str(value): int(count)
        for value, count in pairs
        if value != accounts.NONE and count is not None and not math.isnan(count)
    }
