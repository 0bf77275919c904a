import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.domain import BETTER, QUICK, TrainingOptions
from core.errors import ModelError
from core.models import memory

ROOT = Path(__file__).resolve().parents[3]
SMALL = memory.Shape(size=2, layers=3, heads=1, inner=4, words=10)

MEASURED = """
from pathlib import Path
import numpy as np, torch
import torch._dynamo  # the optimiser would load it: a library, not our memory
from core.domain import BUNDLED_ENCODER, TrainingOptions
from core.models import memory
from core.models.catalog import open_encoder
from core.models.classifier import Head
from core.models.device import Device
from core.training import batches
from core.training.loop import Loop, Rows

def peak():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])

torch.set_num_threads(1)
batches.FEWEST_STEPS = 1  # one batch, as large as the options allow
before = peak()
encoder = open_encoder(BUNDLED_ENCODER, Device("cpu", False, ""), 64)
shape = memory.shape_of(encoder.model.config.to_dict())
texts = ["slow login page " * 20 + str(number) for number in range(70)]
encoder.embed(texts)
print(memory.prediction_bytes(shape, 4096, 64), peak() - before)
options = TrainingOptions(mode="better", epochs=1, batch_tokens=4096, max_tokens=64)
rows = Rows(texts, np.arange(len(texts)) % 2)
head = Head(np.zeros((2, 384), np.float32), np.zeros(2, np.float32))
loop = Loop(encoder, head, rows, rows, options, None)
for step in (1, 2):
    loop.train(max(loop.epochs[0], key=len), step)
print(memory.training_bytes(shape, options, 64), peak() - before)
"""


def test_the_shape_is_read_in_the_words_of_each_family():
    bert = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    distil = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    expected = memory.Shape(32, 2, 4, 64, 100)
    assert memory.shape_of(bert | {"vocab_size": 100}) == expected
    assert memory.shape_of(distil | {"vocab_size": 100}) == expected


def test_the_weights_of_the_bundled_encoder_are_counted():
    assert memory.shape_of({}).weights == pytest.approx(22.7e6, rel=0.02)


def test_bytes_worked_out_by_hand():
    assert SMALL.layer_weights == 2 * (8 + 8 + 9) + 4 == 54
    assert SMALL.weights == 3 * 54 + 522 * 2 == 1206
    assert SMALL.numbers(5) == 18 + 8 + 10 == 36
    assert SMALL.numbers(5, eager=False) == 18 + 8 + 5
    assert memory.prediction_bytes(SMALL, 100, 5) == 4 * 1206 + 100 * 4 * 36
    options = TrainingOptions(mode=BETTER, batch_tokens=100, frozen_layers=2)
    assert memory.training_bytes(SMALL, options, 5) == 4 * 1206 + 20 * 54 + 100 * 36 * 4
    last = replace(options, averaging=0.0)
    assert memory.training_bytes(SMALL, last, 5) == 4 * 1206 + 16 * 54 + 100 * 36 * 4


def test_fewer_weights_longer_texts_and_the_mode_count():
    shape = memory.shape_of({})
    full = memory.memory_estimate(shape, TrainingOptions(mode=BETTER), 64)
    assert memory.memory_estimate(shape, TrainingOptions(mode=BETTER, adapter_rank=8), 64) < full
    assert memory.memory_estimate(shape, TrainingOptions(mode=BETTER, frozen_layers=4), 64) < full
    assert memory.memory_estimate(shape, TrainingOptions(mode=BETTER), 512) > full
    assert memory.memory_estimate(shape, TrainingOptions(mode=QUICK), 64) < full


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_the_estimates_are_within_twice_the_growth_of_a_process():
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for line, work in zip(done.stdout.splitlines(), ("prediction", "training"), strict=True):
        said, grown = (int(number) / 1e6 for number in line.split())
        assert 0.5 < said / grown < 2, f"{work}: said {said:.0f} MB, measured {grown:.0f} MB"


