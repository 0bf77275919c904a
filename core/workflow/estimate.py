"""How long a training will take and what memory it needs, before it starts and without loading a model."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np

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
from core.models.memory import LAYERS, Shape, memory_estimate, shape_of
from core.store.store import Store
from core.workflow.runs import LIMITS, beside, reads

# Seconds of one CPU core for a token of the bundled encoder, measured by benchmarks/engine_training.py and
# engine_prediction.py, in the middle between server processors with bfloat16 (0.00007 to 0.00016, 0.00024 to
# 0.0006); other encoders cost as much more as they have weights in their layers.
READ_S, LEARN_S = 0.0001, 0.0004
WITHOUT_BF16 = 1.9  # times slower
GPU = 1 / 40
LSTM_S = 0.0003  # a token, all passes of three epochs
LSTM_READ_S = LSTM_S / 50  # a token, read once
FIT_S = 3.5e-6  # of Quick's head: a row and label
WORDS_S, WORDS_READ_S = 0.0005, 0.0001  # of TF-IDF: a row
BUNDLED_WEIGHTS = 10.6e6  # in the layers
BUNDLED_TOKENS = 512  # that the bundled encoder can place
CHARS_A_TOKEN = 4.3
SAMPLE = 5_000  # comments whose length is looked at
TESTED = 0.2  # share of the labelled comments that one round is judged on
BASE_MB = 650.0  # the libraries
SPREAD = 1.8  # low and high without an earlier run to learn from
BEFORE = 5  # earlier runs that are looked at
READ, TEST, PREDICT = "read", "test", "predict"  # what a run does beside its fits
# Among the facts of a run: measured, and what was expected.
MEMORY, FORESEEN, SECONDS = "Megabytes of memory at most", "Megabytes foreseen", "Seconds foreseen"


@dataclass(frozen=True)
class Forecast:
    seconds: float
    low: float
    high: float
    memory_mb: float
    device: str
    why: str


@dataclass(frozen=True)
class Amount:
    """How much a training has to do."""

    rows: int  # comments that are read and predicted
    labelled: int
    labels: int
    letters: Sequence[int]  # of some of the comments


def estimate(
    store: Store,
    settings: Settings,
    dataset: Dataset,
    label_set: LabelSet,
    options: TrainingOptions,
    read_before: bool = False,
) -> Forecast:
    """From rows, length and device, corrected by how long earlier runs took here and what they needed.
    `read_before`: an earlier run has kept the vectors of all comments.

    Once it runs, the progress line says what the first steps measured.
    """
    amount = Amount(
        dataset.rows,
        sum(label_set.counts.values()),
        len(label_set.counts),
        store.datasets.lengths(dataset.id, SAMPLE),
    )
    device = device_here(settings)
    alike = [run for run in store.runs.list(dataset.id) if _alike(run, options)][:BEFORE]
    factors = [_times_foreseen(run, amount, device) for run in alike]
    factor = median(factors) if factors else 1.0
    spread = 1.3 if len(factors) >= 2 else SPREAD
    why = (
        f"From {len(factors)} earlier run{'' if len(factors) == 1 else 's'} like it on this machine."
        if factors
        else "From the number and length of the comments; the first steps will tell more."
    )
    seconds = 6 + _seconds(amount, options, device, read_before) * factor
    memory = _memory_measured(alike, options) or _memory_mb(amount, options)
    return Forecast(seconds, max(4.0, seconds / spread), seconds * spread, memory, device, why)


def mean_tokens(store: Store, dataset: Dataset, most: int) -> float:
    """Tokens of a comment on average, from its letters; at least the two that frame it."""
    return float(_tokens(store.datasets.lengths(dataset.id, SAMPLE), most).mean())


def _tokens(letters: Sequence[int], most: int) -> np.ndarray:
    return np.minimum(float(most), 2 + np.asarray(letters or [0]) / CHARS_A_TOKEN)


def device_here(settings: Settings) -> str:
    """ "GPU" or "CPU", looked for without loading torch."""
    if settings.device == "cpu":
        return "CPU"
    if settings.device.startswith("cuda") or settings.device == "mps":
        return "GPU"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if hidden or version("torch").endswith("+cpu"):  # torch would not see it
        return "CPU"
    return "GPU" if Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") else "CPU"


def encoder_shape(name: str) -> Shape:
    """From its config.json where it is on this machine; the bundled one's otherwise."""
    return shape_of({} if name == BUNDLED_ENCODER else _local_json(name, "config.json"))


def layers_of(name: str) -> int | None:
    """None where the encoder is not on this machine or does not say how many it has."""
    if name == BUNDLED_ENCODER:
        return encoder_shape(name).layers
    config = _local_json(name, "config.json")
    return shape_of(config).layers if any(config.get(key) for key in LAYERS) else None


def longest_text(name: str) -> int | None:
    """Tokens of the longest text that an encoder can read; None when it is not on this machine."""
    if name == BUNDLED_ENCODER:
        return BUNDLED_TOKENS
    config = _local_json(name, "config.json")
    if not config:
        return None
    places = config.get("max_position_embeddings") or BUNDLED_TOKENS
    most = _local_json(name, "tokenizer_config.json").get("model_max_length") or places
    return max(8, min(int(places), int(min(most, 1_000_000))))


