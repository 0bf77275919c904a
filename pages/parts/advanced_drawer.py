"""The settings behind a training that most people never touch."""

from dataclasses import replace

import streamlit as st

from core.domain import BETTER, BILSTM, BUNDLED_ENCODER, MODE_NAMES, QUICK, TFIDF, TrainingOptions
from core.workflow import estimate, runs
from pages.parts import word_vectors

CHOSEN_ABOVE = ""
LEARNS = (BETTER, BILSTM)  # step by step, so that it can stop early
ENCODED = (QUICK, BETTER)
TOKENS = TrainingOptions().max_tokens
MOST_LAYERS = 48  # of an encoder that is not here yet
GREY = {
    QUICK: "Settings in grey belong to Better, which learns step by step.",
    TFIDF: "Settings in grey belong to models that read with an encoder or learn step by step.",
    BILSTM: "Settings in grey belong to Better, which fine-tunes an encoder.",
}


def ask(mode: str) -> TrainingOptions:
    """Settings that the chosen way of training does not use stay at their defaults, so that the same
    training is not done twice."""
    with st.expander("Advanced", icon=":material/tune:", key="advanced"):
        mode = _mode(mode)
        if mode in GREY:
            st.caption(GREY[mode])
        options = replace(TrainingOptions(mode=mode), **_reading(mode), **_learning(mode))
        options = replace(options, **_weights(mode, options.encoder))
        options = replace(options, **_texts(mode), **_beside(mode))
    return options


def _mode(mode: str) -> str:
    other = st.segmented_control(
        "Model",
        [CHOSEN_ABOVE, TFIDF, BILSTM],
        format_func=lambda key: "As chosen above" if key == CHOSEN_ABOVE else MODE_NAMES[key],
        default=CHOSEN_ABOVE,
        required=True,
        key="other_mode",
        help="TF-IDF and BiLSTM can be trained and put to work as models of their own.",
    )
    return other or mode


def _reading(mode: str) -> dict:
    encoder = st.text_input(
        "Encoder",
        value=BUNDLED_ENCODER,
        key="encoder",
        disabled=mode not in ENCODED,
        help="The bundled encoder knows English best. With internet, any Hugging Face encoder id "
        "(owner/name) with safetensors weights; code of a model is never run.",
    )
    left, middle, right = st.columns(3)
    seed = left.number_input("Seed", 0, 2**31 - 1, 0, key="seed", help="The same seed gives the same model.")
    most = estimate.most_tokens(mode, encoder.strip())
    tokens = middle.number_input(
        "Longest text (tokens)",
        16,
        most,
        min(most, st.session_state.get("max_tokens", TOKENS)),
        key="max_tokens",
        disabled=mode == TFIDF,
        help=f"What is longer is cut off; up to {most:,} here. A word is one or two tokens. Longer texts "
        "take more time and memory.",
    )
    epochs = right.number_input(
        "Epochs",
        1,
        20,
        3,
        key="epochs",
        disabled=mode not in LEARNS,
        help="How many times it goes through all training comments. More take longer and may learn by heart.",
    )
    found = {"seed": int(seed)}
    if mode in ENCODED:
        found["encoder"] = encoder.strip()
    if mode != TFIDF:
        found["max_tokens"] = int(tokens)
    if mode in LEARNS:
        found["epochs"] = int(epochs)
    return found


def _learning(mode: str) -> dict:
    left, middle, right = st.columns(3)
    balance = left.selectbox(
        "Rare labels",
        list(runs.BALANCES),
        format_func=runs.BALANCES.get,
        key="balance",
        help="Where one label has many times the comments of another, the model may forget the rare one.",
    )
    off = mode not in LEARNS
    patience = middle.number_input(
        "Stop early after",
        0,
        20,
        0,
        key="patience",
        disabled=off,
        help="So many epochs without a better score on the validation comments; 0: every epoch is done, and "
        "the best one is kept.",
    )
    smoothing = right.number_input(
        "Label smoothing",
        0.0,
        0.5,
        0.0,
        0.05,
        key="label_smoothing",
        disabled=off,
        help="Trusts each label a little less than fully; helps where people disagree about labels.",
    )
    return {"balance": balance} | (
        {} if off else {"patience": int(patience), "label_smoothing": float(smoothing)}
    )


