"""Comments that say the same, grouped for reading: several people who say it are several votes."""

import streamlit as st

from core.domain import Dataset
from core.workflow import health, importing
from pages.parts import resources, results
from pages.parts.plain import bullets, plain

READ = 500
SHOWN_BURSTS = 5
AT_ONCE = 10_000  # rows that are compared within a second; a job compares more


def show(dataset: Dataset) -> None:
    card = results.health(dataset)
    if card is not None and card.similar_groups is None and dataset.rows <= AT_ONCE:
        with st.spinner("Looking for comments that say the same"):
            health.find_similar(resources.store(), dataset.id)
        card = results.health(dataset)
    if card is None or card.similar_groups is None:
        importing.queue_similar(resources.store(), dataset.id)
        st.info("Comments that say the same are being looked for. Come back in a moment.")
        return
    groups = results.similar(dataset, card)
    if not len(groups):
        st.info("No two comments say the same.")
        return
    _bursts(card.bursts)
    st.caption(
        f"The {len(groups):,} groups said most often. The same words from different people are votes and "
        "stay; the same words twice by one author are stored once. Choose a row to read its comments."
    )
    if dataset.rows > health.MOST_COMPARED:
        st.caption("In a dataset as large as this only equal words are grouped, not similar ones.")
    event = st.dataframe(
        groups,
        key=f"groups_{dataset.id}_{dataset.sha256[:12]}",
        hide_index=True,
        column_order=["rows", "authors", "first", "last", "text"],
        column_config={
            "rows": st.column_config.ProgressColumn(
                "Said", format="%d", min_value=0, max_value=int(groups["rows"].max()), width="small"
            ),
            "authors": st.column_config.NumberColumn("Authors", width="small"),
            "first": st.column_config.DateColumn("First", width="small"),
            "last": st.column_config.DateColumn("Last", width="small"),
            "text": st.column_config.TextColumn("Comment", width="large"),
        },
        on_select="rerun",
        selection_mode="single-row",
        alt="Groups of comments that say the same",
    )
    chosen = [row for row in event.selection.rows if row < len(groups)]
    if chosen:
        _rows(dataset, int(groups["group"].iloc[chosen[0]]))


def _bursts(bursts) -> None:
    if not bursts:
        return
    lines = [f"{burst.rows:,} comments {_when(burst)}{_by(burst)}" for burst in bursts[:SHOWN_BURSTS]]
    st.warning(
        "Many nearly equal comments within a day may be a campaign or a robot: look at them before you trust "
        f"the shares of those days.\n\n{bullets(lines)}",
        icon=":material/bolt:",
    )


def _when(burst) -> str:
    first, last = burst.first[:10], burst.last[:10]
    return f"on {first}" if first == last else f"from {first} to {last}"


def _by(burst) -> str:
    return f" by {burst.authors:,} authors" if burst.authors else ""


def _rows(dataset: Dataset, group: int) -> None:
    table = health.rows_of_group(resources.store(), dataset.id, group)
    st.markdown(f"**{len(table):,} comments** {plain(f'of {dataset.name}')}")
    if len(table) > READ:
        st.caption(f"The first {READ:,} of them.")
    names = ["text", "date", "rating", "author", "account", "channel"]
    filled = [name for name in names if table[name].notna().any() and (table[name] != "").any()]
    st.dataframe(
        table.head(READ),
        hide_index=True,
        column_order=filled,
        column_config={
            "text": st.column_config.TextColumn("Comment", width="large"),
            "date": st.column_config.DateColumn("Date", width="small"),
            "rating": st.column_config.NumberColumn("Rating", width="small"),
            "author": st.column_config.TextColumn("Author (pseudonym)", width="small"),
            "account": st.column_config.TextColumn("Account", width="small"),
            "channel": st.column_config.TextColumn("Channel", width="small"),
        },
        alt="The comments of the group",
    )
