"""What the product asks of an encoder, asked of a tiny one of each common family."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from core.domain import TrainingOptions
from core.models.classifier import Calibration, Classifier, Head
from core.models.device import Device
from core.models.encoder import load_encoder
from core.training import checkpoints
from core.training.loop import Rows
from core.training.trainer import fine_tune
from core.training.tuned import Tuned

MADE = runpy.run_path(str(Path(__file__).parent / "families.py"))
TEXT = "The app is SLOW, 速い é 👍 never login"
TEXTS = ["the app is slow", "love the price", TEXT, "login"]
CPU = Device("cpu", False, "test")


@pytest.fixture(scope="module", params=MADE["FAMILIES"])
def folder(request, tmp_path_factory):
    return MADE["make_folder"](request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def encoder(folder):
    torch.set_num_threads(1)
    return load_encoder(folder, folder.name, "abc", CPU, 128)


def test_the_limit_is_what_the_model_can_place_and_the_longest_text_can_be_read(encoder):
    assert encoder.max_tokens == MADE["PLACES"]
    vector = encoder.embed(["slow login " * 100])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_text_has_one_vector_whatever_stands_beside_it(encoder):
    together = encoder.embed(TEXTS, budget=10_000)
    assert together.shape == (4, 32)
    alone = np.vstack([encoder.embed([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)


def test_gradients_reach_every_weight_that_a_vector_depends_on(encoder):
    """Also through the packed path: as they do through the model's own forward."""
    rows, aim = encoder.token_ids(TEXTS), torch.linspace(-1, 1, 32)
    found = []
    for pooled in (encoder.pooled_rows, lambda rows: encoder.pooled(*encoder.batch(rows))):
        encoder.model.zero_grad(set_to_none=True)
        (pooled(rows) @ aim).square().sum().backward()
        named = encoder.model.named_parameters()
        found.append({name: weight.grad.clone() for name, weight in named if weight.grad is not None})
    assert found[0].keys() == found[1].keys() and len(found[0]) > 10
    assert all(torch.allclose(found[0][name], found[1][name], atol=1e-5) for name in found[0])


def test_tokens_lie_in_the_text_in_its_order(encoder):
    tokens = [token for token in encoder.tokens(TEXT) if not token.special]
    assert all(0 <= token.start <= token.end <= len(TEXT) for token in tokens)
    starts = [token.start for token in tokens]
    assert starts == sorted(starts)
    covered = {place for token in tokens for place in range(token.start, token.end)}
    read = [place for place in range(tokens[-1].end) if not TEXT[place].isspace()]
    assert covered >= set(read), "no character of what was read is lost"
    specials = [token for token in encoder.tokens(TEXT) if token.special]
    assert len(specials) == 2 and all(token.start == token.end for token in specials)


# Beside usual words: nothing, signs of several code units, words without end, signs that mean something.
HARD = [
    "",
    " ",
    "👍🏽 👨‍👩‍👧 🇩🇪",
    "速い" * 20,
    "login" * 2_000,
    "a" * 10_000,
    "e\u0301 \x00 \u200d \ufffd",
    "[CLS] [SEP] [MASK] <s> </s> <mask> <pad> [UNK]",
    " ".join(["slow", "👍"] * 100),
]


def of_tokenizer(encoder, texts):
    """The ids that transformers gives."""
    return encoder.tokenizer(texts, truncation=True, max_length=encoder.max_tokens)["input_ids"]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("limit", [1, 2, 3, 128])
def test_ids_are_those_of_the_tokenizer(encoder, limit, side):
    encoder.max_tokens, encoder.tokenizer.truncation_side = limit, side
    assert encoder.token_ids([*TEXTS, *HARD]) == of_tokenizer(encoder, [*TEXTS, *HARD])


def test_ids_do_not_depend_on_what_the_tokenizer_did_before(encoder):
    expected = encoder.token_ids(TEXTS)
    encoder.tokenizer(TEXTS, padding="max_length", truncation=True, max_length=5)
    encoder.tokenizer(TEXTS, split_special_tokens=True)
    assert encoder.token_ids(TEXTS) == expected
    assert encoder.reading_without(["slow"]).token_ids(["login"]) == encoder.token_ids(["login"])


