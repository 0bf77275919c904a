"""The four steps of the way and how far this dataset has come."""

import streamlit as st

from core.domain import Dataset, Scores, TrainingRun
from pages.parts import next_step
from pages.parts.plain import plain
from pages.parts.run_words import with_range


def steps(dataset: Dataset | None, run: TrainingRun | None) -> None:
    sets = next_step.trainable(dataset) if dataset else []
    labelled = sum(sets[0].counts.values()) if sets else 0
    cards = (
        _card("1", "Feedback", "feedback", bool(dataset), _feedback(dataset, labelled)),
        _card("2", "Train", "train", bool(run), _train(dataset, run, labelled)),
        _card("3", "Insights", "insights", bool(run), _insights(run)),
        _card("4", "Report", "report", bool(run), _report(run)),
    )
    for column, card in zip(st.columns(4), cards, strict=True):
        with column.container(border=True, height="stretch"):
            card()


def _card(number: str, title: str, page: str, done: bool, words: str):
    def draw() -> None:
        mark = ":green[:material/check_circle:]" if done else ":gray[:material/radio_button_unchecked:]"
        st.markdown(f"{mark} **{number}. {title}**")
        st.caption(words)
        st.page_link(f"pages/{page}.py", label=f"Open {title}")

    return draw


def _feedback(dataset: Dataset | None, labelled: int) -> str:
    if dataset is None:
        return "Upload a file of comments."
    return f"{plain(dataset.name, 60)}: {dataset.rows:,} comments, {labelled:,} with a label."


def _train(dataset: Dataset | None, run: TrainingRun | None, labelled: int) -> str:
    if run:
        beside = f", the baseline {_macro_f1(run.baseline)}" if run.baseline else ""
        return f"Run {run.id}: macro F1 {_macro_f1(run.model)} on held-out comments{beside}."
    if dataset is None:
        return "Teach a model your own labels."
    return "Ready to train." if labelled else "This dataset has no labels yet."


def _macro_f1(scores: Scores) -> str:
    return with_range(scores.macro_f1, scores.ranges.get("macro_f1"))


def _insights(run: TrainingRun | None) -> str:
    return "Themes, trends and segments are ready." if run else "Needs a trained model."


def _report(run: TrainingRun | None) -> str:
    formats = "PowerPoint, web page, Excel, CSV"
    return f"{formats}: ready, the same numbers each time." if run else f"{formats}."
