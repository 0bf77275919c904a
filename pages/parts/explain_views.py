"""One comment under the model: probabilities, the words that mattered, where it looked."""

import streamlit as st

from core.charts import runs as run_charts
from core.charts import tokens as charts
from core.domain import TrainingRun
from core.workflow import explanations
from pages.parts import model, results
from pages.parts.highlight import highlighted_text, legend
from pages.parts.plain import option, plain

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-words"}}
ORDERS = ["Typical", "Most certain", "Least certain"]
STORED, PASTED = "A stored comment", "Paste a comment"


def choose_text(run: TrainingRun) -> str:
    """The comment to explain: a stored row or a pasted one; "" when there is none."""
    source = st.segmented_control(
        "Which comment?", [STORED, PASTED], default=STORED, required=True, key="source"
    )
    if source == PASTED:
        text = st.text_area(
            "Comment",
            key="pasted",
            max_chars=explanations.LONGEST,
            placeholder="Paste or write a comment",
            height=100,
        )
        return explanations.clean_pasted(text)
    return _stored(run)


def _stored(run: TrainingRun) -> str:
    themes = results.predicted(run)
    if not themes:
        st.info("The model gives no stored comment a label. Paste a comment to explain it.")
        return ""
    left, right = st.columns([1, 1])
    name = left.selectbox("Predicted as", list(themes), format_func=option, key="explain_theme")
    order = right.segmented_control("First", ORDERS, default=ORDERS[0], required=True, key="explain_order")
    table = results.evidence(run, themes[name], order, 50)
    chosen = st.dataframe(
        table[["text", "label", "given", "probability"]],
        key=f"explain_rows_{run.id}_{list(themes).index(name)}_{order}",
        hide_index=True,
        height=230,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "text": st.column_config.TextColumn("Comment", width="large"),
            "label": st.column_config.TextColumn("The model says", width="small"),
            "given": st.column_config.TextColumn("A person said", width="small"),
            "probability": st.column_config.NumberColumn("Probability", format="percent", width="small"),
        },
        alt="Comments to choose from",
    )
    rows = [row for row in chosen.selection.rows if row < len(table)]
    if not rows:
        st.caption("The first comment is shown. Choose another row to explain it.")
    return table["text"].iloc[rows[0] if rows else 0] if len(table) else ""


def show(run: TrainingRun, text: str) -> None:
    classifier = model.classifier(run)
    found = explanations.probabilities(classifier, text)
    labels = list(found)
    st.markdown(_verdict(found, classifier.multi))
    words, chances, attention = st.tabs(
        ["Words that mattered", "All labels", "Where the model looked"], key="explain_view", on_change="rerun"
    )
    with words:
        if words.open:
            _words(run, text, labels)
    with chances:
        if chances.open:
            figure = run_charts.probabilities(labels, list(found.values()))
            st.plotly_chart(figure, key="chances", alt="Probability of each label", config=CONFIG)
    with attention:
        if attention.open:
            _attention(classifier, text)


def _verdict(found: dict[str, float], multi: bool) -> str:
    """What the model decides: the likeliest label, or every label from one half on."""
    said = [label for label, value in found.items() if value >= 0.5] if multi else list(found)[:1]
    if not said:
        return f"The model gives **no label**; the nearest is {plain(next(iter(found)))}."
    each = [f"**{plain(label)}**, certain to **{_certainty(found[label])}**" for label in said]
    return f"The model says {'; '.join(each)}."


def _certainty(probability: float) -> str:
    """Never "100%": a model that has not seen everything cannot be that sure."""
    return "over 99%" if probability > 0.99 else f"{probability:.0%}"


def _words(run: TrainingRun, text: str, labels: list[str]) -> None:
    label = st.selectbox("Why this label?", labels, format_func=option, key="why_label")
    attribution = model.words_that_mattered(run, text, label)
    left, right = st.columns(2)
    with left:
        st.markdown("**The comment**")
        highlighted_text(attribution, key="words")
        legend()
    with right:
        st.markdown("**Without this word the confidence changes by**")
        figure = charts.word_bars(attribution)
        st.plotly_chart(figure, key="bars", alt="Weight of each word in points of confidence", config=CONFIG)


def _attention(classifier, text: str) -> None:
    if not explanations.has_attention(classifier):
        st.info("This model has no attention: it does not look from word to word. See Words that mattered.")
        return
    st.info("Where the model looked, not why: attention does not know which label was asked about.")
    specials = st.toggle("Show special tokens", key="specials")
    view = explanations.attention_view(classifier, text, 0, 0, specials)
    left, right = st.columns(2)
    layer = left.select_slider("Layer", list(range(1, view.layers + 1)), value=view.layers, key="layer")
    head = right.select_slider("Head", list(range(1, view.heads + 1)), value=1, key="head")
    view = explanations.attention_view(classifier, text, layer - 1, head - 1, specials)
    names = [token.text for token in view.tokens]
    figure = charts.attention_map(names, view.matrix)
    st.plotly_chart(figure, key="attention", alt=f"Attention of layer {layer}, head {head}", config=CONFIG)
    with st.expander("All layers and heads", icon=":material/grid_on:"):
        figure = charts.head_overview(explanations.attention_overview(classifier, text, specials))
        st.plotly_chart(figure, key="heads", alt="How narrowly each head looks, by layer", config=CONFIG)
