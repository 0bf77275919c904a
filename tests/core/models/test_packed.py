import numpy as np
import pytest
import torch
from torch.nn import functional

from core.models import packed
from core.models.device import Device
from core.models.encoder import load_encoder
from core.training import adapters
from core.training.vocabulary import CompactEmbedding

TEXTS = [
    "the app is slow",
    "love the price",
    "login",
    "my invoice was not cheap and the page is slow",
    "fix it now",
]


@pytest.fixture
def rows(tiny_encoder):
    found = tiny_encoder.token_ids(TEXTS)
    assert len({len(row) for row in found}) > 2, "rows of several lengths"
    return found


def both(encoder, rows):
    general = encoder.pooled(*encoder.batch(rows))
    return functional.normalize(packed.pooled(encoder.model, rows), dim=1), general


def test_vectors_equal_those_of_the_padded_path(tiny_encoder, rows):
    assert packed.can_pack(tiny_encoder.model)
    found, general = both(tiny_encoder, rows)
    assert torch.allclose(found, general, atol=1e-5)
    assert torch.equal(found, tiny_encoder.pooled_rows(rows)), "the path that is taken"


@pytest.mark.parametrize("rows", [[[1, 5, 2]] * 16, [[1, 5, 2], [1, 5, 6, 2]], [[1, 2]]], ids=len)
def test_layers_see_tokens_in_sixteens_and_rows_nothing_of_it(tiny_encoder, rows):
    seen = []
    hook = lambda module, given, found: seen.append(len(given[0]))  # noqa: E731
    layer = tiny_encoder.model.encoder.layer[0].intermediate
    watching = layer.register_forward_hook(hook)
    found, general = both(tiny_encoder, rows)
    watching.remove()
    tokens = sum(map(len, rows))
    assert seen[-1] == -(-tokens // 16) * 16
    assert torch.allclose(found, general, atol=1e-5)


def test_logits_of_the_bundled_encoder_equal_those_of_the_padded_path():
    from core.models.bundled import bundled_path

    encoder = load_encoder(bundled_path(), "bundled", "x", Device("cpu", False, ""), 128)
    with torch.no_grad():
        found, general = both(encoder, encoder.token_ids([*TEXTS, "slow " * 60]))
    head = torch.linspace(-1, 1, 384 * 3).view(384, 3)
    assert torch.allclose(found @ head, general @ head, atol=1e-5)


def test_replaced_frozen_and_adapted_modules_are_called(tiny_encoder, rows):
    model = tiny_encoder.model
    before = packed.pooled(model, rows)
    compact = CompactEmbedding(model.get_input_embeddings(), {number for row in rows for number in row})
    model.set_input_embeddings(compact)
    assert torch.allclose(packed.pooled(model, rows), before, atol=1e-6)
    adapters.freeze(model, 1)
    adapters.add(model, 2, 0)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, generator=torch.Generator().manual_seed(1))
    found, general = both(tiny_encoder, rows)
    assert torch.allclose(found, general, atol=1e-5)
    assert not torch.allclose(packed.pooled(model, rows), before, atol=1e-3), "the adapters were asked"
    found.sum().backward()
    learned = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert learned and all("lora_" in name for name in learned)


def test_dropout_is_that_of_the_modules(tiny_encoder, rows):
    tiny_encoder.model.train()
    first, second = (packed.pooled(tiny_encoder.model, rows) for _ in range(2))
    tiny_encoder.model.eval()
    assert not torch.allclose(first, second, atol=1e-4)


@pytest.mark.parametrize(
    ("bf16", "gradients", "long", "fused"),
    [
        (True, True, True, False),
        (True, False, False, False),
        (True, False, True, True),
        (False, True, False, True),
        (False, False, False, True),
    ],
)
def test_fused_attention_only_where_it_is_not_slow(
    tiny_encoder, rows, monkeypatch, bf16, gradients, long, fused
):
    called, usual = [], functional.scaled_dot_product_attention
    monkeypatch.setattr(
        functional,
        "scaled_dot_product_attention",
        lambda *given, **more: called.append(given[0].dtype) or usual(*given, **more),
    )
    monkeypatch.setattr(packed, "LONG", 2 if long else 256)
    with torch.set_grad_enabled(gradients), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        vectors = packed.pooled(tiny_encoder.model, rows)
    assert bool(called) == fused
    assert vectors.dtype == torch.float32


@pytest.mark.parametrize("length", [1, 2, 15, 31, 32, 33, 39, 40, 63, 64, 65, 100])
def test_softmax_is_that_of_torch_whatever_the_width(length):
    given = torch.Generator().manual_seed(length)
    plain = (3 * torch.randn(5, 2, length, length, generator=given)).bfloat16().requires_grad_()
    padded = plain.detach().clone().requires_grad_()
    weight = torch.randn(plain.shape, generator=given).bfloat16()
    expected, found = plain.softmax(-1), packed.softmax(padded)
    assert found.shape == expected.shape and torch.allclose(found.sum(-1).float(), torch.ones(1), atol=0.02)
    assert torch.allclose(found, expected, rtol=0.01)
    (expected * weight).sum().backward()
    (found * weight).sum().backward()
    assert (padded.grad - plain.grad).abs().max() <= 0.01 * plain.grad.abs().max()


def test_bfloat16_stays_near_full_precision(tiny_encoder, rows):
    whole, _ = both(tiny_encoder, rows)
    with torch.autocast("cpu", torch.bfloat16):
        rounded, _ = both(tiny_encoder, rows)
    assert (whole * rounded).sum(1).min() > 0.999


def gradient(encoder, rows, bf16):
    encoder.model.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        vectors = packed.pooled(encoder.model, rows)
    (vectors @ torch.linspace(-1, 1, vectors.shape[1])).sum().backward()
    return torch.cat(
        [weight.grad.flatten() for weight in encoder.model.parameters() if weight.grad is not None]
    )


def test_layers_pass_on_bfloat16_in_training_alone(tiny_encoder, rows):
    """The sums between products too; predictions keep theirs in full precision."""
    passed, layer = [], tiny_encoder.model.encoder.layer[-1]
    hook = layer.output.register_forward_hook(lambda module, given, out: passed.append(out.dtype))
    rounded, whole = gradient(tiny_encoder, rows, True), gradient(tiny_encoder, rows, False)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        packed.pooled(tiny_encoder.model, rows)
    hook.remove()
    assert passed == [torch.bfloat16, torch.float32, torch.float32]
    assert functional.cosine_similarity(rounded, whole, dim=0) > 0.99
    assert rounded.dtype == torch.float32


def test_other_models_are_not_packed(tiny_encoder):
    tiny_encoder.model.config.is_decoder = True
    try:
        assert not packed.can_pack(tiny_encoder.model)
    finally:
        tiny_encoder.model.config.is_decoder = False
    assert not packed.can_pack(torch.nn.ModuleDict())


def test_a_row_without_tokens_is_left_to_the_padded_path(tiny_encoder):
    vectors = tiny_encoder.pooled_rows([[5, 6], []])
    assert np.isfinite(vectors.detach().numpy()).all()
