"""One finished run: is it good enough, how good it is, and what to do about it."""

from collections.abc import Callable

import streamlit as st

from core.domain import Leak, TrainingRun
from pages.parts import (
    beside_tab,
    compare_panel,
    course_tab,
    export_panel,
    gate_panel,
    held_rows,
    labels_tab,
    learning_tab,
    mixups_tab,
    model_card,
    slices_tab,
    trust_tab,
    try_panel,
    winner_panel,
)
from pages.parts.plain import bullets, counted, plain
from pages.parts.run_words import label_set_of, likely, measures_of, title

TABS: dict[str, Callable[[TrainingRun], None]] = {
    "Labels": labels_tab.show,
    "Mix-ups": mixups_tab.show,
    "Baselines": beside_tab.show,
    "How sure": trust_tab.show,
    "Where it fails": slices_tab.show,
    "More labels?": learning_tab.show,
    "Compare": compare_panel.choose,
    "Try it": try_panel.show,
    "Export": export_panel.show,
    "Training": course_tab.show,
    "Model card": model_card.show,
}
MANY = 1_000  # held-out comments from which a tenth of a per cent says something
SAID_ELSEWHERE = (  # by the winner panel; the first two by older runs
    "The baseline (",
    "baseline (TF-IDF) is better",
    "reaches a higher macro F1 on the held-out comments",
)


def show(run: TrainingRun) -> None:
    st.subheader(title(run))
    st.caption(_judged(run))
    _headline(run)
    winner_panel.show(run)
    gate_panel.show(run)
    _doubts(run)
    tabs = st.tabs(list(TABS), key="run_view", on_change="rerun")
    for tab, draw in zip(tabs, TABS.values(), strict=True):
        with tab:
            if tab.open:
                draw(run)


def _judged(run: TrainingRun) -> str:
    split = (run.evaluation.split if run.evaluation else "") or "The same words never stand on both sides."
    return plain(f"{label_set_of(run).name} · judged on {run.model.n:,} held-out comments. {split}", 600)


def _headline(run: TrainingRun) -> None:
    model, ranges = run.model, run.model.ranges
    digits = ".1%" if model.n >= MANY else ".0%"
    means, error = measures_of(model.multi), run.calibration.get("ece_after")
    facts = (
        (
            "All labels right" if model.multi else "Right",
            f"{model.accuracy:{digits}}",
            likely(ranges.get("accuracy"), digits),
            means["Right"],
        ),
        ("Macro F1", f"{model.macro_f1:.2f}", likely(ranges.get("macro_f1")), means["Macro F1"]),
        (
            "Balanced accuracy",
            f"{model.balanced_accuracy:{digits}}",
            likely(ranges.get("balanced_accuracy"), digits),
            means["Balanced accuracy"],
        ),
        (
            "Confidence off by",
            "not measured" if error is None else f"{error:.1%}",
            likely(ranges.get("calibration_error"), ".1%"),
            means["Confidence off by"],
        ),
    )
    grid = st.grid(4, min_column_width=150)
    for name, value, below, help in facts:
        grid.metric(
            name,
            value,
            f"likely {below}" if below else None,
            delta_color="off",
            delta_arrow="off",
            help=help,
            border=True,
            height="stretch",
        )


def _doubts(run: TrainingRun) -> None:
    """Why to trust the figures less, and what so many labels can tell."""
    for warning in run.warnings:
        if not any(words in warning for words in SAID_ELSEWHERE):
            st.warning(plain(warning, 600), icon=":material/info:")
    if run.evaluation is None:
        st.info(
            "This run was trained by an earlier version: ranges, curves and groups were not measured. Train "
            "again to see them.",
            icon=":material/history:",
        )
        return
    for place, leak in enumerate(run.evaluation.leaks):
        _leak(run, leak, place)
    if run.evaluation.knows:
        with st.expander("What so many labels can and cannot tell", icon=":material/straighten:"):
            st.markdown(bullets(run.evaluation.knows))


def _leak(run: TrainingRun, leak: Leak, place: int) -> None:
    st.warning(plain(leak.words, 800), icon=":material/water_drop:")
    if leak.ids:
        words = _shown(leak)
        with st.expander(words, key=f"leak_{place}", icon=":material/list:", on_change="rerun") as opened:
            if opened.open:
                held_rows.show(run, leak.ids, "Examples", f"leak_rows_{place}")


def _shown(leak: Leak) -> str:
    """Of a long list only the first comments are kept with the run."""
    if leak.rows > len(leak.ids):
        return f"Show the first {len(leak.ids):,} of {leak.rows:,} comments"
    return f"Show {counted(len(leak.ids), 'comment')}"
