"""What the model says of one comment and why; what drives it as a whole, and how far to believe it."""

import streamlit as st

from core.charts import runs as run_charts
from core.charts.labels import certainty
from core.domain import TrainingRun
from pages.parts import (
    attention_explorer,
    drivers_view,
    edit_view,
    map_view,
    model,
    resembles_view,
    trust_badge,
    trust_view,
    words_view,
)
from pages.parts.explain_chooser import Comment
from pages.parts.plain import plain
from pages.parts.run_words import label_set_of

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-labels"}}
MOST_DRAWN = 30  # labels
DECIDED = 0.5  # of a label, where a comment may carry several
CLOSE = 0.2  # between the first label and the next
OF_COMMENT = (
    "Words that mattered",
    "Edit and see",
    "Because it resembles",
    "Where the model looked",
    "All labels",
)
OF_MODEL = ("What drives a label", "How far to trust it", "Map")


def show_comment(run: TrainingRun, comment: Comment) -> None:
    """The verdict, then only the view that is open is worked out."""
    found = model.probabilities(run, comment.text)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(verdict(found, label_set_of(run).multi, comment.given), width="content")
        trust_badge.badge(run)
    tabs = st.tabs(OF_COMMENT, key="explain_view", on_change="rerun")
    views = (
        lambda: words_view.show(run, comment, found),
        lambda: edit_view.show(run, comment.text),
        lambda: resembles_view.show(run, comment.text, comment.feedback_id),
        lambda: attention_explorer.show(run, comment.text),
        lambda: _all_labels(found),
    )
    _show_open(tabs, views)


def show_model(run: TrainingRun) -> None:
    tabs = st.tabs(OF_MODEL, key="explain_model_view", on_change="rerun")
    views = (
        lambda: drivers_view.show(run),
        lambda: trust_view.show(run),
        lambda: map_view.show(run),
    )
    _show_open(tabs, views)


def _show_open(tabs, views) -> None:
    for tab, view in zip(tabs, views, strict=True):
        with tab:
            if tab.open:
                view()


def verdict(found: dict[str, float], multi: bool, given: str = "") -> str:
    """The likeliest label, or every label from one half on, and what a person said."""
    said = [label for label, value in found.items() if value >= DECIDED] if multi else list(found)[:1]
    if said:
        each = [f"**{plain(label, 80)}**, certain to **{certainty(found[label])}**" for label in said]
        words = f"The model says {'; '.join(each)}{'' if multi else _close(found)}."
    else:
        words = f"The model gives **no label**; the nearest is {plain(next(iter(found)), 80)}."
    if not given:
        return words
    agrees = set(given.split("; ")) == set(said)
    return f"{words} A person said {'the same' if agrees else f'**{plain(given, 80)}**'}."


def _close(found: dict[str, float]) -> str:
    """The next label, where the decision was close."""
    (_, most), (label, next_most) = (*found.items(), ("", 0.0))[:2]
    return f"; close behind is {plain(label, 80)} with {next_most:.0%}" if most - next_most < CLOSE else ""


def _all_labels(found: dict[str, float]) -> None:
    figure = run_charts.probabilities(list(found), list(found.values()), top=MOST_DRAWN)
    st.plotly_chart(figure, key="chances", alt="Probability of each label", config=CONFIG)
    if len(found) > MOST_DRAWN:
        st.caption(f"The {MOST_DRAWN} likeliest of {len(found):,} labels.")
