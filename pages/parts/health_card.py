"""What a stored dataset is like, and what that means for the results."""

import streamlit as st

from core.domain import Dataset
from core.workflow import runs
from pages.parts import resources, results
from pages.parts.plain import bullets, plain


def show(dataset: Dataset) -> None:
    health = results.health(dataset)
    st.subheader(plain(dataset.name))
    labels = sum(health.label_counts.values())
    dates = f"{health.first_date} to {health.last_date}" if health.dated else "none"
    facts = (
        ("Comments", f"{health.rows:,}", None),
        ("With a label", f"{labels:,}", f"{len(health.label_counts)} labels"),
        ("With a rating", f"{health.rated:,}", None),
        (
            "Repeated words",
            f"{health.repeated_texts:,}",
            "The same words from different people are votes and stay.",
        ),
    )
    for column, (name, value, help) in zip(st.columns(4), facts, strict=True):
        column.metric(name, value, help=help, border=True)
    languages = ", ".join(f"{name} {count:,}" for name, count in list(health.languages.items())[:6])
    st.caption(f"Dates: {plain(dates)} · Languages: {plain(languages)}")
    st.markdown(bullets(health.lines))
    _labels(health)
    _imports(dataset)
    _delete(dataset)


def _labels(health) -> None:
    if not health.label_counts:
        return
    with st.expander(f"Labels ({len(health.label_counts)})", icon=":material/label:"):
        rows = [{"Label": name, "Comments": count} for name, count in health.label_counts.items()]
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                "Comments": st.column_config.ProgressColumn(format="%d", max_value=rows[0]["Comments"])
            },
            alt="Labels and how many comments carry each",
        )


def _imports(dataset: Dataset) -> None:
    with st.expander("Imports", icon=":material/history:", expanded=True):
        for done in resources.store().datasets.imports(dataset.id):
            st.markdown(
                f"**{plain(done.file_name)}** · {done.created_at:%Y-%m-%d %H:%M} · "
                f"{done.rows_in:,} rows in = {done.rows_stored:,} stored + {done.rows_rejected:,} not stored"
            )
            for rejection in done.rejections:
                lines = ", ".join(str(line) for line in rejection.examples[:8])
                st.caption(plain(f"{rejection.rows:,} not stored: {rejection.reason} (line {lines})", 600))
            for warning in done.warnings:
                st.caption(plain(warning, 600))


def _delete(dataset: Dataset) -> None:
    # Keys of the dataset: a second click must never land on the dataset that comes next.
    with st.popover("Undo this import", icon=":material/undo:", key=f"undo_{dataset.id}"):
        st.markdown(
            f"This removes **{plain(dataset.name)}** with its {dataset.rows:,} comments, its runs, "
            "predictions and reports. It cannot be brought back."
        )
        if st.button("Remove it", type="primary", key=f"remove_{dataset.id}"):
            runs.delete_dataset(resources.store(), resources.settings(), dataset.id)
            results.forget_cached()
            st.session_state.pop("dataset", None)
            st.rerun()
