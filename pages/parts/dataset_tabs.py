"""All about the dataset that is looked at; only the open tab is drawn."""

from collections.abc import Callable

import streamlit as st

from core.domain import Dataset
from core.workflow import comments, importing, runs
from pages.parts import (
    accounts_panel,
    caches,
    health_card,
    import_progress,
    imports,
    people_panel,
    repeats,
    resources,
)
from pages.parts.plain import plain

HEALTH, LABELS, REPEATS, IMPORTS = "Health", "Labels", "Said more than once", "Imports"
ACCOUNTS, PEOPLE = "Accounts", "Forget a person"


def show(dataset: Dataset) -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.subheader(plain(dataset.name, 120), anchor=False)
    with right:
        _more(dataset)
    tabs: dict[str, Callable[[Dataset], None]] = {
        HEALTH: health_card.show,
        LABELS: health_card.labels,
        REPEATS: repeats.show,
        IMPORTS: imports.show,
        ACCOUNTS: accounts_panel.show,
        PEOPLE: people_panel.show,
    }
    for tab, draw in zip(st.tabs(list(tabs), key="about", on_change="rerun"), tabs.values(), strict=True):
        with tab:
            if tab.open:
                draw(dataset)


def _more(dataset: Dataset) -> None:
    # Keys of the dataset: a second click must never land on the dataset that comes next.
    with st.popover(
        "Download or remove", icon=":material/more_horiz:", key=f"more_{dataset.id}", width="stretch"
    ):
        st.markdown("**Take the comments with you**, masked as they are stored:")
        with st.container(horizontal=True):
            for kind, known in comments.formats().items():
                st.download_button(
                    known.name,
                    data=lambda kind=kind: comments.comments_file(resources.store(), dataset.id, kind),
                    file_name=f"comments-{dataset.id}{known.extension}",
                    mime=known.mime,
                    on_click="ignore",
                    key=f"comments_{kind}_{dataset.id}",
                )
        st.markdown(
            f"**Remove the dataset.** {plain(dataset.name)} goes with its {dataset.rows:,} comments, its "
            "runs, predictions and reports. It cannot be brought back."
        )
        if st.button("Remove it", type="primary", key=f"remove_{dataset.id}", icon=":material/delete:"):
            job = importing.start_removal(resources.store(), dataset.id)
            if job is not None:
                import_progress.follow(job)
                st.rerun()
            with st.spinner("Removing"):
                runs.delete_dataset(resources.store(), resources.settings(), dataset.id)
            caches.forget_cached()
            st.session_state.pop("dataset", None)
            st.rerun()
