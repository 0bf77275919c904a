"""A pasted comment under the model: the probability of every label at once."""

import streamlit as st

from core.charts import runs as charts
from core.charts.labels import certainty
from core.domain import TrainingRun
from core.workflow import explanations
from pages.parts import explain_chooser, model
from pages.parts.choices import look_at_run
from pages.parts.figures import draw
from pages.parts.plain import plain
from pages.parts.run_words import label_set_of

MOST_DRAWN = 30
DECIDED = 0.5  # of a label, where a comment may carry several


def show(run: TrainingRun) -> None:
    pasted = st.text_area(
        "A comment to try",
        key="tried",
        max_chars=explanations.LONGEST,
        placeholder="Paste or write a comment, then press Ctrl+Enter",
        height=100,
        persist_state="session",
    )
    st.caption("It is not stored. Personal data in it is masked first, as it was in what the model learned.")
    text = explanations.clean_pasted(pasted)
    if not text:
        return
    found = explanations.probabilities(model.classifier(run), text)
    multi = label_set_of(run).multi
    st.markdown(_answer(found, multi))
    figure = charts.probabilities(
        list(found), list(found.values()), top=MOST_DRAWN, decided=DECIDED if multi else None
    )
    draw(figure, key="tried_chances", alt="Probability of each label", file="try")
    if multi:
        st.caption("Right of the dotted line the model gives a label: at least 50% likely.")
    if len(found) > MOST_DRAWN:
        st.caption(f"The {MOST_DRAWN} likeliest of {len(found):,} labels.")
    if st.button(
        "See which words decide on the Explain page", key="explain_tried", icon=":material/highlight:"
    ):
        look_at_run(run.id)
        explain_chooser.hand_over(pasted)
        st.switch_page("pages/explain.py")


def _answer(found: dict[str, float], multi: bool) -> str:
    """The decision in words; never "100%"."""
    if not multi:
        label, value = next(iter(found.items()))
        return f"The model says **{plain(label)}**, {certainty(value)} sure."
    said = [(label, value) for label, value in found.items() if value >= DECIDED]
    if not said:
        return "The model gives it **no label**: none is at least 50% likely."
    return (
        "The model says "
        + ", ".join(f"**{plain(label)}** ({certainty(value)})" for label, value in said)
        + "."
    )
