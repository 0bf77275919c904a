"""What a stored dataset is like, and what that means for the results."""

import streamlit as st

from core.domain import Dataset, LabelSet
from core.workflow.health import Health
from pages.parts import results
from pages.parts.plain import bullets, plain

MASKED = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "card": "card numbers",
    "iban": "account numbers (IBAN)",
    "ip": "IP addresses",
    "url": "links with secrets",
    "link": "links with secrets",
    "handle": "@names",
}
SHOWN_LANGUAGES = 8


def show(dataset: Dataset) -> None:
    health = results.health(dataset)
    if health is None:
        st.info("The comments have changed and are being measured. Come back in a moment.")
        return
    dates = f"{health.first_date} to {health.last_date}" if health.dated else "none"
    facts = (
        ("Comments", health.rows, f"Written by {health.authors:,} different authors."),
        ("With a date", health.dated, f"Dates: {dates}. Trends rest on these."),
        ("With a rating", health.rated, "Rating figures rest on these."),
        ("With a label", health.labelled, "A model learns from these and labels the others."),
    )
    with st.container(horizontal=True):
        for name, value, help in facts:
            st.metric(name, f"{value:,}", help=help, border=True, width=180)
    st.caption(f"Dates: {plain(dates)}")
    st.markdown("**What this means for the results**")
    st.markdown(bullets(health.lines) if health.lines else "Nothing stands out.")
    left, right = st.columns(2)
    with left:
        _languages(health)
    with right:
        _masked(health)
    _lengths(health)


def _languages(health: Health) -> None:
    st.markdown("**Languages**")
    rows = [{"Language": code, "Comments": count} for code, count in health.languages.items()]
    _counted(rows[:SHOWN_LANGUAGES], "Languages of the comments")
    if len(rows) > SHOWN_LANGUAGES:
        st.caption(f"and {len(rows) - SHOWN_LANGUAGES} more")


def _masked(health: Health) -> None:
    st.markdown("**Personal data masked before storing**")
    rows = [
        {"Kind": MASKED.get(kind, kind), "Places": count} for kind, count in health.masked.items() if count
    ]
    if rows:
        _counted(rows, "Personal data that was masked")
    else:
        st.caption("None was found.")
    st.caption("Names of people inside a comment are not found.")


def _lengths(health: Health) -> None:
    st.markdown("**How long the comments are**")
    facts = (
        ("Words", health.words),
        ("Characters", health.characters),
        ("Tokens (estimated)", health.tokens),
    )
    st.dataframe(
        [
            {"In": unit, "A quarter have at most": low, "Half have at most": mid, "Three quarters": high}
            for unit, (low, mid, high) in facts
        ],
        hide_index=True,
        alt="Lengths of the comments",
    )
    cut = health.longer.get(str(health.token_limit), 0.0)
    share = "none" if not cut else "fewer than 1%" if cut < 0.01 else f"about {cut:.0%}"
    st.caption(
        f"Tokens are the pieces that a model reads; it stops after {health.token_limit} of them. "
        f"Longer comments: {share}."
    )


def _counted(rows: list[dict], alt: str) -> None:
    """A small table whose last column is a count."""
    if not rows:
        return
    count = list(rows[0])[-1]
    most = max(row[count] for row in rows)
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            count: st.column_config.ProgressColumn(format="localized", min_value=0, max_value=most)
        },
        alt=alt,
    )


def labels(dataset: Dataset) -> None:
    sets = results.label_sets(dataset)
    if not sets:
        st.info(
            "This dataset has no labels. Import a file with a label column, or with a rating, which then "
            "serves as sentiment."
        )
    for place, label_set in enumerate(sets):
        with st.expander(_heading(label_set), expanded=place == 0, icon=":material/label:"):
            rows = [{"Label": name, "Comments": count} for name, count in label_set.counts.items()]
            _counted(rows, f"Labels of {label_set.name} and how many comments carry each")


def _heading(label_set: LabelSet) -> str:
    given = sum(label_set.counts.values())
    several = " · a comment may carry several" if label_set.multi else ""
    return f"{plain(label_set.name, 80)}: {len(label_set.counts):,} labels, given {given:,} times{several}"
