import numpy as np
import torch

from core.export.graph import example, folded, graph_of
from core.models.classifier import calibrated


def test_head_and_calibration_fold_into_one(single, multi):
    vectors = np.random.default_rng(2).normal(size=(5, single.encoder.size))
    for model in (single, multi):
        weight, bias = folded(model)
        logits = vectors @ weight.T + bias
        wanted = calibrated(model.head.logits(vectors), model.calibration)
        odds = np.exp(logits)
        found = odds / (1 + odds) if model.multi else odds / odds.sum(axis=1, keepdims=True)
        assert np.allclose(found, wanted, atol=1e-9)


def test_the_graph_answers_as_the_model_and_leaves_it_alone(single, texts):
    before = single.encoder.model.config._attn_implementation
    graph = graph_of(single)
    ids, mask = single.encoder.batch(single.encoder.token_ids(texts))
    with torch.no_grad():
        found = graph(ids, mask).numpy()
    assert np.abs(found - single.probabilities(texts)).max() < 1e-5
    assert single.encoder.model.config._attn_implementation == before != "eager"
    graph.body.embeddings.word_embeddings.weight.data.zero_()
    assert single.encoder.model.embeddings.word_embeddings.weight.abs().sum() > 0


def test_the_example_has_a_shorter_row(single):
    ids, mask = example(single)
    assert ids.shape == mask.shape == (3, 7) and mask[1].tolist() == [1, 1, 1, 1, 0, 0, 0]
