from dataclasses import replace

import numpy as np
import pytest

from core.errors import AppError, NotFound
from core.explain import integrated
from core.models.classifier import Calibration, Classifier, Head


@pytest.fixture
def model(tiny_encoder):
    import torch

    with torch.no_grad():  # as initialised, all words are nearly alike
        for name, weights in tiny_encoder.model.named_parameters():
            if weights.ndim > 1 and "pooler" not in name:
                weights.mul_(8)
    weight = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    head = Head(weight, np.array([0.1, 0.0, -0.1], dtype=np.float32))
    return Classifier(tiny_encoder, head, ("bug", "bill", "wish"), Calibration(1.0, (0.0,) * 3))


TEXT = "the app crashes, my invoice is very slow"


@pytest.mark.parametrize("against", [None, "wish"])
def test_equals_captum(model, against):
    captum = pytest.importorskip("captum.attr")
    import torch

    encoder, head = model.encoder, model.head
    ids, mask = encoder.batch(encoder.token_ids([TEXT]))
    base = torch.full_like(ids, encoder.tokenizer.pad_token_id)
    base[0, 0], base[0, -1] = ids[0, 0], ids[0, -1]

    def forward(tokens, seen):
        logits = encoder.pooled(tokens, seen) @ torch.as_tensor(head.weight).T + torch.as_tensor(head.bias)
        return logits if against is None else logits - logits[:, [2]]

    oracle = captum.LayerIntegratedGradients(forward, encoder.model.get_input_embeddings())
    wanted = oracle.attribute(
        ids, base, target=1, additional_forward_args=(mask,), n_steps=32, method="riemann_middle"
    )
    found = integrated._Line(model, TEXT, 1, None if against is None else 2).weights(32)
    assert np.abs(found - wanted.sum(-1)[0].detach().numpy()).max() < 1e-4
    assert np.abs(found).max() > 0.01


def test_the_weights_add_up_to_the_difference_in_score(model):
    found = integrated.path(model, TEXT, "bill")
    assert found.completeness <= 0.01
    assert found.weights.sum() == pytest.approx(found.end - found.start, rel=0.01)
    assert found.end == pytest.approx(float(model.logits([TEXT])[0, 1]), abs=1e-5)
    assert found.weights[0] == found.weights[-1] == 0.0  # [CLS] and [SEP] are the same at both ends


def test_more_steps_until_it_adds_up(model, monkeypatch):
    few = integrated.path(model, TEXT, "bill", steps=1)
    assert few.steps > 1 and few.completeness <= 0.01
    monkeypatch.setattr(integrated, "LARGEST_ERROR", -1.0)
    assert integrated.path(model, TEXT, "bill").steps == 256


def test_shares_are_of_all_that_speaks_for_or_against(model):
    found = integrated.explain(model, TEXT, "bill")
    path = integrated.path(model, TEXT, "bill")
    assert sum(abs(span.weight) for span in found.spans) == pytest.approx(1.0)
    assert found.completeness == path.completeness
    word = next(span for span in found.spans if TEXT[span.start : span.end] == "slow")
    assert np.sign(word.weight) == np.sign(path.weights[-2])
    assert found.unit == "% of the score" and found.method == "integrated gradients"
    assert found.probability == pytest.approx(float(model.probabilities([TEXT])[0, 1]))


def test_label_against_label_is_the_difference(model):
    one, other = (integrated._Line(model, TEXT, label, None).weights(32) for label in (0, 2))
    both = integrated._Line(model, TEXT, 0, 2).weights(32)
    assert both == pytest.approx(one - other, abs=1e-5)
    found = integrated.explain(model, TEXT, "bug", against="wish")
    assert found.unit == "% of the score of bug over wish"


def test_long_texts_are_read_in_parts_alike(model, monkeypatch):
    whole = integrated.path(model, TEXT, "bug").weights
    monkeypatch.setattr(integrated, "AT_ONCE", 30)
    assert integrated.path(model, TEXT, "bug").weights == pytest.approx(whole, abs=1e-6)


def test_typed_special_tokens_are_words(model):
    found = integrated.explain(model, "[SEP] slow", "bug")
    assert found.spans[0].weight != 0.0


def test_what_has_no_words_weighs_nothing(model):
    found = integrated.explain(model, " ", "bug")
    assert found.spans == () and found.completeness == 0.0


def test_the_encoder_is_left_as_it_was(model):
    before = model.probabilities([TEXT])
    integrated.explain(model, TEXT, "bug")
    assert model.encoder.model.config._attn_implementation == "sdpa"
    assert all(weights.grad is None for weights in model.encoder.model.parameters())
    assert (model.probabilities([TEXT]) == before).all()


def test_unknown_labels_and_models_without_layers(model, adding):
    with pytest.raises(NotFound, match="'fun'"):
        integrated.explain(model, TEXT, "fun")
    with pytest.raises(AppError, match="another label"):
        integrated.explain(model, TEXT, "bug", against="bug")
    with pytest.raises(AppError, match="no layers"):
        integrated.explain(adding(), TEXT, "bug")


def test_several_labels_a_text(model):
    many = replace(model, head=replace(model.head, multi=True))
    assert (integrated.path(many, TEXT, "bug").weights == integrated.path(model, TEXT, "bug").weights).all()
