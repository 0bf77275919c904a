"""Exported models beside the transformers pipeline: `python benchmarks/export_speed.py [--rounds 3]`.

Trains Quick on the training file of Banking77 of ../shared/data, writes every format and prints size, CPU
milliseconds a row, times faster than a transformers pipeline (batch 32, the same encoder), agreement with the
original and accuracy on the test file. Speed: medians of interleaved rounds on every fifth test row, one
thread; agreement and accuracy: all test rows.
"""

import argparse
import copy
import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".." / "shared" / "data"
sys.path.insert(0, str(ROOT))
from core.config import settle_libraries  # noqa: E402

settle_libraries()
os.environ.setdefault("OMP_NUM_THREADS", "1")
WANTED_RATIO, WANTED_AGREEMENT = 5.5, 0.99  # of int8
PIPELINE, ORIGINAL = "transformers pipeline, batch 32", "Roadlens"
Answer = Callable[[Sequence[str]], object]


def main(rounds: int) -> None:
    from core.export.formats import FORMATS, possible_formats
    from core.export.measure import model_mb
    from core.export.opened import open_exported
    from core.models.device import use_threads

    use_threads(1)
    model = quick_model(*rows_of("banking77_train.csv"))
    texts, names = rows_of("banking77_test.csv")
    with tempfile.TemporaryDirectory() as place:
        sizes: dict[str, float] = {ORIGINAL: model_mb(model)}
        made: dict[str, Path] = {}
        answers: dict[str, Answer] = {PIPELINE: pipeline(model), ORIGINAL: model.probabilities}
        for one in possible_formats(model.kind):
            begun = time.process_time()
            exported = FORMATS[one.key].write(model, Path(place) / one.key, made)
            print(f"{one.key} written in {time.process_time() - begun:.1f} CPU s", file=sys.stderr)
            made[one.key], sizes[one.key] = exported.folder, exported.size_mb
            answers[one.key] = open_exported(exported.folder, made_here=True).probabilities
        speeds = timed(answers, texts[::5], rounds)
        show(model, texts, names, answers, sizes, speeds)


def rows_of(name: str) -> tuple[list[str], list[str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def quick_model(texts: Sequence[str], names: Sequence[str]):
    """Quick, chosen and calibrated on every tenth row."""
    import numpy as np

    from core.domain import BUNDLED_ENCODER, TrainingOptions
    from core.models.catalog import open_encoder
    from core.models.classifier import Classifier
    from core.models.device import choose_device
    from core.training import quick
    from core.training.material import Material

    labels = tuple(sorted(set(names)))
    truth = np.eye(len(labels), dtype=bool)[[labels.index(name) for name in names]]
    encoder = open_encoder(BUNDLED_ENCODER, choose_device("cpu"), 128)
    material = Material(texts, truth, labels, False, TrainingOptions(), encoder.embed(texts))
    rows = np.arange(len(texts))
    found = quick.fit(material, rows[rows % 10 != 0], rows[rows % 10 == 0])
    return Classifier(encoder, found.final, labels, found.calibration)


def pipeline(model) -> Answer:
    """The peer: the same encoder as a sequence classifier. Its head is random, which costs the same."""
    from transformers import BertForSequenceClassification, TextClassificationPipeline

    config = copy.deepcopy(model.encoder.model.config)
    config.num_labels = len(model.labels)
    peer = BertForSequenceClassification(config).eval()
    peer.bert.load_state_dict(model.encoder.model.state_dict(), strict=False)
    asked = TextClassificationPipeline(model=peer, tokenizer=model.encoder.tokenizer, device=-1)
    return lambda texts: asked(list(texts), batch_size=32, truncation=True, max_length=model.max_tokens)


def timed(answers: Mapping[str, Answer], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """CPU milliseconds a row, medians of rounds A B C A B C."""
    found: dict[str, list[float]] = {name: [] for name in answers}
    for answer in answers.values():
        answer(texts[:64])
    for _ in range(rounds):
        for name, answer in answers.items():
            begun = time.process_time()
            answer(texts)
            found[name].append(1000 * (time.process_time() - begun) / len(texts))
    return {name: median(values) for name, values in found.items()}


def show(model, texts, names, answers, sizes: Mapping[str, float], speeds: Mapping[str, float]) -> None:
    import numpy as np

    from core.export.parity import agreed

    truth = np.array([model.labels.index(name) for name in names])
    # In batches of 250 rows the original answers in float32 on every processor.
    ours = np.concatenate([model.probabilities(texts[at : at + 250]) for at in range(0, len(texts), 250)])
    print(f"{'':34}{'MB':>8}{'CPU ms':>9}{'ratio':>8}{'agree':>9}{'accuracy':>10}")
    kept: dict[str, tuple[float, float]] = {}
    for name, answer in answers.items():
        line = f"{name:34}{sizes.get(name, sizes[ORIGINAL]):8.1f}{speeds[name]:9.2f}"
        ratio = speeds[PIPELINE] / speeds[name]
        if name == PIPELINE:
            print(f"{line}{ratio:8.2f}{'-':>9}{'-':>10}")
            continue
        theirs = ours if name == ORIGINAL else answer(texts)
        kept[name] = (ratio, agreed(ours, theirs, False))
        right = float((theirs.argmax(axis=1) == truth).mean())
        print(f"{line}{ratio:8.2f}{kept[name][1]:9.4f}{right:10.4f}")
    ratio, agreement = kept["onnx-int8"]
    print(f"int8: {ratio:.2f} x the pipeline, asked {WANTED_RATIO}: {reached(ratio, WANTED_RATIO)}")
    print(
        f"int8: agreement {agreement:.4f}, asked {WANTED_AGREEMENT}: {reached(agreement, WANTED_AGREEMENT)}"
    )


def reached(value: float, wanted: float) -> str:
    return "reached" if value >= wanted else "missed"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    main(parser.parse_args().rounds)
