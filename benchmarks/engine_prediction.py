"""Prediction beside its peers: `python benchmarks/engine_prediction.py [--rows 1000] [--rounds 3]`.

The same encoder and head answer the same Banking77 comments through transformers' pipeline (one at a time and
in batches of 32), sentence-transformers and ours; they take turns, one thread a process. Prints processor
milliseconds a row, how many times faster than the pipeline in batches, agreement of the likeliest label with
that of float32 (ours: on the whole test file), and what a busy neighbour on the other core costs us.
`--growth 10000 100000 1000000` prints what a row costs among so many, all different, instead.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import torch
from engine_common import MAX_TOKENS, banking, interleaved, make_peer, middle, some, verdict

from core.domain import BUNDLED_ENCODER
from core.models.bundled import bundled_path
from core.models.catalog import open_encoder
from core.models.classifier import Calibration, Classifier
from core.models.device import Device, choose_device
from core.training.quick import fit_head

ONE, PIPELINE, SENTENCES, OURS = (
    "pipeline, one at a time",
    "pipeline, batches of 32",
    "sentence-transformers, batches of 32",
    "ours",
)
NEIGHBOUR = """
import torch
torch.set_num_threads(1)
left = torch.ones(512, 512)
print("busy", flush=True)
while True:
    left @ left
"""


def model(rows: int = 1500) -> tuple[Classifier, list[str]]:
    """Quick's head on `rows` comments, and the test file's comments."""
    texts, labels, names = banking("train")
    test, _, _ = banking("test")
    chosen = some(labels, rows, 0)
    encoder = open_encoder(BUNDLED_ENCODER, choose_device("cpu"), MAX_TOKENS)
    head = fit_head(encoder.embed([texts[row] for row in chosen]), labels[chosen], len(names), 10.0)
    return Classifier(encoder, head, tuple(names), Calibration(1.0, (0.0,) * len(names))), test


def by_pipeline(classifier: Classifier, batch: int):
    from transformers import pipeline
    from transformers.utils import logging

    logging.set_verbosity(logging.CRITICAL)  # it says at length that it does not know the class
    peer = make_peer(classifier.head).eval()
    peer.config.id2label = dict(enumerate(classifier.labels))
    ask = pipeline("text-classification", model=peer, tokenizer=classifier.encoder.tokenizer, device="cpu")

    def said(texts: list[str]) -> np.ndarray:
        answers = ask(texts, batch_size=batch, truncation=True, max_length=MAX_TOKENS)
        return np.array([classifier.labels.index(one["label"]) for one in answers])

    return said


def by_sentences(classifier: Classifier):
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(bundled_path()), device="cpu")
    encoder.max_seq_length = MAX_TOKENS

    def said(texts: list[str]) -> np.ndarray:
        vectors = encoder.encode(texts, batch_size=32, show_progress_bar=False)
        return classifier.head.logits(vectors).argmax(axis=1)

    return said


def compare(rows: int, rounds: int) -> None:
    classifier, every = model()
    texts = every[:rows]
    few = texts[: max(1, rows // 5)]
    one, batches, sentences = (
        by_pipeline(classifier, 1),
        by_pipeline(classifier, 32),
        by_sentences(classifier),
    )

    def own() -> np.ndarray:
        return classifier.probabilities(texts).argmax(axis=1)

    asked = {
        ONE: lambda: one(few),
        PIPELINE: lambda: batches(texts),
        SENTENCES: lambda: sentences(texts),
        OURS: own,
    }
    own()  # the first batch pays for the kernels
    with torch.inference_mode():
        found = interleaved({name: lambda _, work=work: work for name, work in asked.items()}, rounds)
    plain = Classifier(
        open_encoder(BUNDLED_ENCODER, Device("cpu", False, "float32"), MAX_TOKENS),
        classifier.head,
        classifier.labels,
        classifier.calibration,
    )
    truth = plain.logits(every).argmax(axis=1)
    cost = {name: 1000 * middle(taken) / len(taken[0][2]) for name, taken in found.items()}
    agreement = {
        name: float(np.mean(taken[0][2] == truth[: len(taken[0][2])])) for name, taken in found.items()
    }
    agreement[OURS] = float(np.mean(classifier.logits(every).argmax(axis=1) == truth))
    print(f"\n{len(texts):,} comments; {classifier.encoder.device.description}, one thread")
    print(f"{'variant':38} {'CPU ms':>7} {'x pipeline':>10} {'agreement':>10}")
    for name in found:
        print(f"{name:38} {cost[name]:7.2f} {cost[PIPELINE] / cost[name]:10.2f} {agreement[name]:10.4f}")
    judge(cost, agreement[OURS])
    neighbour(own, len(texts), rounds)


def judge(cost: dict[str, float], agreement: float) -> None:
    pipeline, sentences = cost[PIPELINE] / cost[OURS], cost[SENTENCES] / cost[OURS]
    print(f"\n{pipeline:.2f} x the pipeline in batches; wanted 4.0: {verdict(pipeline >= 4.0)}")
    print(f"{sentences:.2f} x sentence-transformers; wanted 2.2: {verdict(sentences >= 2.2)}")
    print(f"agreement {agreement:.4f}; wanted 0.999: {verdict(agreement >= 0.999)}")


def neighbour(own, rows: int, rounds: int) -> None:
    """Our processor seconds alone and beside a process that multiplies without end, by turns."""
    busy = []

    def start():
        process = subprocess.Popen([sys.executable, "-c", NEIGHBOUR], stdout=subprocess.PIPE)
        process.stdout.readline()
        busy.append(process)
        return own

    def stop():
        for process in busy:
            process.kill()
            process.wait()
        busy.clear()
        return own

    try:
        found = interleaved({"quiet": lambda _: stop(), "busy": lambda _: start()}, rounds)
    finally:
        stop()
    quiet, beside = (1000 * middle(found[name]) / rows for name in ("quiet", "busy"))
    print(
        f"beside a busy neighbour {beside:.2f} CPU ms against {quiet:.2f}: {beside / quiet:.2f} x; "
        f"allowed 1.2: {verdict(beside <= 1.2 * quiet)}"
    )


def growth(sizes: list[int]) -> None:
    """Processor milliseconds a row of so many different comments, and the memory beside the model."""
    classifier, texts = model()
    classifier.probabilities(texts)  # the first batch pays for the kernels
    print(f"\n{'comments':>10} {'CPU ms a row':>13} {'peak memory, MB more':>21}")
    before, costs = _peak(), []
    for size in sorted(sizes):
        rows = [f"{texts[number % len(texts)]} {number}" for number in range(size)]
        started = time.process_time()
        classifier.probabilities(rows)
        costs.append(1000 * (time.process_time() - started) / size)
        print(f"{size:10,} {costs[-1]:13.2f} {_peak() - before:21.0f}", flush=True)
    flat = max(costs) <= 1.2 * min(costs)
    print(f"dearest / cheapest {max(costs) / min(costs):.2f}; allowed 1.2: {verdict(flat)}")


def _peak() -> float:
    """Megabytes of this process at its highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--growth", type=int, nargs="+", metavar="ROWS", help="what a row costs among so many"
    )
    given = parser.parse_args()
    if given.growth:
        growth(given.growth)
    else:
        compare(given.rows, given.rounds)