def test_tokens_that_fit_grow_with_the_memory_between_the_longest_row_and_the_most():
    shape = memory.shape_of({})
    fitting = [memory.tokens_that_fit(free, shape, 128, True, True) for free in (0, 2**30, 2**31, 2**40)]
    assert fitting[0] == 128 and fitting[-1] == memory.MOST_TOKENS
    assert fitting[1] * 2 == pytest.approx(fitting[2], abs=1)
    assert memory.tokens_that_fit(2**28, shape, 128, False, True) > memory.tokens_that_fit(
        2**28, shape, 128, True, True
    )


def test_long_rows_of_fused_attention_fill_the_memory_with_tokens_not_with_their_products():
    """ModernBERT at 2,048 tokens on 139 GB: 22,000 tokens if each pair of them were kept."""
    shape = memory.Shape(size=768, layers=22, heads=12, inner=1152, words=50_368)
    eager, fused = (
        memory.tokens_that_fit(139 * 10**9, shape, 2048, True, True, eager) for eager in (True, False)
    )
    assert eager == pytest.approx(21_800, abs=100)
    assert fused == memory.MOST_TOKENS
    one = 22 * (9 * 768 + 2 * 1152 + 2048) * memory.KEPT_MIXED + 4 * (9 * 768 + 2 * 1152 + 2048)
    few = memory.tokens_that_fit(10**10, shape, 2048, True, True, eager=False)
    assert few == pytest.approx(memory.USABLE * 10**10 / one, abs=1)


def test_the_forecast_counts_the_products_which_bfloat16_on_the_cpu_keeps():
    for mode, layers, tokens in ((BETTER, 3, 10_000), (QUICK, 1, memory.PREDICT_TOKENS)):
        options = TrainingOptions(mode=mode, batch_tokens=10_000)
        said = [memory.memory_estimate(SMALL, options, longest) for longest in (5, 15)]
        assert said[1] - said[0] == tokens * layers * 4 * 2 * SMALL.heads * 10


def fails_above(limit, tried, error=torch.OutOfMemoryError):
    def step(budget):
        tried.append(budget)
        if budget > limit:
            raise error("DefaultCPUAllocator: can't allocate memory")
        return f"did {budget}"

    return step


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_the_budget_is_halved_once_an_error_and_the_step_asked_again(error):
    tried = []
    assert memory.halving(fails_above(30, tried, error), 100) == ("did 25", 25)
    assert tried == [100, 50, 25]


def test_halving_gives_up_at_the_smallest_budget():
    tried = []
    with pytest.raises(torch.OutOfMemoryError):
        memory.halving(fails_above(10, tried), 100, smallest=40)
    assert tried == [100, 50, 40]


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="shapes"):
        memory.halving(lambda budget: (_ for _ in ()).throw(RuntimeError("shapes differ")), 100)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("HIP error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB)"),
        MemoryError(),
    ],
)
def test_libraries_say_in_words_of_their_own_that_the_memory_is_full(error):
    assert memory.ran_out(error)
    assert not memory.ran_out(RuntimeError("CUDA error: invalid argument"))


def test_embedding_goes_on_with_smaller_batches_when_memory_runs_out(tiny_encoder, monkeypatch):
    texts = [f"the app is slow {word}" for word in ("fix", "page", "team", "bill", "price")]
    expected, usual, sizes = tiny_encoder.embed(texts), tiny_encoder.pooled_rows, []

    def small(rows):
        sizes.append(len(rows))
        if len(rows) > 2:
            raise torch.OutOfMemoryError("full")
        return usual(rows)

    monkeypatch.setattr(tiny_encoder, "pooled_rows", small)
    seen = []
    found = tiny_encoder.embed(texts, lambda done, total: seen.append((done, total)), budget=40)
    assert np.allclose(found, expected, atol=1e-6)
    assert sizes == [5, 2, 2, 1] and seen == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_a_single_text_that_does_not_fit_is_said_in_words(tiny_encoder, monkeypatch, error):
    def full(rows):
        raise error("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(tiny_encoder, "pooled_rows", full)
    with pytest.raises(ModelError, match="smaller encoder"):
        tiny_encoder.embed(["the app is slow"])