def most_tokens(mode: str, encoder: str) -> int:
    """The largest text limit that makes sense: what the encoder reads where that is known. A BiLSTM has no
    limit of its own."""
    most = LIMITS["max_tokens"][1]
    return min(most, longest_text(encoder) or most) if mode in (QUICK, BETTER) else most


def _local_json(name: str, file: str) -> Mapping:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        path = try_to_load_from_cache(name, file)
        return json.loads(Path(path).read_text(encoding="utf-8")) if isinstance(path, str) else {}
    except (HFValidationError, OSError, ValueError):  # half-typed id, or a file nobody can read
        return {}


def work(amount: Amount, options: TrainingOptions, device: str, folds: int) -> list[tuple[str, float]]:
    """What a run does one after the other, (kind, seconds): it reads, fits round by round, each time on
    other rows, and predicts. Kinds are READ, the modes, TEST and PREDICT; `folds` rounds come before the
    last one, whose model stays."""
    shape = encoder_shape(options.encoder)
    pace = shape.layers * shape.layer_weights / BUNDLED_WEIGHTS
    pace *= GPU if device == "GPU" else 1.0 if _bf16_here() else WITHOUT_BF16
    tokens = _tokens(amount.letters, _limit(options))
    # In each layer a token also meets every other one of its text.
    effort = float((tokens * (1 + 2 * shape.size * tokens / shape.layer_weights)).mean()) * pace
    read, lstm = effort * READ_S, float(tokens.mean()) * LSTM_S
    learned = amount.labelled * 0.7 * options.epochs * (1 + options.augment)
    words = (TFIDF, 1 + amount.labelled * WORDS_S)
    head = (QUICK, amount.labelled * amount.labels * FIT_S)
    network = (BILSTM, amount.labelled * lstm * options.epochs / 3)
    test = (TEST, amount.labelled * TESTED * read)
    own = {
        QUICK: [head],
        BETTER: [head, (BETTER, learned * effort * LEARN_S)],
        TFIDF: [words],
        BILSTM: [network],
    }[options.mode]
    others = [{TFIDF: words, QUICK: head, BILSTM: network}[mode] for mode in beside(options)]
    judged = [*others, *own] + ([test] if options.mode == BETTER else [])
    one_more = {
        QUICK: 0.0,
        BETTER: read,
        TFIDF: WORDS_READ_S,
        BILSTM: float(tokens.mean()) * LSTM_READ_S,
    }[options.mode]
    readers = amount.rows if options.mode in (QUICK, BETTER) else amount.labelled  # for Quick beside it
    found = [(READ, readers * read)] if reads(options) else []
    found += judged * folds + own if folds else judged
    return [*found, (PREDICT, amount.rows * one_more)]


def _limit(options: TrainingOptions) -> int:
    """Tokens of a text that are read."""
    if options.mode not in (QUICK, BETTER):
        return options.max_tokens
    return min(options.max_tokens, longest_text(options.encoder) or options.max_tokens)


def _seconds(amount: Amount, options: TrainingOptions, device: str, read_before: bool = False) -> float:
    steps = work(amount, options, device, folds_of(options.split))
    return sum(seconds for kind, seconds in steps if kind != READ or not read_before)


def folds_of(split: str) -> int:
    """Rounds of a K-fold before the last one."""
    if not split.startswith("kfold:"):
        return 0
    folds, _, repeats = split.removeprefix("kfold:").partition("x")
    return (int(folds) if folds.isdigit() else 5) * (int(repeats) if repeats.isdigit() else 1)


def _bf16_here() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _times_foreseen(run: TrainingRun, amount: Amount, device: str) -> float:
    """How many times as long as foreseen an earlier run took."""
    took = sum(run.seconds.values()) - 6
    return min(10.0, max(0.1, took / max(0.5, _seconds(amount, run.options, device))))


def _alike(run: TrainingRun, options: TrainingOptions) -> bool:
    wanted = (options.mode, options.encoder, reads(options))
    same = (run.options.mode, run.options.encoder, reads(run.options)) == wanted
    # Quick on vectors that are kept already says nothing of the reading.
    return run.status == "done" and same and run.seconds.get("embed", 1.0) >= 0.5


def _memory_measured(alike: Sequence[TrainingRun], options: TrainingOptions) -> float | None:
    """Of earlier runs with the same settings for what is kept in memory; None without one."""

    def decides(one: TrainingOptions) -> tuple:
        kept = one.frozen_layers, one.adapter_rank, one.averaging > 0
        return one.max_tokens, one.batch_tokens, *kept, beside(one)

    same = [run for run in alike if run.evaluation and decides(run.options) == decides(options)]
    found = [float(run.evaluation.facts[MEMORY]) for run in same if MEMORY in run.evaluation.facts]
    return median(found) if found else None


def _memory_mb(amount: Amount, options: TrainingOptions) -> float:
    """Resident memory at its highest, with the libraries."""
    if not reads(options):
        return BASE_MB
    longest = int(_tokens(amount.letters, _limit(options)).max())
    return BASE_MB + memory_estimate(encoder_shape(options.encoder), options, longest) / 2**20
