"""Edit and see: drop, replace or add words, and the confidence moves."""

from hashlib import sha256
from pathlib import Path

import streamlit as st

from core.charts import edit as charts
from core.domain import TrainingRun
from core.workflow import editing
from core.workflow.explanations import LONGEST
from pages.parts import drivers_view, model, resources
from pages.parts.plain import counted, plain

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-edit"}}
MOST_DRAWN = 6
LONG = 64  # words; of a longer comment groups of neighbours are left out
_HERE = Path(__file__).parent
_WORDS = st.components.v2.component(
    "roadlens_edit",
    html='<div class="edit" dir="auto">\n</div>',
    css=(_HERE / "edit_view.css").read_text(encoding="utf-8"),
    js=(_HERE / "edit_view.js").read_text(encoding="utf-8"),
)


@st.fragment
def show(run: TrainingRun, text: str) -> None:
    """Only this part runs again when a word changes."""
    classifier = model.classifier(run)  # first: a click into words that are still being drawn is lost
    before = text[:LONGEST]
    if len(text) > LONGEST:
        st.caption(f"The first {LONGEST:,} characters of the comment can be edited.")
    key = f"edit_{run.id}_{sha256(before.encode('utf-8', 'replace')).hexdigest()[:12]}"
    st.session_state.setdefault(key, before)
    left, right = st.columns(2, gap="large")
    with left:
        after = _editor(before, key)
    found = editing.compare(classifier, before, after)
    with right:
        st.markdown(verdict(found, after))
        figure = charts.before_after(found.before, found.after, MOST_DRAWN)
        alt = "Probability of each label before and after the change"
        st.plotly_chart(figure, key="edit_chances", alt=alt, config=CONFIG)
        if len(found.before) > MOST_DRAWN:
            st.caption(f"The {MOST_DRAWN} likeliest of {len(found.before):,} labels, before or now.")
    _smallest(run, before, key, found)


# ---- the words --------------------------------------------------------------------------------


def _editor(before: str, key: str) -> str:
    """The text as it is now."""
    after = editing.clean(before, st.session_state[key])
    st.markdown("**Click a word to drop it**, again to bring it back")
    drawn = [{"text": piece.text, "state": piece.state} for piece in editing.pieces(before, after)]
    _WORDS(
        data={"pieces": drawn},
        key=f"words_{key}",
        on_edited_change=lambda: _change(before, key),
    )
    st.caption("Double click a word to replace it; click between two words to add some.")
    st.text_area("Or write freely", key=key, max_chars=LONGEST, height=100)
    if after != st.session_state[key]:
        st.caption("Personal data is masked before the model reads it, as in the stored comments.")
    st.button(
        "Back to the comment",
        key=f"back_{key}",
        icon=":material/undo:",
        disabled=after == before,
        on_click=_write,
        args=(key, before),
    )
    return after


def _change(before: str, key: str) -> None:
    after = editing.clean(before, st.session_state[key])
    _write(key, editing.changed(before, after, st.session_state[f"words_{key}"].get("edited")))


def _write(key: str, text: str) -> None:
    st.session_state[key] = text


# ---- what the model says ----------------------------------------------------------------------


def verdict(found: editing.Compared, after: str) -> str:
    """Before and now in words."""
    if not after.strip():
        return "Nothing is left: this is what the model says of an empty text."
    before, now = found.said_before, found.said_after
    if before == now and len(now) == 1:
        label = now[0]
        if found.before == found.after:
            return f"The model says **{plain(label)}**, {_sure(found.before[label])} sure."
        return f"Still **{plain(label)}**, {_sure(found.before[label])} → {_sure(found.after[label])}"
    if set(before) == set(now):
        each = (f"**{plain(n)}** {_sure(found.before[n])} → {_sure(found.after[n])}" for n in now)
        return f"Still {', '.join(each)}" if now else "Still **no label**"
    said = ", ".join(f"**{plain(label)}** ({_sure(found.after[label])})" for label in now) or "**no label**"
    was = ", ".join(f"{plain(n)} ({_sure(found.before[n])} → {_sure(found.after[n])})" for n in before)
    return f"Now {said}; before {was or 'no label'}"


def _sure(value: float) -> str:
    """Never "100%", and never "0%"."""
    if value > 0.99:
        return "over 99%"
    return "under 1%" if value < 0.01 else f"{value:.0%}"


# ---- how little turns it ----------------------------------------------------------------------


def _smallest(run: TrainingRun, before: str, key: str, found: editing.Compared) -> None:
    if not found.said_before:
        return
    label = found.said_before[0]
    st.markdown(f"**How little turns {plain(label)} into another answer**")
    place = f"flip_{key}"
    holder = st.empty()
    if place not in st.session_state:
        name, icon = "Find the smallest change", ":material/search:"
        if not holder.button(name, key=f"find_{key}", icon=icon, help=_help(before)):
            _robust(run, label)
            return
        holder.empty()
        with st.spinner("Leaving out words until the answer turns"):
            _found(run.id, run.manifest_sha256, before, model.classifier(run))
        st.session_state[place] = True
    flip = _found(run.id, run.manifest_sha256, before, model.classifier(run))
    if flip is None or not flip.text.strip():  # what an empty text is called says nothing of its words
        st.caption("Leaving out words does not turn it: the model keeps to this answer.")
    else:
        _flip(run, flip, before, key)
    _robust(run, label)


@st.cache_resource(max_entries=16, show_spinner=False)
def _found(run_id: int, manifest_sha256: str, text: str, _classifier):
    """Kept here, not in the session, so that it can be forgotten."""
    return editing.smallest_flip(_classifier, text)


def forget_cached() -> None:
    _found.clear()


def _help(before: str) -> str:
    words = "Each single word is left out first, then the two, three ... that matter most."
    return words + (" In a long comment, groups of neighbouring words." if len(before.split()) > LONG else "")


def _flip(run: TrainingRun, flip, before: str, key: str) -> None:
    gone = [before[span.start : span.end] for span in flip.spans]
    shown = " ".join(f"~~{plain(word, 60)}~~" for word in gone[:12])
    more = f" and {counted(len(gone) - 12, 'more part')}" if len(gone) > 12 else ""
    classifier = model.classifier(run)
    shares = dict(zip(classifier.labels, flip.probabilities, strict=True))
    now = editing.said(shares, classifier.multi)
    said = ", ".join(f"**{plain(label)}** ({_sure(shares[label])})" for label in now) or "**no label**"
    st.markdown(f"Without {shown}{more} ({flip.share:.0%} of the words) the model says {said}.")
    st.button(
        "Try it", key=f"try_{key}", icon=":material/play_arrow:", on_click=_write, args=(key, flip.text)
    )


def _robust(run: TrainingRun, label: str) -> None:
    measured = editing.robustness(resources.store(), run.id, label)
    if measured is not None:
        st.caption(f"In other comments that it calls {plain(label)}: {drivers_view.firm(measured)}")
