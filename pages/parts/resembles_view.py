"""Because it resembles: the labelled comments most like this one, and what they say about the answer."""

import streamlit as st

from core.charts.labels import shorten
from core.domain import TrainingRun
from core.workflow import resembling
from core.workflow.explain_jobs import TRUST, pending
from pages.parts import background, model, resources, run_results
from pages.parts.plain import counted, plain

LONGEST = 600  # characters of a neighbour that are shown
FIRM, WEAK = 0.8, 0.5  # share of the neighbours that agree
HOW = {
    "tfidf": "For a model of counted words, comments are alike when they share words that matter to it.",
    "bilstm": "For a BiLSTM, comments are alike when it gives them nearly the same probabilities.",
}
HELP = (
    "The comments that the model learned from and finds most like this one (cosine of their vectors; copies "
    "of this comment are left out). On held-out comments an answer that its neighbours share is right more "
    "often: agreement is a second sign beside the confidence."
)


def show(run: TrainingRun, text: str, feedback_id: int | None) -> None:
    if not text.strip():
        st.info("Choose or paste a comment first.")
        return
    job = pending(resources.store(), run, TRUST)  # looked up first: it may end meanwhile
    try:
        among = _learned(run.id, run_results.state(run))
    except resembling.Unread as unread:
        if not background.going_on(run, TRUST, "Reading the labelled comments", job):
            _offer(run, unread.rows)
        return
    found = _resemblance(run, text, feedback_id, among)
    _verdict(found)
    for place, neighbour in enumerate(found.neighbours):
        _row(neighbour, found.label, place)
    if kind := HOW.get(run.options.mode):
        st.caption(kind)


@st.cache_resource(max_entries=2, show_spinner="Reading the labelled comments")
def _learned(run_id: int, state: str) -> resembling.Learned:
    """Raises Unread, which is not cached."""
    store = resources.store()
    run = store.runs.get(run_id)
    return resembling.learned(store, run, model.classifier(run))


def _resemblance(run: TrainingRun, text: str, feedback_id: int | None, among: resembling.Learned):
    store = resources.store()
    return resembling.neighbours(store, run, model.classifier(run), text, feedback_id, among)


def _offer(run: TrainingRun, rows: int) -> None:
    st.info(
        f"{counted(rows, 'labelled comment')} must be read by this model once before it can say which ones "
        "this comment resembles."
    )
    background.offer(run, TRUST, "Read them", key="read_labelled", icon=":material/menu_book:")


def _verdict(found: resembling.Resemblance) -> None:
    """The sentence; a sign and a colour of its own for each outcome."""
    if not found.neighbours:
        st.info(found.words)
        return
    words = plain(found.words, 600)
    if found.agreement >= FIRM:
        st.success(words, icon=":material/check_circle:")
    elif found.agreement >= WEAK:
        st.info(words, icon=":material/contrast:")
    else:
        st.warning(words, icon=":material/help:")
    st.markdown("**What it learned from, most alike first**", help=HELP)


def _row(neighbour: resembling.Similar, label: str, place: int) -> None:
    agrees = "same label" if neighbour.said else "another label"
    sign = ":material/check:" if neighbour.said else ":material/close:"
    colour = "blue" if neighbour.said else "orange"
    with st.container(border=True):
        head, button = st.columns([5, 1], vertical_alignment="center")
        names = " · ".join(plain(name, 60) for name in neighbour.labels)
        head.markdown(
            f":{colour}-badge[{sign} {agrees}] **{names}** · alike {_percent(neighbour.likeness)}",
        )
        if button.button("Explain", key=f"neighbour_{place}", type="tertiary", icon=":material/psychology:"):
            st.session_state["explain_feedback"] = neighbour.feedback_id
            st.rerun()
        st.text(shorten(neighbour.text, LONGEST))


def _percent(likeness: float) -> str:
    return f"{min(0.99, max(0.0, likeness)):.0%}"


def forget_cached() -> None:
    _learned.clear()
