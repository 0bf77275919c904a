"""The accounts of a dataset: a second file joined to the comments, and who is heard from of all customers."""

import streamlit as st

from core.domain import Dataset
from core.workflow import accounts
from pages.parts import accounts_upload, resources, segment_sizes
from pages.parts.plain import plain


def show(dataset: Dataset) -> None:
    st.caption(
        "A file of your customers (account ID, plan, revenue, region, seats ...) gives every comment the "
        "segments of its account, and tells how many customers of each kind there are. An account counts "
        "once, however much it writes."
    )
    store = resources.store()
    attached = accounts.attached(store, dataset.id)
    if attached is not None:
        file = attached.file
        with st.container(border=True, key="accounts_card"):
            left, right = st.columns([4, 1], vertical_alignment="center")
            left.markdown(
                f"**{plain(file.file_name)}** · {file.rows:,} accounts · {file.created_at:%Y-%m-%d %H:%M}"
            )
            with right:
                _remove(dataset)
            accounts_upload.matched_share(attached.matched)
    with st.expander(
        "Replace the accounts file" if attached else "Add an accounts file",
        expanded=attached is None or accounts_upload.is_open(),
        icon=":material/apartment:",
    ):
        accounts_upload.take(dataset)
    segment_sizes.show(dataset)


def _remove(dataset: Dataset) -> None:
    with st.popover("Remove", icon=":material/delete:", key=f"detach_{dataset.id}", width="stretch"):
        st.markdown("The accounts and their columns go. Comments and typed-in numbers stay.")
        if st.button("Remove the accounts", type="primary", key=f"detach_now_{dataset.id}"):
            with st.spinner("Removing the accounts"):
                accounts.detach(resources.store(), dataset.id)
            st.rerun()
