"""Training and prediction on a GPU: `python benchmarks/engine_gpu.py [--rows 8000] [--rounds 2]`.

The same encoder, head, rows, loss, learning rates and epochs by Hugging Face Trainer (bfloat16, batch 32,
padded to the longest of a batch) and by ours, which also judges each epoch and saves its state; they take
turns. Then labels and probabilities for short comments, all different. Prints examples a second, the share
of the rate of large products that the GPU itself reaches here (model FLOP utilisation), peak memory and
accuracy. One GPU, the first. `--device cpu --rows 300 --predict 2000` tries the script where there is none.
"""

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")  # Trainer would spread over all; read when torch starts

import numpy as np
import torch
from engine_common import LAYER_WEIGHTS, MAX_TOKENS, banking, make_peer, verdict
from engine_training import Work, accuracy_of, ours, prepared, trainer

from core.domain import BUNDLED_ENCODER
from core.models.catalog import open_encoder
from core.models.classifier import Calibration, Classifier
from core.models.device import Device, choose_device

TRAINER, OURS = "Trainer, bfloat16, batch 32", "ours, judging and saving"
WARM_ROWS = 320  # of a training that is not timed: it loads the kernels
LARGE = 8192  # rows and columns of the products that tell what the GPU can do


@dataclass(frozen=True)
class Taken:
    seconds: float  # wall, until the device is done
    accuracy: float
    memory_mb: float  # of the device at its highest; 0 on a processor


def by_trainer(work: Work, seed: int) -> Callable:
    return trainer(work, seed, bf16=work.bf16, per_device_train_batch_size=32)


VARIANTS = {TRAINER: by_trainer, OURS: ours}


def measured(work: Work, name: str, seed: int) -> Taken:
    gc.collect()  # Trainer leaves circles behind that keep its model on the device
    run = VARIANTS[name](work, seed)
    on_gpu = work.device != "cpu"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    started = finished(on_gpu)
    result = run()
    seconds = finished(on_gpu) - started
    memory = torch.cuda.max_memory_allocated() / 1e6 if on_gpu else 0.0
    return Taken(seconds, accuracy_of(result), memory)


def finished(on_gpu: bool) -> float:
    """The time at which nothing is under way any more."""
    if on_gpu:
        torch.cuda.synchronize()
    return time.perf_counter()


def large_product_rate(device: Device, size: int) -> float:
    """FLOP a second of large products, the best of 5 goes."""
    dtype = torch.bfloat16 if device.bf16 else torch.float32
    left, right = (torch.randn(size, size, device=device.name).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(5):
        started = finished(device.on_gpu)
        for _ in range(5):
            left @ right
        seconds.append((finished(device.on_gpu) - started) / 5)
    return 2 * size**3 / min(seconds)


def training(on: str, rows: int, validation: int, epochs: int, rounds: int) -> None:
    device = choose_device(on)
    few = prepared(min(rows, WARM_ROWS), 77, 1, on)
    for name in VARIANTS:
        measured(few, name, 0)
    work = prepared(rows, validation, epochs, on)
    found: dict[str, list[Taken]] = {name: [] for name in VARIANTS}
    for number in range(rounds):
        for name, taken in found.items():
            taken.append(measured(work, name, number))
            print(f"  round {number + 1}, {name}: {taken[-1].seconds:.1f} s", file=sys.stderr, flush=True)
    examples, tokens = rows * epochs, float(np.mean([len(row) for row in work.ids]))
    rate = large_product_rate(device, LARGE if device.on_gpu else LARGE // 16)
    print(f"\n{rows:,} comments of {tokens:.1f} tokens, {epochs} epochs; {device.description}")
    print(f"large products: {rate / 1e12:,.1f} TFLOP a second")
    print(f"{'variant':30} {'seconds':>8} {'examples/s':>11} {'of the rate':>12} {'MB':>7} {'accuracy':>9}")
    for name, taken in found.items():
        seconds = median(one.seconds for one in taken)
        share = 6 * LAYER_WEIGHTS * tokens * examples / seconds / rate
        memory, accuracy = max(one.memory_mb for one in taken), np.mean([one.accuracy for one in taken])
        pace = f"{seconds:8.1f} {examples / seconds:11,.0f} {share:12.1%}"
        print(f"{name:30} {pace} {memory:7,.0f} {accuracy:9.4f}")
    theirs, own = (median(one.seconds for one in found[name]) for name in (TRAINER, OURS))
    print(f"\n{theirs / own:.2f} x Trainer; wanted 2.0: {verdict(theirs / own >= 2.0)}")
    behind = 100 * float(
        np.mean([one.accuracy for one in found[TRAINER]]) - np.mean([one.accuracy for one in found[OURS]])
    )
    print(f"{behind:+.2f} points behind Trainer; allowed 0.5: {verdict(behind <= 0.5)}")


def prediction(on: str, count: int, rounds: int) -> None:
    device = choose_device(on)
    work = prepared(1500, 77, 1, on)
    _, _, names = banking("train")
    test, _, _ = banking("test")
    short = [f"{test[number % len(test)]} {number}" for number in range(count)]
    encoder = open_encoder(BUNDLED_ENCODER, device, MAX_TOKENS)
    own = Classifier(encoder, work.head, tuple(names), Calibration(1.0, (0.0,) * len(names)))
    own.probabilities(short[: min(count, 5000)])  # the first batches pay for the kernels
    if device.on_gpu:
        torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(rounds):
        started = finished(device.on_gpu)
        own.probabilities(short)
        seconds.append(finished(device.on_gpu) - started)
    plain = make_peer(work.head).eval()  # transformers' own model, float32, on the processor
    theirs = answers_of(plain, own, test)
    agreement = float(np.mean(own.logits(test).argmax(axis=1) == theirs))
    speed = count / median(seconds)
    memory = torch.cuda.max_memory_allocated() / 1e6 if device.on_gpu else 0.0
    print(f"\n{count:,} different short comments: {speed:,.0f} a second, {memory:,.0f} MB at most")
    print(f"wanted 20,000 a second: {verdict(speed >= 20_000)}")
    print(f"agreement with float32 {agreement:.4f}; wanted 0.999: {verdict(agreement >= 0.999)}")


@torch.inference_mode()
def answers_of(peer, own: Classifier, texts: list[str]) -> np.ndarray:
    """(texts,) label numbers."""
    found = []
    for first in range(0, len(texts), 32):
        batch = own.encoder.tokenizer(
            texts[first : first + 32],
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        found.append(peer(**batch).logits.argmax(dim=1).numpy())
    return np.concatenate(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--validation", type=int, default=770)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--predict", type=int, default=200_000, metavar="ROWS")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch sees no GPU here. `--device cpu --rows 300 --predict 2000` tries the script without.")
    training(given.device, given.rows, given.validation, given.epochs, given.rounds)
    prediction(given.device, given.predict, given.rounds)
