import json
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import ModelError, UnsafeModel
from core.models import classifier as classifiers
from core.models import encoder as encoders
from core.models.classifier import Calibration, Classifier, Head
from core.models.device import Device
from core.models.encoder import load_encoder

CPU = Device("cpu", False, "")


def test_vectors_are_the_normalised_mean_of_the_last_hidden_states(tiny_encoder):
    text = "the app is slow"
    ids, mask = tiny_encoder.batch(tiny_encoder.token_ids([text]))
    with torch.no_grad():
        hidden = tiny_encoder.model(input_ids=ids, attention_mask=mask).last_hidden_state[0].numpy()
    mean = hidden.mean(axis=0)
    assert np.allclose(tiny_encoder.embed([text])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_padding_changes_nothing(tiny_encoder):
    texts = ["love it", "the app is slow and it crashes again and again"]
    together = tiny_encoder.embed(texts, budget=10_000)
    assert np.allclose(together, np.vstack([tiny_encoder.embed([text]) for text in texts]), atol=1e-5)


def test_no_text_gives_no_vectors(tiny_encoder):
    assert tiny_encoder.embed([]).shape == (0, 32)


def test_tokens_point_into_the_original_text(tiny_encoder):
    text = "The  APP is 你好 slow"
    tokens = [token for token in tiny_encoder.tokens(text) if not token.special]
    assert [text[token.start : token.end] for token in tokens] == ["The", "APP", "is", "你", "好", "slow"]
    assert tiny_encoder.unknown_tokens(text) == [(12, 13), (13, 14)]
    assert tiny_encoder.unknown_share([text]) == pytest.approx(2 / 6)


def test_long_texts_are_cut_at_the_limit(tiny_encoder):
    assert len(tiny_encoder.tokens("slow " * 100)) == tiny_encoder.max_tokens == 16


def test_attention_rows_sum_to_one_and_the_implementation_is_put_back(tiny_encoder):
    before = tiny_encoder.model.config._attn_implementation
    tokens, weights = tiny_encoder.attention("the app is slow")
    assert weights.shape == (2, 4, len(tokens), len(tokens))
    assert np.allclose(weights.sum(-1), 1, atol=1e-5)
    assert tiny_encoder.model.config._attn_implementation == before


def test_attention_and_vectors_from_many_threads_agree(tiny_encoder):
    expected, failures = tiny_encoder.embed(["the app is slow"]), []

    def ask():
        for _ in range(10):
            if tiny_encoder.attention("the app is slow")[1].shape[0] != 2:
                failures.append("attention")
            if not np.allclose(tiny_encoder.embed(["the app is slow"]), expected, atol=1e-5):
                failures.append("vector")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_folder_that_is_no_encoder_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UnsafeModel, match="plain encoder"):
        load_encoder(tmp_path, "odd/model", "x", Device("cpu", False, ""), 16)


def test_a_folder_without_all_weights_is_refused(encoder_folder, tmp_path):
    """transformers would fill in random ones without a word."""
    folder = shutil.copytree(encoder_folder, tmp_path / "copy")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(UnsafeModel, match="incomplete"):
        load_encoder(folder, "odd/model", "x", CPU, 16)


def test_a_folder_with_cut_weights_is_refused(encoder_folder, tmp_path):
    folder = shutil.copytree(encoder_folder, tmp_path / "copy")
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnsafeModel, match="plain encoder"):
        load_encoder(folder, "odd/model", "x", CPU, 16)


def test_a_model_that_needs_more_than_a_text_is_refused(encoder_folder, tmp_path):
    from transformers import T5Config, T5Model

    folder = shutil.copytree(encoder_folder, tmp_path / "copy")
    T5Model(T5Config(vocab_size=60, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2)).save_pretrained(
        folder
    )
    with pytest.raises(UnsafeModel, match="plain encoder"):
        load_encoder(folder, "odd/model", "x", CPU, 16)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: out of memory"),
        MemoryError(),
    ],
)
@pytest.mark.parametrize("place", [(torch.nn.Module, "to"), (encoders.Encoder, "pooled_rows")])
def test_an_encoder_that_the_memory_cannot_hold_is_not_called_unreadable(
    encoder_folder, monkeypatch, place, error
):
    _fails(monkeypatch, place, error)
    with pytest.raises(ModelError, match="memory of this device is too small") as found:
        load_encoder(encoder_folder, "tiny", "x", CPU, 16)
    assert not isinstance(found.value, UnsafeModel)


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device"),
        RuntimeError("HIP error: invalid device function"),
    ],
)
@pytest.mark.parametrize("place", [(torch.nn.Module, "to"), (encoders.Encoder, "pooled_rows")])
def test_a_device_that_does_not_work_is_not_the_fault_of_the_encoder(
    encoder_folder, monkeypatch, place, error
):
    _fails(monkeypatch, place, error)
    with pytest.raises(type(error)) as found:
        load_encoder(encoder_folder, "tiny", "x", CPU, 16)
    assert found.value is error