def test_what_the_tokenizer_refuses_is_refused_in_its_words(encoder):
    texts = ["slow", "\ud800"]
    with pytest.raises((TypeError, ValueError)) as expected:
        of_tokenizer(encoder, texts)
    with pytest.raises(expected.type) as found:
        encoder.token_ids(texts)
    assert str(found.value) == str(expected.value)


def test_attention_has_a_row_for_each_token(encoder):
    tokens, weights = encoder.attention(TEXT)
    assert weights.shape == (2, 4, len(tokens), len(tokens))
    assert np.allclose(weights.sum(-1), 1, atol=1e-5)


def test_a_training_leaves_nothing_to_chance(folder, tmp_path):
    """Neither dropout nor another order of the rows: a killed training must go on to the same weights."""
    losses = []
    for number in (1, 2):
        torch.manual_seed(number)
        encoder = load_encoder(folder, folder.name, "abc", CPU, 128)
        rows = Rows(TEXTS, np.array([0, 1, 0, 1]))
        head = Head(np.eye(2, 32, dtype=np.float32), np.zeros(2, np.float32))
        tuned = fine_tune(encoder, head, rows, rows, TrainingOptions(epochs=10), tmp_path / str(number))
        losses.append([point.loss for point in tuned.curve if point.loss is not None])
    assert losses[0] == losses[1]
    assert len(losses[0]) == 1


@pytest.mark.parametrize("bf16", [False, True])
def test_fine_tuning_changes_the_weights_and_a_checkpoint_brings_them_back(folder, tmp_path, bf16):
    encoder = load_encoder(folder, folder.name, "abc", Device("cpu", bf16, "test"), 128)
    before = encoder.embed(TEXTS)
    rng = np.random.default_rng(0)
    head = Head(rng.normal(size=(2, 32)).astype(np.float32), np.zeros(2, np.float32))
    rows = Rows(TEXTS * 4, np.array([0, 1, 0, 1] * 4))
    options = TrainingOptions(mode="better", epochs=4, body_rate=3e-3, batch_tokens=64)
    tuned = fine_tune(encoder, head, rows, rows, options, tmp_path / "training")
    assert tuned.best_epoch > 0
    losses = [point.loss for point in tuned.curve if point.loss is not None]
    assert np.isfinite(losses).all()
    after = encoder.embed(TEXTS)
    assert not np.allclose(after, before, atol=1e-3)

    model = Classifier(encoder, tuned.head, ("a", "b"), Calibration(1.0, (0.0, 0.0)))
    saved = checkpoints.save(tmp_path / "checkpoint", model, {}, True)
    again = checkpoints.load(saved.folder, CPU, None, saved.manifest_sha256)
    assert np.allclose(again.encoder.embed(TEXTS), after, atol=1e-5)
    assert again.max_tokens == encoder.max_tokens
    assert [token.start for token in again.tokens(TEXT)] == [token.start for token in encoder.tokens(TEXT)]


def test_epochs_are_judged_on_words_that_no_training_row_has(encoder, tmp_path):
    judged, embed = [], encoder.embed
    fresh = embed(["never price"])
    encoder.embed = lambda texts, **how: judged.append(embed(texts, **how)) or judged[-1]
    train, validation = Rows(["the app", "is slow"], np.array([0, 1])), Rows(["never price"], np.array([0]))
    head = Head(np.eye(2, 32, dtype=np.float32), np.zeros(2, np.float32))
    fine_tune(encoder, head, train, validation, TrainingOptions(epochs=1), tmp_path)
    assert np.allclose(judged[0], fresh, atol=1e-6)


def test_the_head_is_computed_in_full_precision_under_bf16(encoder):
    head = Head(np.full((2, 32), 0.3, np.float32), np.array([0.001, 0.0], np.float32))
    model = Tuned(encoder, head)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(encoder.token_ids(TEXTS))
    assert logits.dtype == torch.float32
    assert torch.allclose(logits[:, 0] - logits[:, 1], torch.full((4,), 0.001), atol=1e-5)