def _weights(mode: str, encoder: str) -> dict:
    left, middle, right = st.columns(3)
    off, layers = mode != BETTER, estimate.layers_of(encoder) or MOST_LAYERS
    decay = left.number_input(
        "Weight decay",
        0.0,
        1.0,
        0.01,
        0.01,
        key="weight_decay",
        disabled=mode not in LEARNS,
        help="Pulls every weight towards zero, against learning by heart.",
    )
    frozen = middle.number_input(
        "Frozen layers",
        0,
        layers,
        min(layers, st.session_state.get("frozen_layers", 0)),
        key="frozen_layers",
        disabled=off,
        help="The lowest layers and the embeddings stay as they are: faster, less memory.",
    )
    rank = right.number_input(
        "Adapter rank",
        0,
        256,
        0,
        key="adapter_rank",
        disabled=off,
        help="Low-rank adapters (LoRA): only small matrices of this rank are learned, for large encoders; "
        "0: all weights.",
    )
    averaged = st.toggle(
        "Answer with the mean of the weights",
        value=True,
        key="averaging",
        disabled=off,
        help="The mean of the weights on the way answers instead of the last ones, unless the validation "
        "comments speak for those: it has learned less by heart.",
    )
    found = {"weight_decay": float(decay)} if mode in LEARNS else {}
    if off:
        return found
    averaging = TrainingOptions().averaging if averaged else 0.0
    return found | {"frozen_layers": int(frozen), "adapter_rank": int(rank), "averaging": averaging}


def _texts(mode: str) -> dict:
    left, middle, right = st.columns(3)
    augment = left.slider(
        "Changed copies",
        0.0,
        1.0,
        0.0,
        0.1,
        format="percent",
        key="augment",
        disabled=mode != BETTER,
        help="So many of the training comments get one copy with small changes. Held-out comments never do.",
    )
    masking = middle.slider(
        "Hidden words",
        0.0,
        0.5,
        TrainingOptions().token_masking,
        0.05,
        format="percent",
        key="token_masking",
        disabled=mode != BETTER,
        help="So many of the words of a training comment are hidden each time it is read, others each time, "
        "so that the model does not trust single words too much. Held-out comments are read whole.",
    )
    without = right.multiselect(
        "Words to leave out",
        [],
        accept_new_options=True,
        key="without",
        placeholder="Type a word and press Enter",
        help="Taken out of every comment before the training: words that give the label away, such as its "
        "own name.",
    )
    words = tuple(dict.fromkeys(word.strip() for word in without if word.strip()))
    changed = {"augment": float(augment), "token_masking": float(masking)} if mode == BETTER else {}
    return {"without": words} | changed


def _beside(mode: str) -> dict:
    """The simpler models that are a choice, and the words that a BiLSTM, beside or itself, begins with."""
    with st.container(horizontal=True):
        quick = mode == TFIDF and st.toggle(
            "Quick among the simpler models",
            value=True,
            key="quick",
            help="An encoder reads the labelled comments for it, which takes longer than TF-IDF itself. "
            "Comments that it has read before take nothing.",
        )
        bilstm = mode != BILSTM and st.toggle(
            "A BiLSTM among the simpler models",
            key="bilstm",
            help="A small recurrent network on the same comments; several times as long as Quick.",
        )
    found = {name: True for name, chosen in (("quick", quick), ("bilstm", bilstm)) if chosen}
    upload = word_vectors.ask() if bilstm or mode == BILSTM else ""
    return found | ({"vectors": upload} if upload else {})
