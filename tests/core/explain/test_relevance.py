import numpy as np
import pytest

from core.errors import AppError
from core.explain import relevance
from core.models.classifier import Calibration, Classifier, Head

TEXT = "the app crashes my invoice"


@pytest.fixture
def model(tiny_encoder):
    weight = 30 * np.random.default_rng(0).normal(size=(2, 32)).astype(np.float32)
    return Classifier(tiny_encoder, Head(weight, np.zeros(2)), ("bug", "bill"), Calibration(1.0, (0.0, 0.0)))


def test_two_layers_by_hand():
    maps = np.array([[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]]])
    # R1 = [[1, 1], [0, 1]], R2 = R1 + A2 R1 = [[1, 1], [2, 3]]; less I: means of the rows.
    assert relevance.relevance(maps) == pytest.approx(np.array([[0.0, 0.5], [1.0, 1.5]]))


def test_the_slope_of_the_score_times_the_attention(model):
    """The gradient by autograd against the score of attention that is changed a little by hand."""
    import torch

    found = relevance.served(model, TEXT, "bug", "bill")
    encoder = model.encoder
    ids, mask = encoder.batch(encoder.token_ids([TEXT]))
    layer = encoder.model.encoder.layer[1].attention.self
    tokens, maps = model.attention(TEXT)
    head, row, looked = 2, 1, 3
    values = layer.value

    def score(change):
        # The last layer's context of one head and row moves by change x value of the token looked at.
        def moved(module, args, out):
            context = out[0].clone()
            width = layer.attention_head_size
            part = slice(head * width, (head + 1) * width)
            context[0, row, part] += change * values(args[0])[0, looked, part]
            return (context, *out[1:])

        handle = layer.register_forward_hook(moved)
        try:
            with torch.no_grad():
                vector = encoder.pooled(ids, mask).numpy()
        finally:
            handle.remove()
        logits = model.head.logits(vector)[0]
        return logits[0] - logits[1]

    def slope(h, r, c):
        nonlocal head, row, looked
        head, row, looked = h, r, c
        return (score(1e-2) - score(-1e-2)) / 2e-2

    size = len(tokens)
    by_hand = np.mean(
        [
            [[max(0.0, slope(h, r, c) * maps[1, h, r, c]) for c in range(size)] for r in range(size)]
            for h in range(4)
        ],
        axis=0,
    )
    assert found.shape == (2, size, size)
    assert found[1] == pytest.approx(by_hand, rel=0.05, abs=1e-4 * by_hand.max())


def test_never_below_zero_and_at_most_all(model):
    found = relevance.explain(model, TEXT, "bug")
    weights = [span.weight for span in found.spans]
    assert min(weights) >= 0 and 0 < sum(weights) < 1
    assert found.unit == "% of the relevance"
    assert relevance.explain(model, TEXT, "bug", "bill").unit == "% of the relevance for bug over bill"


def test_the_label_asked_about_matters(model):
    one, other = (relevance.explain(model, TEXT, label) for label in model.labels)
    assert [span.weight for span in one.spans] != pytest.approx([span.weight for span in other.spans])


def test_the_encoder_is_left_as_it_was(model, monkeypatch):
    relevance.explain(model, TEXT, "bug")
    assert model.encoder.model.config._attn_implementation == "sdpa"
    monkeypatch.setattr(relevance, "score", None)
    with pytest.raises(TypeError):
        relevance.explain(model, TEXT, "bug")
    assert model.encoder.model.config._attn_implementation == "sdpa"
    assert all(weights.grad is None for weights in model.encoder.model.parameters())


def test_models_without_layers(adding):
    with pytest.raises(AppError, match="no layers"):
        relevance.explain(adding(), "a", "bug")
