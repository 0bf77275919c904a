"""Start, list, compare and delete trainings."""

import hashlib
import json
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from core.config import Settings
from core.domain import BETTER, BUNDLED_ENCODER, QUICK, Job, TrainingOptions, TrainingRun
from core.errors import CannotTrain
from core.jobs import locks
from core.store.store import Store

TRAIN = "train"
GOING_ON = ("queued", "running")
LIMITS = {  # what the fields of TrainingOptions may be
    "seed": (0, 2**32 - 1),
    "epochs": (1, 50),
    "max_tokens": (8, 8192),
    "body_rate": (1e-7, 1e-2),
    "head_rate": (1e-6, 1.0),
    "batch_tokens": (16, 65_536),
}
MODES = {
    QUICK: "Quick: the encoder stays as it is, a small head learns your labels. No waiting.",
    BETTER: "Better: fine-tunes the whole encoder from Quick's head and keeps the best epoch.",
}


def start_training(
    store: Store, settings: Settings, dataset_id: int, label_set_id: int, options: TrainingOptions
) -> tuple[TrainingRun, Job]:
    """Queue a training. The same rows with the same settings that are already queued or running give
    that run again, whoever asks; anything else gets a place in line.

    Raises CannotTrain, UnsafeModel, ModelMissing within about 3 s.
    """
    check_options(settings, options)
    dataset = store.datasets.get(dataset_id)
    label_set = store.labels.get(label_set_id)
    if label_set.dataset_id != dataset_id:
        raise CannotTrain("This label set belongs to another dataset. Choose it again.")
    return store.runs.add_with_job(
        dataset_id,
        label_set_id,
        options,
        dataset.sha256,
        key=training_key(dataset.sha256, label_set_id, options),
        job_kind=TRAIN,
    )


def training_key(data_sha256: str, label_set_id: int, options: TrainingOptions) -> str:
    """Equal for trainings that would come to the same result."""
    text = json.dumps([data_sha256, label_set_id, asdict(options)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_options(settings: Settings, options: TrainingOptions) -> None:
    """Raises CannotTrain with the name of what is out of bounds, UnsafeModel or ModelMissing."""
    if options.mode not in MODES:
        raise CannotTrain(f"There is no training mode '{options.mode}'. Choose quick or better.")
    for name, (low, high) in LIMITS.items():
        if not low <= getattr(options, name) <= high:
            words = name.replace("_", " ")
            raise CannotTrain(f"The {words} must lie between {low:,} and {high:,}. Choose another value.")
    if options.encoder != BUNDLED_ENCODER:
        from core.models.hub import check_available

        check_available(options.encoder, settings.hub_timeout_s)


def estimate_seconds(rows: int, labelled: int, mode: str, epochs: int = 3, words: float = 20.0) -> float:
    """A first guess for the page, on one core without a GPU; the running job refines it."""
    per_row = 0.0025 * max(0.5, words / 12)
    quick = 8 + rows * per_row
    return quick if mode == QUICK else quick + labelled * 0.7 * epochs * per_row * 5


def delete_run(store: Store, settings: Settings, run_id: int) -> None:
    """The run, its predictions and reports, and its folder. Raises CannotTrain while it goes on."""
    end_abandoned(store, settings)
    run = store.runs.get(run_id)
    if run.status in GOING_ON:
        raise CannotTrain("This run is still going on. Cancel it first, then delete it.")
    store.runs.delete(run_id)
    shutil.rmtree(settings.runs_dir / f"run-{run.id}", ignore_errors=True)


def delete_dataset(store: Store, settings: Settings, dataset_id: int) -> None:
    """The dataset with all that came from it. Raises CannotTrain while a run of it goes on."""
    end_abandoned(store, settings)
    runs = store.runs.list(dataset_id)
    for run in runs:
        if run.status in GOING_ON:
            raise CannotTrain("A training on this dataset is still going on. Cancel it first.")
    store.datasets.delete(dataset_id)
    store.embeddings.clear()  # vectors say something of their texts; the other datasets' come back
    for run in runs:
        shutil.rmtree(settings.runs_dir / f"run-{run.id}", ignore_errors=True)


def run_lock(settings: Settings, run_id: int) -> Path:
    """Held by a command line while it trains this run without a job."""
    return settings.jobs_dir / f"run-{run_id}.lock"


def start_alone(
    store: Store, settings: Settings, dataset_id: int, label_set_id: int, options: TrainingOptions, key: str
) -> tuple[TrainingRun, int]:
    """A run without a job for this process, and the lock that shows that it is alive.

    Nobody may look for abandoned runs between the two, or would find this one.
    """
    dataset = store.datasets.get(dataset_id)
    with locks.held(_looking(settings)):
        run = store.runs.add(dataset.id, label_set_id, options, dataset.sha256, key)
        lock = locks.take(run_lock(settings, run.id))
    if lock is None:
        raise CannotTrain("Another process trains this run. Wait for it, or start again.")
    return run, lock


def end_abandoned(store: Store, settings: Settings) -> None:
    """Runs of a command line that was killed have no job that could end them."""
    with locks.held(_looking(settings)):
        for run in store.runs.list():
            lock = run_lock(settings, run.id)
            if run.status in GOING_ON and run.job_id is None and locks.is_free(lock):
                lock.unlink(missing_ok=True)
                store.runs.update(
                    run.id,
                    status="failed",
                    error="The process that trained this run ended before it was done. Start it again.",
                    finished_at=datetime.now(UTC),
                )


def _looking(settings: Settings) -> Path:
    return settings.jobs_dir / "abandoned.lock"


def forget_unfinished(store: Store, settings: Settings) -> None:
    """Remove what failed and cancelled runs left on disk, such as the state of a stopped fine-tuning."""
    end_abandoned(store, settings)
    for run in store.runs.list():
        if run.status in ("failed", "cancelled"):
            shutil.rmtree(settings.runs_dir / f"run-{run.id}", ignore_errors=True)


def changed_since(store: Store, run: TrainingRun) -> str:
    """A sentence when comments or labels came or went after a run was trained; "" when they did not."""
    dataset = store.datasets.get(run.dataset_id)
    if dataset.sha256 == run.data_sha256:
        return ""
    return (
        f"The comments or labels of this dataset changed after run {run.id} was trained; it has "
        f"{dataset.rows:,} comments now. Train again to count them all."
    )


def latest_done(store: Store, dataset_id: int) -> TrainingRun | None:
    return next((run for run in store.runs.list(dataset_id) if run.status == "done"), None)
