from types import SimpleNamespace

import numpy as np

from core.domain import BETTER, QUICK, TrainingOptions
from core.models.without import Without
from core.workflow import vectors
from core.workflow.task import SILENT


class Encoder:
    """All its vectors are `value`; it remembers what it read."""

    name, revision, max_tokens, size = "mini", "0123456789abcdef", 64, 2
    without = Without()

    def __init__(self, value):
        self.value, self.read = value, []

    def embed(self, texts, on_batch):
        self.read += texts
        on_batch(len(texts), len(texts))
        return np.full((len(texts), 2), self.value, dtype=np.float32)


def run(number, mode):
    return SimpleNamespace(id=number, options=TrainingOptions(mode=mode))


def embed(store, encoder, texts, of=None):
    return vectors.embed(store, encoder, texts, SILENT, 0, 100, of)


def test_texts_are_read_once_and_come_back_in_their_order(store):
    encoder = Encoder(0.5)
    assert embed(store, encoder, ["a", "bb", "a"]).tolist() == [[0.5, 0.5]] * 3
    embed(store, encoder, ["bb", "c"])
    assert encoder.read == ["a", "bb", "c"]
    assert embed(store, encoder, []).shape == (0, 2)


def test_an_encoder_blind_to_some_words_has_vectors_of_its_own():
    blind = Encoder(0.5)
    blind.without = Without(("slow", "crash"))
    assert vectors.name_of(blind).startswith("mini@0123456789ab/64/without-")
    first = vectors.name_of(blind)
    blind.without = Without(("crash", "slow"))
    assert vectors.name_of(blind) == first
    blind.without = Without(("crash",))
    assert vectors.name_of(blind) != first


def test_a_fine_tuned_encoder_has_vectors_of_its_own(store):
    """It bears the name and revision of the encoder that it was tuned from."""
    plain, tuned, other = Encoder(0.25), Encoder(0.5), Encoder(0.75)
    embed(store, plain, ["a"])
    assert embed(store, tuned, ["a"], run(7, BETTER))[0, 0] == 0.5
    assert embed(store, other, ["a"], run(8, BETTER))[0, 0] == 0.75
    assert embed(store, Encoder(9.0), ["a"], run(9, QUICK))[0, 0] == 0.25
    assert vectors.name_of(plain) == "mini@0123456789ab/64"
    store.embeddings.clear(vectors.tuned_name(7))
    assert store.embeddings.get("run-7", [vectors.text_key("a")]) == {}
    assert embed(store, Encoder(9.0), ["a"], run(8, BETTER))[0, 0] == 0.75
