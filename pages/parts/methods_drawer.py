"""For experts: two methods side by side on one comment, and whether they name the same words."""

import streamlit as st

from core.domain import Attribution, TrainingRun
from core.workflow import attributions, explanations
from pages.parts import model
from pages.parts.explain_chooser import Comment
from pages.parts.highlight import highlighted_text

OTHER = (
    attributions.INTEGRATED,
    attributions.SHAPLEY,
    attributions.OCCLUSION,
)  # what stands beside the usual


def show(run: TrainingRun, comment: Comment, label: str, against: str | None, usual: str) -> None:
    drawer = st.expander(
        "Compare two methods", icon=":material/compare:", key="methods_drawer", on_change="rerun"
    )
    if not drawer.open:
        return
    with drawer:
        methods = explanations.methods(model.classifier(run))
        beside = next(key for key in OTHER if key != usual and key in methods)
        shown = [
            _one(run, comment, label, against, methods, first, column, place)
            for place, (first, column) in enumerate(zip((usual, beside), st.columns(2), strict=True))
        ]
        st.markdown(attributions.agreement(*shown))


def _one(run, comment, label, against, methods, first: str, column, place: int) -> Attribution:
    with column:
        method = st.selectbox(
            ("First method", "Second method")[place],
            list(methods),
            index=list(methods).index(first),
            format_func=lambda key: methods[key].name,
            key=f"method_{place}_{first}",
        )
        with st.spinner("Weighing the words"):
            asked = (comment.text, comment.feedback_id, label, method, against)
            found = model.attribution(run, *asked)
        highlighted_text(found, key=f"compared_{place}")
        st.caption(_about(found, methods[method]))
    return found


def _about(found: Attribution, method) -> str:
    """What the numbers mean, and how much of the score they miss where they should add up."""
    words = method.about if method.reason else f"{method.about} It does not depend on the label."
    if found.completeness is None:
        return words
    return f"{words} All words together explain the score up to {found.completeness:.2%} (completeness)."
