"""Where the model looked on one comment: heads, the tokens of one head, one word, layer by layer."""

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import streamlit as st

from core.charts import attention as charts
from core.charts.labels import percent
from core.domain import Attribution, Span, TrainingRun
from core.errors import AppError
from core.workflow import attending, explanations
from pages.parts import model
from pages.parts.plain import plain

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-attention"}}
NAMED = 5  # words of the sentence
MEAN = 0  # in the list of heads, which are counted from 1
NO_WORD = -1

_HERE = Path(__file__).parent
_LOOKED = st.components.v2.component(
    "roadlens_attention",
    html="""<div class="looked">
<div class="words" dir="auto"></div>
<div class="matrix"><div class="bar">
<div class="said" aria-live="polite"><bdi class="from"></bdi> looks at <bdi class="to"></bdi>:
<span class="share"></span></div>
<button class="wider" aria-label="Smaller">−</button><button class="closer" aria-label="Larger">+</button>
<button class="fit">Fit</button></div>
<div class="scroller"><div class="corner"></div><div class="columns" aria-hidden="true"></div>
<div class="rows" aria-hidden="true"></div>
<div class="map" tabindex="0" role="application"
 aria-label="From each token, a row, to each token, a column. Arrow keys move; Enter chooses the word.">
<canvas></canvas><div class="band"></div><div class="row"></div><div class="column"></div></div></div></div>
</div>""",
    css=(_HERE / "attention_explorer.css").read_text(encoding="utf-8"),
    js=(_HERE / "attention_explorer.js").read_text(encoding="utf-8"),
)


def show(run: TrainingRun, text: str) -> None:
    if not explanations.has_attention(model.classifier(run)):
        st.info("This model has no attention: it does not look from word to word. See Words that mattered.")
        return
    st.info(
        "Where the model looked, not why: it does not know which label was asked about.",
        icon=":material/visibility:",
    )
    try:
        looked = _look(run.id, run.manifest_sha256, text, model.classifier(run))
    except AppError as error:
        st.warning(plain(error))
        return
    _explore(run, looked)


@st.cache_resource(max_entries=2, show_spinner="Looking into the model")
def _look(run_id: int, manifest_sha256: str, text: str, _classifier):
    """All heads stay here: one text of 512 tokens has 38 MB of them."""
    return attending.look(_classifier, text)


@st.cache_data(max_entries=20, show_spinner=False)
def _overview(run_id: int, manifest_sha256: str, text: str, specials: bool, _looked):
    return attending.overview(_looked, specials)


@st.cache_data(max_entries=20, show_spinner=False)
def _by_layer(run_id: int, manifest_sha256: str, text: str, _looked):
    return attending.by_layer(_looked)


def forget_cached() -> None:
    for cached in (_look, _overview, _by_layer):
        cached.clear()


@st.fragment
def _explore(run: TrainingRun, looked) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer, head = _choose(run, looked)
        specials = st.toggle(
            "Show special tokens",
            key="attention_specials",
            help="The marks that the model puts before and after each comment. Much attention rests on "
            "them and says little about the words.",
        )
    left, right = st.columns([2, 3])
    with left:
        _heads(run, looked, (layer, head), specials)
    with right:
        _one_head(run, looked, layer, head, specials)
    with st.expander("Word by word through the layers", icon=":material/stacks:"):
        _through_layers(run, looked)


def _choose(run: TrainingRun, looked) -> tuple[int, int | None]:
    """Layer and head, counted from 0; head None is the mean of all."""
    layers = list(range(1, looked.layers + 1))
    key = f"attention_layer_{run.id}"
    st.session_state.setdefault(key, layers[-1])  # a click on a head sets it too, so that it has no index
    layer = st.selectbox("Layer", layers, key=key, width=110)
    head = st.selectbox(
        "Head",
        range(looked.heads + 1),
        format_func=lambda number: f"Head {number}" if number else "Mean of all heads",
        key=f"attention_head_{run.id}",
        width=210,
    )
    return layer - 1, None if head == MEAN else head - 1