def _fails(monkeypatch, place, error):
    def fail(*given, **named):
        raise error

    monkeypatch.setattr(*place, fail)


def test_pickled_weights_are_not_read(encoder_folder, tmp_path):
    folder = shutil.copytree(encoder_folder, tmp_path / "copy")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(UnsafeModel, match="no safetensors weights"):
        load_encoder(folder, "odd/model", "x", CPU, 16)


@pytest.mark.parametrize("key", ["auto_map", "_attn_implementation_internal"])
def test_a_folder_that_names_code_of_its_own_is_refused_before_it_is_read(encoder_folder, tmp_path, key):
    folder = shutil.copytree(encoder_folder, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, key: "owner/name"}))
    with pytest.raises(UnsafeModel, match="code of its own"):
        load_encoder(folder, "odd/model", "x", CPU, 16)


def test_a_tokenizer_without_a_padding_token_will_do(encoder_folder, tmp_path, tiny_encoder):
    folder = shutil.copytree(encoder_folder, tmp_path / "copy")
    about = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(about | {"pad_token": None}))
    encoder = load_encoder(folder, "tiny", "x", CPU, 16)
    assert encoder.tokenizer.pad_token_id is None
    texts = ["love it", "the app is slow and it crashes again"]
    assert np.allclose(encoder.embed(texts), tiny_encoder.embed(texts), atol=1e-6)


def test_the_classifier_reads_each_distinct_text_once_and_sums_to_one(tiny_encoder):
    head = Head(np.ones((2, 32), np.float32) * [[1.0], [-1.0]], np.zeros(2, np.float32))
    classifier = Classifier(tiny_encoder, head, ("a", "b"), Calibration(2.0, (0.5, 0.0)))
    seen = []
    found = classifier.probabilities(["love it"] * 5 + ["bad app"], lambda done, total: seen.append(total))
    assert found.shape == (6, 2) and np.allclose(found.sum(axis=1), 1)
    assert seen[-1] == 2
    logits = head.logits(tiny_encoder.embed(["love it"]))
    logs = logits - np.log(np.exp(logits).sum())
    scaled = np.exp(logs / 2.0 + [0.5, 0.0])
    assert np.allclose(found[0], scaled / scaled.sum())


def test_texts_are_taken_in_parts_so_that_memory_is_not_that_of_all(tiny_encoder, monkeypatch):
    texts = [f"the app is slow {'again ' * number}" for number in range(11)]
    head = Head(np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 32), np.zeros(2, np.float32))
    model = Classifier(tiny_encoder, head, ("a", "b"), Calibration(2.0, (0.5, 0.0)))
    whole, ids = model.probabilities(texts), tiny_encoder.token_ids(texts)
    asked, read = [], tiny_encoder.tokenizer.backend_tokenizer.encode_batch_fast
    backend = SimpleNamespace(encode_batch_fast=lambda part: asked.append(len(part)) or read(part))
    tokenizer = type(tiny_encoder.tokenizer)
    monkeypatch.setattr(tokenizer, "backend_tokenizer", backend)
    monkeypatch.setattr(encoders, "AT_ONCE", 4)
    monkeypatch.setattr(classifiers, "AT_ONCE", 4)
    assert tiny_encoder.token_ids(texts) == ids
    assert asked == [4, 4, 3]
    monkeypatch.undo()
    monkeypatch.setattr(classifiers, "AT_ONCE", 4)
    assert np.allclose(model.probabilities(texts), whole, atol=1e-12)


