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
from pages.parts.run_words import (
    MEASURES,
    SEVERAL_RIGHT,
    label_set_of,
    likely,
    title,
)

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
SAID_ELSEWHERE = ("The baseline (", "baseline (TF-IDF) is better")


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
    error, before = run.calibration.get("ece_after"), run.calibration.get("ece_before")
    facts = (
        (
            "All labels right" if model.multi else "Right",
            f"{model.accuracy:.1%}",
            likely(ranges.get("accuracy"), points=True),
            SEVERAL_RIGHT if model.multi else MEASURES["Right"],
        ),
        ("Macro F1", f"{model.macro_f1:.3f}", likely(ranges.get("macro_f1")), MEASURES["Macro F1"]),
        (
            "Balanced accuracy",
            f"{model.balanced_accuracy:.1%}",
            likely(ranges.get("balanced_accuracy"), points=True),
            MEASURES["Balanced accuracy"],
        ),
        (
            "Confidence off by",
            "not measured" if error is None else f"{error:.1%}",
            "" if before is None else f"{before:.1%} before",
            f"{MEASURES['Confidence off by']} Below: before calibration.",
        ),
    )
    grid = st.grid(4, min_column_width=150)
    for name, value, below, help in facts:
        words = below if not below or "before" in below else f"likely {below}"
        grid.metric(
            name,
            value,
            words or None,
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
        words = f"Show {counted(len(leak.ids), 'comment')}"
        with st.popover(words, key=f"leak_{place}", icon=":material/list:", on_change="rerun") as opened:
            if opened.open:
                held_rows.show(run, leak.ids, "Examples", f"leak_rows_{place}")
