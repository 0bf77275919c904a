import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from core.models.device import Device
from core.models.encoder import load_encoder
from core.training import adapters

MADE = runpy.run_path(str(Path(__file__).parents[1] / "models" / "families.py"))
TEXTS = ["the app is slow", "very fast login"]


@pytest.fixture(scope="module", params=sorted(MADE["FAMILIES"]))
def folder(request, tmp_path_factory):
    return MADE["make_folder"](request.param, tmp_path_factory.mktemp(request.param) / request.param)


@pytest.fixture
def encoder(folder):
    return load_encoder(folder, folder.name, "abc", Device("cpu", False, ""), 16)


def learned(encoder):
    return {name for name, weight in encoder.model.named_parameters() if weight.requires_grad}


def one_step(encoder):
    vectors = encoder.pooled(*encoder.batch(encoder.token_ids(TEXTS)))
    vectors.square()[:, 0].sum().backward()
    with torch.no_grad():
        for weight in encoder.model.parameters():
            if weight.grad is not None:
                weight.sub_(0.5 * weight.grad)


def test_every_family_has_its_layers_found(encoder):
    assert len(adapters.layers_of(encoder.model)) == 2


def test_frozen_layers_and_embeddings_stay_and_the_others_move(encoder):
    adapters.freeze(encoder.model, 1)
    before = {name: weight.clone() for name, weight in encoder.model.named_parameters()}
    one_step(encoder)
    moved = {
        name for name, weight in encoder.model.named_parameters() if not torch.equal(weight, before[name])
    }
    layers = adapters.layers_of(encoder.model)
    words = encoder.model.get_input_embeddings()
    assert not words.weight.requires_grad
    assert not any(weight.requires_grad for weight in layers[0].parameters())
    assert moved and any("1" in name for name in moved)
    assert moved <= learned(encoder)


def test_freezing_as_many_layers_as_there_are_leaves_the_head_alone(encoder):
    adapters.freeze(encoder.model, 9)
    assert not learned(encoder)


def test_adapters_change_nothing_at_first_and_are_the_same_for_the_same_seed(folder, encoder):
    before, random = encoder.embed(TEXTS), torch.random.get_rng_state()
    adapters.add(encoder.model, 4, seed=5)
    assert torch.equal(torch.random.get_rng_state(), random)
    assert np.allclose(encoder.embed(TEXTS), before, atol=1e-6)
    assert learned(encoder) and all("lora" in name for name in learned(encoder))
    other = load_encoder(folder, "other", "abc", Device("cpu", False, ""), 16)
    adapters.add(other.model, 4, seed=5)
    pairs = zip(encoder.model.parameters(), other.model.parameters(), strict=True)
    assert all(torch.equal(left, right) for left, right in pairs)


def test_merged_adapters_leave_a_plain_encoder_that_answers_the_same(encoder, tmp_path):
    plain = {name: weight.shape for name, weight in encoder.model.named_parameters()}
    before = encoder.embed(TEXTS)
    adapters.add(encoder.model, 4, seed=0)
    for _ in range(3):
        one_step(encoder)
    tuned = encoder.embed(TEXTS)
    assert not np.allclose(tuned, before, atol=1e-4)
    adapters.merge(encoder.model)
    assert {name: weight.shape for name, weight in encoder.model.named_parameters()} == plain
    assert np.allclose(encoder.embed(TEXTS), tuned, atol=1e-5)
    encoder.model.save_pretrained(tmp_path)
    encoder.tokenizer.save_pretrained(tmp_path)
    again = load_encoder(tmp_path, "again", "abc", Device("cpu", False, ""), 16)
    assert np.allclose(again.embed(TEXTS), tuned, atol=1e-5)
    assert not list(tmp_path.glob("adapter*"))


def test_frozen_layers_get_no_adapters(encoder):
    adapters.freeze(encoder.model, 1)
    adapters.add(encoder.model, 2, seed=0)
    first, second = adapters.layers_of(encoder.model)
    assert not any(weight.requires_grad for weight in first.parameters())
    assert any(weight.requires_grad for weight in second.parameters())


def test_rank_0_adds_none(encoder):
    before = learned(encoder)
    adapters.add(encoder.model, 0, seed=0)
    assert learned(encoder) == before
