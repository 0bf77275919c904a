"""The imports of a dataset: every row of each file accounted for, each to be taken back."""

import streamlit as st

from core.domain import Dataset, Import
from core.workflow import importing
from pages.parts import caches, import_progress, resources
from pages.parts.accounting import account_for
from pages.parts.plain import counted, plain


def show(dataset: Dataset) -> None:
    every = resources.store().datasets.imports(dataset.id)
    for done in every:
        with st.container(border=True, key=f"import_{done.id}"):
            left, right = st.columns([4, 1], vertical_alignment="center")
            left.markdown(
                f"**{plain(done.file_name)}** · {done.created_at:%Y-%m-%d %H:%M} · "
                f"encoding {plain(done.encoding)}"
            )
            with right:
                _undo(dataset, done, len(every) == 1)
            account_for(done)
            _columns(done)


def _columns(done: Import) -> None:
    columns = done.columns
    facts = {
        "comment text": columns.texts,
        "labels": columns.labels,
        **{
            role: (getattr(columns, role),)
            for role in ("date", "rating", "author", "account", "channel", "id")
        },
        "segments": columns.segments,
        "numbers": columns.numbers,
    }
    shown = [f"{role}: {', '.join(names)}" for role, names in facts.items() if any(names)]
    st.caption(plain(" · ".join(shown), 600))


def _undo(dataset: Dataset, done: Import, only: bool) -> None:
    # Keys of the import: a second click must never land on the import that comes next.
    with st.popover("Undo", icon=":material/undo:", key=f"undo_{done.id}", width="stretch"):
        new = done.rows_stored - done.rows_updated
        if only:
            st.markdown(
                f"This removes **{plain(dataset.name)}** with its {dataset.rows:,} comments, its runs, "
                "predictions and reports. It cannot be brought back."
            )
        else:
            go, back = counted(new, "comment"), counted(done.rows_updated, "comment")
            changed = f", and {back} it changed get back what they said before" if done.rows_updated else ""
            st.markdown(
                f"{go} of **{plain(done.file_name)}** go{changed}. "
                "The dataset is then as if the file had never come."
            )
        if st.button("Take it back", type="primary", key=f"undo_now_{done.id}"):
            job = importing.start_undo(resources.store(), done.id)
            if job is not None:
                import_progress.follow(job)
                st.rerun()
            with st.spinner("Taking the import back"):
                importing.undo(resources.store(), resources.settings(), done.id)
            caches.forget_cached()
            if only:
                st.session_state.pop("dataset", None)
            st.toast("The import was taken back.")
            st.rerun()
