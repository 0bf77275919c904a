"""A pasted comment under the model: the probability of every label at once."""

import streamlit as st

from core.charts import runs as charts
from core.domain import TrainingRun
from core.workflow import explanations
from pages.parts import model
from pages.parts.plain import plain
from pages.parts.run_words import label_set_of

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-try"}}
MOST_DRAWN = 30
DECIDED = 0.5  # of a label, where a comment may carry several


def show(run: TrainingRun) -> None:
    pasted = st.text_area(
        "A comment to try",
        key="tried",
        max_chars=explanations.LONGEST,
        placeholder="Paste or write a comment, then press Ctrl+Enter",
        height=100,
    )
    st.caption("It is not stored. Personal data in it is masked first, as it was in what the model learned.")
    text = explanations.clean_pasted(pasted)
    if not text:
        return
    found = explanations.probabilities(model.classifier(run), text)
    st.markdown(_answer(found, label_set_of(run).multi))
    figure = charts.probabilities(list(found), list(found.values()), top=MOST_DRAWN)
    st.plotly_chart(figure, key="tried_chances", alt="Probability of each label", config=CONFIG)
    if len(found) > MOST_DRAWN:
        st.caption(f"The {MOST_DRAWN} likeliest of {len(found):,} labels.")
    st.page_link(
        "pages/explain.py", label="See which words decide on the Explain page", icon=":material/highlight:"
    )


def _answer(found: dict[str, float], multi: bool) -> str:
    """The decision in words; never "100%"."""
    if not multi:
        label, value = next(iter(found.items()))
        return f"The model says **{plain(label)}**, {_sure(value)} sure."
    said = [(label, value) for label, value in found.items() if value >= DECIDED]
    if not said:
        return "The model gives it **no label**: none is at least 50% likely."
    return (
        "The model says " + ", ".join(f"**{plain(label)}** ({_sure(value)})" for label, value in said) + "."
    )


def _sure(value: float) -> str:
    return "over 99%" if value > 0.99 else f"{value:.0%}"
