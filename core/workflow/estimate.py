"""How long a training will take and what memory it needs, before it starts and without loading a model."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from core.config import Settings
from core.domain import (
    BETTER,
    BILSTM,
    BUNDLED_ENCODER,
    QUICK,
    TFIDF,
    Dataset,
    LabelSet,
    TrainingOptions,
    TrainingRun,
)
from core.models.memory import Shape, memory_estimate, shape_of
from core.store.store import Store

# Seconds of one CPU core for a token of the bundled encoder, measured by benchmarks/engine_training.py and
# engine_prediction.py; other encoders cost as much more as they have weights in their layers.
READ_S, LEARN_S = 0.00016, 0.0006
WITHOUT_BF16 = 1.9  # times slower
GPU = 1 / 40
LSTM_S = 0.0003  # a token, all passes together
FIT_S = 3.5e-6  # of Quick's head: a row and label
WORDS_S = 0.0005  # of TF-IDF: a row
BUNDLED_WEIGHTS = 10.6e6  # in the layers
CHARS_A_TOKEN = 4.3
BASE_MB = 650.0  # the libraries
SPREAD = 1.8  # low and high without an earlier run to learn from
BEFORE = 5  # earlier runs that are looked at


@dataclass(frozen=True)
class Forecast:
    seconds: float
    low: float
    high: float
    memory_mb: float
    device: str
    why: str


def estimate(
    store: Store, settings: Settings, dataset: Dataset, label_set: LabelSet, options: TrainingOptions
) -> Forecast:
    """From rows, length and device, corrected by how long earlier runs took here.

    Once it runs, the progress line says what the first steps measured.
    """
    tokens = mean_tokens(store, dataset, options.max_tokens)
    labelled, labels = sum(label_set.counts.values()), len(label_set.counts)
    device = device_here(settings)
    shape = encoder_shape(options.encoder)
    raw = _seconds(dataset.rows, labelled, labels, tokens, shape, options, device)
    factors = _earlier(store, dataset, label_set, options, tokens, shape, device)
    factor = median(factors) if factors else 1.0
    spread = 1.3 if len(factors) >= 2 else SPREAD
    why = (
        f"From {len(factors)} earlier run{'' if len(factors) == 1 else 's'} like it on this machine."
        if factors
        else "From the number and length of the comments; the first steps will tell more."
    )
    seconds = 6 + raw * factor
    return Forecast(
        seconds, max(4.0, seconds / spread), seconds * spread, _memory_mb(shape, options), device, why
    )


def mean_tokens(store: Store, dataset: Dataset, most: int) -> float:
    """Tokens of a comment on average, from its letters; at least the two that frame it."""
    return min(float(most), 2 + store.datasets.mean_length(dataset.id) / CHARS_A_TOKEN)


def device_here(settings: Settings) -> str:
    """ "GPU" or "CPU", looked for without loading torch."""
    if settings.device == "cpu":
        return "CPU"
    if settings.device.startswith("cuda") or settings.device == "mps":
        return "GPU"
    return "GPU" if Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") else "CPU"


def encoder_shape(name: str) -> Shape:
    """From its config.json where it is on this machine; the bundled one's otherwise."""
    return shape_of({} if name == BUNDLED_ENCODER else _local_config(name))


def _local_config(name: str) -> dict:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        path = try_to_load_from_cache(name, "config.json")
        return json.loads(Path(path).read_text(encoding="utf-8")) if isinstance(path, str) else {}
    except (HFValidationError, OSError, ValueError):  # half-typed id, or a file nobody can read
        return {}


def _seconds(rows, labelled, labels, tokens, shape: Shape, options: TrainingOptions, device: str) -> float:
    pace = shape.layers * shape.layer_weights / BUNDLED_WEIGHTS
    pace *= GPU if device == "GPU" else 1.0 if _bf16_here() else WITHOUT_BF16
    read = rows * tokens * READ_S * pace
    head = labelled * labels * FIT_S
    words = 1 + labelled * WORDS_S
    lstm = labelled * tokens * LSTM_S
    folds = _rounds(options.split)
    learn = labelled * 0.7 * tokens * LEARN_S * pace * options.epochs * (1 + options.augment)
    once = {
        QUICK: head + words,
        BETTER: head + words + learn + read,
        TFIDF: words,
        BILSTM: lstm + words,
    }[options.mode]
    if options.bilstm and options.mode != BILSTM:
        once += lstm
    return (read if options.mode in (QUICK, BETTER) else 0.0) + once * folds


def _rounds(split: str) -> int:
    """Fits of a K-fold and the last one."""
    if not split.startswith("kfold:"):
        return 1
    folds, _, repeats = split.removeprefix("kfold:").partition("x")
    return (int(folds) if folds.isdigit() else 5) * (int(repeats) if repeats.isdigit() else 1) + 1


def _bf16_here() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _earlier(store, dataset, label_set, options, tokens, shape, device) -> list[float]:
    """How many times as long as foreseen earlier runs of this kind took, newest first."""
    alike = [run for run in store.runs.list(dataset.id) if _alike(run, options)][:BEFORE]
    labelled, labels = sum(label_set.counts.values()), len(label_set.counts)
    factors = []
    for run in alike:
        foreseen = _seconds(dataset.rows, labelled, labels, tokens, shape, run.options, device)
        took = sum(run.seconds.values()) - 6
        factors.append(min(10.0, max(0.1, took / max(0.5, foreseen))))
    return factors


def _alike(run: TrainingRun, options: TrainingOptions) -> bool:
    same = run.options.mode == options.mode and run.options.encoder == options.encoder
    # Quick on vectors that are kept already says nothing of the reading.
    return run.status == "done" and same and run.seconds.get("embed", 1.0) >= 0.5


def _memory_mb(shape: Shape, options: TrainingOptions) -> float:
    """Resident memory at its highest, with the libraries."""
    if options.mode in (TFIDF, BILSTM):
        return BASE_MB
    return BASE_MB + memory_estimate(shape, options, options.max_tokens) / 2**20