def _heads(run: TrainingRun, looked, chosen: tuple[int, int | None], specials: bool) -> None:
    st.markdown(
        "**How narrowly each head looks**",
        help="A layer has several heads, each with a look of its own. Dark: each token looks at one other; "
        "pale: at all evenly (1 minus the entropy of a row over its largest possible value, mean over rows).",
    )
    summary = _overview(run.id, run.manifest_sha256, looked.text, specials, looked)
    key = f"attention_heads_{run.id}"

    def follow() -> None:
        points = st.session_state[key].selection.points
        if points:
            layer, head = points[0]["customdata"][:2]
            st.session_state[f"attention_layer_{run.id}"] = layer + 1
            st.session_state[f"attention_head_{run.id}"] = head + 1

    st.plotly_chart(
        charts.head_overview(summary, chosen),
        key=key,
        alt="How narrowly each head looks, by layer",
        on_select=follow,
        selection_mode="points",
        config=CONFIG,
    )
    st.caption("Click on a square to see that head.")


def _one_head(run: TrainingRun, looked, layer: int, head: int | None, specials: bool) -> None:
    name = f"attention_word_{run.id}_{sha256(looked.text.encode()).hexdigest()[:16]}"
    word = st.session_state.get(name)
    found = attending.words_of(looked, layer, head, word)
    st.markdown(
        "**Click a word to see where it looks**",
        help="Stronger colour: more of the attention. Without a word chosen: from all tokens together.",
    )
    key = f"attention_map_{run.id}"

    def follow() -> None:
        st.session_state[name] = word_at(found, st.session_state[key].word)

    view = attending.tokens_of(looked, layer, head, specials)
    st.caption(plain(sentence(found, word), 600))
    _LOOKED(data=drawing(found, view, word), key=key, on_word_change=follow)


def _through_layers(run: TrainingRun, looked) -> None:
    shares = _by_layer(run.id, run.manifest_sha256, looked.text, looked)
    words = [looked.text[span.start : span.end] for span in looked.reading.spans]
    if not words:
        st.caption("There are no words to follow.")
        return
    st.caption(
        plain(
            "What share of all that is read comes from each word, after each layer (attention rollout). "
            f"Special tokens hold {percent(1 - shares[-1].sum())} after the last layer."
            + (f" The {charts.MOST_WORDS} largest of {len(words)} words." * (len(words) > charts.MOST_WORDS))
        )
    )
    figure = charts.word_flow(words, shares)
    st.plotly_chart(figure, key="attention_flow", alt="Share of each word after each layer", config=CONFIG)


def drawing(found: Attribution, view, word: int | None) -> dict[str, object]:
    """What the browser gets: pieces and names as text, the matrix as one byte a cell."""
    shades = explanations.shades(found)
    pieces = []
    for piece in explanations.pieces(found.text, found.spans):
        gap = piece.word == explanations.GAP
        title = "" if gap else explanations.caption(found.spans[piece.word], found.unit)
        shade = 0.0 if gap else round(shades[piece.word], 3)
        pieces.append(
            {"text": piece.text, "shade": shade, "mark": piece.mark, "word": piece.word, "title": title}
        )
    ends = [span.end for span in found.spans]
    cells, top = attending.coded(view.matrix)
    return {
        "pieces": pieces,
        "chosen": NO_WORD if word is None else word,
        "names": [token.text for token in view.tokens],
        "words": [_word_of(token, found.spans, ends) for token in view.tokens],
        "cells": cells,
        "top": top,
    }


def _word_of(token, spans: Sequence[Span], ends: Sequence[int]) -> int:
    """The first word that the token lies in; NO_WORD for a special token."""
    place = bisect_right(ends, token.start)
    return place if place < len(spans) and spans[place].start < token.end else NO_WORD


def word_at(found: Attribution, clicked: object) -> int | None:
    """Place of a clicked word. The number comes from the browser and may be anything."""
    return clicked if type(clicked) is int and 0 <= clicked < len(found.spans) else None


def sentence(found: Attribution, word: int | None) -> str:
    """The words that got most, and what went to no word."""
    total = sum(span.weight for span in found.spans)
    if word is not None and total == 0:
        return "The model has no token for this word: it looks at nothing."
    largest = sorted(found.spans, key=lambda span: -span.weight)[:NAMED]
    parts = [
        f"{found.text[span.start : span.end][:40]} {percent(span.weight)}" for span in largest if span.weight
    ]
    start = "All tokens together look at"
    if word is not None:
        span = found.spans[word]
        start = f"“{found.text[span.start : span.end][:40]}” looks at"
    parts.append(f"special tokens {percent(max(0.0, 1 - total))}")
    return f"{start}: {', '.join(parts)}."