def test_the_packaged_padding_and_limit_of_the_bundled_tokenizer_do_not_count():
    from tokenizers import Tokenizer

    from core.models.bundled import bundled_path
    from core.models.coverage import unknown_share

    raw = Tokenizer.from_file(str(bundled_path() / "tokenizer.json"))
    assert len(raw.encode("slow")) == 128, "the file pads and cuts to 128"
    encoder = load_encoder(bundled_path(), "bundled", "x", CPU, 200)
    assert [len(row) for row in encoder.token_ids(["slow", "slow " * 300])] == [3, 200]
    assert unknown_share(["slow " * 150 + "☃ " * 50]) == pytest.approx(0.25), "all 200 tokens were counted"


def test_ids_of_the_bundled_tokenizer_are_those_that_transformers_gives():
    from core.models.bundled import bundled_path

    encoder = load_encoder(bundled_path(), "bundled", "x", CPU, 40)
    texts = ["", "It's SLOW!!", "Überraschung 速い 👍🏽", "a" * 10_000, "slow " * 300, "[CLS] [MASK] \x00"]
    usual = encoder.tokenizer(texts, truncation=True, max_length=40, padding=False)["input_ids"]
    assert encoder.token_ids(texts) == usual


def test_few_texts_are_read_in_full_precision_and_many_in_the_faster_one(encoder_folder, monkeypatch):
    encoder = load_encoder(encoder_folder, "tiny", "x", Device("cpu", True, ""), 16)
    usual, seen = encoder.pooled_rows, set()

    def noting(rows):
        seen.add(torch.is_autocast_enabled("cpu"))
        return usual(rows)

    monkeypatch.setattr(encoder, "pooled_rows", noting)
    encoder.embed(["slow"] * 256)
    assert seen == {False}
    encoder.embed(["slow"] * 257)
    assert seen == {False, True}


def test_batches_go_to_a_gpu_from_pinned_memory_without_waiting(tiny_encoder, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: asked.append("pinned") or self)
    monkeypatch.setattr(torch.Tensor, "to", lambda self, name, **more: asked.append((name, more)) or self)
    tiny_encoder.device = Device("cuda:1", True, "")
    ids, mask = tiny_encoder.batch([[5, 6], [7]])
    assert asked == ["pinned", ("cuda:1", {"non_blocking": True})] * 2
    assert ids.tolist() == [[5, 6], [7, 0]] and mask.tolist() == [[1, 1], [1, 0]]


def test_on_a_gpu_the_free_memory_chooses_the_batch(tiny_encoder, monkeypatch):
    assert tiny_encoder.tokens_at_once(16) == 4096
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda name: (2**22, 2**30))
    tiny_encoder.device = Device("cuda", True, "")
    few = tiny_encoder.tokens_at_once(16)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda name: (2**23, 2**30))
    assert tiny_encoder.tokens_at_once(16) == pytest.approx(2 * few, abs=1)
    assert tiny_encoder.tokens_at_once(16, training=True) < 2 * few


def test_on_a_gpu_long_rows_cost_the_more_where_attention_is_eager(tiny_encoder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda name: (2**22, 2**30))
    tiny_encoder.device = Device("cuda", True, "")
    assert tiny_encoder.model.config._attn_implementation != "eager"
    fused = tiny_encoder.tokens_at_once(16, training=True)
    tiny_encoder.model.set_attn_implementation("eager")
    assert tiny_encoder.tokens_at_once(16, training=True) < fused


def test_on_a_gpu_what_torch_holds_without_use_counts_as_free(tiny_encoder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda name: (2**21, 2**30))
    tiny_encoder.device = Device("cuda", True, "")
    few = tiny_encoder.tokens_at_once(16)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda name: 2**22)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda name: 2**21)
    assert tiny_encoder.tokens_at_once(16) == pytest.approx(2 * few, abs=1)


def test_attention_in_half_precision_is_the_same_but_for_rounding(tiny_encoder):
    whole, half = (tiny_encoder.attention("the app is slow", half)[1] for half in (False, True))
    assert (whole.dtype, half.dtype) == (np.float32, np.float16)
    assert half == pytest.approx(whole, abs=1e-3)


def test_an_encoder_without_attention_says_so(tiny_encoder, monkeypatch):
    monkeypatch.setattr(tiny_encoder.model, "forward", lambda **_: SimpleNamespace(attentions=()))
    with pytest.raises(ModelError, match="keeps its attention to itself"):
        tiny_encoder.attention("slow")
