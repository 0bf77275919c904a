"""Start, list, compare and delete trainings."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.config import Settings
from core.domain import (
    BETTER,
    BILSTM,
    BUNDLED_ENCODER,
    QUICK,
    STRATIFIED,
    TFIDF,
    Job,
    TrainingOptions,
    TrainingRun,
)
from core.errors import CannotTrain
from core.jobs import locks
from core.store.store import Store
from core.store.tables import PAUSED
from core.workflow import vectors

TRAIN = "train"
ABANDONED = (
    "The process that trained this run ended before it was done. Start it again: within a day the same "
    "command goes on from its last state."
)
GOING_ON = ("queued", "running", "paused")
LIMITS = {  # what the fields of TrainingOptions may be
    "seed": (0, 2**32 - 1),
    "epochs": (1, 50),
    "max_tokens": (8, 8192),
    "body_rate": (0.0, 1e-2),
    "head_rate": (1e-6, 1.0),
    "batch_tokens": (16, 65_536),
    "split_seed": (0, 2**32 - 1),
    "patience": (0, 50),
    "weight_decay": (0.0, 1.0),
    "label_smoothing": (0.0, 0.5),
    "frozen_layers": (0, 100),
    "adapter_rank": (0, 256),
    "augment": (0.0, 1.0),
    "token_masking": (0.0, 0.5),
    "averaging": (0.0, 10.0),
}
SLOWEST = 1e-7  # body_rate, where it is set
BALANCES = {
    "none": "as they are",
    "weights": "rare labels weigh more",
    "sampling": "rare labels are drawn more often",
}
MODES = {
    QUICK: "Quick: the encoder stays as it is, a small head learns your labels. Ready once your comments are "
    "read: seconds for some hundred, minutes for many thousand.",
    BETTER: "Better: fine-tunes the whole encoder from Quick's head; Quick stays where it is not beaten.",
    TFIDF: "TF-IDF: counts words and pairs of words, no Transformer. The baseline, as a model of its own.",
    BILSTM: "BiLSTM: a small recurrent network that learns its words from your comments alone.",
}


def rounds(options: TrainingOptions) -> int:
    """How many times each comment is held out: more than once in repeated K-fold."""
    from core.training.split import parse_split

    return max(1, parse_split(options.split)[2])


def beside(options: TrainingOptions) -> tuple[str, ...]:
    """The models that are trained beside it on the same rows, cheap ones first. Better has Quick within: it
    begins with it."""
    quick = options.mode == BILSTM or (options.mode == TFIDF and options.quick)
    found = (TFIDF, *((QUICK,) if quick else ()), *((BILSTM,) if options.bilstm else ()))
    return tuple(mode for mode in found if mode != options.mode)


def reads(options: TrainingOptions) -> bool:
    """Whether an encoder reads the comments, for the model itself or for Quick beside it."""
    return options.mode in (QUICK, BETTER) or QUICK in beside(options)


def start_training(
    store: Store,
    settings: Settings,
    dataset_id: int,
    label_set_id: int,
    options: TrainingOptions,
    more: Mapping[str, object] | None = None,
) -> tuple[TrainingRun, Job]:
    """Queue a training. The same rows with the same settings that are already queued or running give
    that run again, whoever asks, and go on if they were paused; anything else gets a place in line.
    `more` goes to the job beside the run.

    Raises CannotTrain, UnsafeModel, ModelMissing within about 3 s.
    """
    check_options(settings, options)
    dataset = store.datasets.get(dataset_id)
    label_set = store.labels.get(label_set_id)
    if label_set.dataset_id != dataset_id:
        raise CannotTrain("This label set belongs to another dataset. Choose it again.")
    run, job = store.runs.add_with_job(
        dataset_id,
        label_set_id,
        options,
        dataset.sha256,
        key=training_key(store, dataset_id, label_set_id, options),
        job_kind=TRAIN,
        more=more,
    )
    if job.state == PAUSED:
        resume(store, run.id)
        return store.runs.get(run.id), store.jobs.get(job.id)
    return run, job


def trained_already(
    store: Store, dataset_id: int, label_set_id: int, options: TrainingOptions
) -> TrainingRun | None:
    """The newest finished run of the same rows with the same settings: another would come to the same."""
    if options.test_dataset:  # a run does not say which rows of it there were
        return None
    data = store.datasets.get(dataset_id).sha256
    wanted = ("done", data, label_set_id, options)
    return next(
        (
            run
            for run in store.runs.list(dataset_id)
            if (run.status, run.data_sha256, run.label_set_id, run.options) == wanted
        ),
        None,
    )


def pause(store: Store, run_id: int) -> None:
    """What it has come to is kept; `resume` goes on from there. Nothing for a run that is over."""
    run = store.runs.get(run_id)
    if run.job_id is not None:
        store.jobs.pause(run.job_id)


def resume(store: Store, run_id: int) -> None:
    """Back into the line. Nothing for a run that is not paused."""
    run = store.runs.get(run_id)
    if run.job_id is not None:
        store.jobs.resume(run.job_id)


def training_key(store: Store, dataset_id: int, label_set_id: int, options: TrainingOptions) -> str:
    """Equal for trainings that would come to the same result. Raises NotFound."""
    data = [store.datasets.get(dataset_id).sha256]
    if options.test_dataset:
        data.append(store.datasets.get(options.test_dataset).sha256)
    text = json.dumps([data, label_set_id, asdict(options)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_options(settings: Settings, options: TrainingOptions) -> None:
    """Raises CannotTrain with the name of what is out of bounds, UnsafeModel or ModelMissing."""
    from core.training.split import parse_split

    if options.mode not in MODES:
        raise CannotTrain(f"There is no training mode '{options.mode}'. Choose one of {', '.join(MODES)}.")
    if options.balance not in BALANCES:
        raise CannotTrain(f"There is no balance '{options.balance}'. Choose one of {', '.join(BALANCES)}.")
    how, *_ = parse_split(options.split)
    if options.test_dataset and how != STRATIFIED:
        raise CannotTrain(
            "A test dataset of its own needs the stratified split: nothing of this dataset is held out then."
        )
    for name, (low, high) in LIMITS.items():
        if not low <= getattr(options, name) <= high:
            words = name.replace("_", " ")
            raise CannotTrain(f"The {words} must lie between {low:,} and {high:,}. Choose another value.")
    if 0 < options.body_rate < SLOWEST:
        raise CannotTrain(
            f"The body rate must be at least {SLOWEST:g}, or 0 to follow the width of the encoder. Choose "
            "another value."
        )
    if options.encoder != BUNDLED_ENCODER:
        from core.models.hub import check_available

        check_available(options.encoder, settings.hub_timeout_s)


def delete_run(store: Store, settings: Settings, run_id: int) -> None:
    """The run, its predictions and reports, and its folder. Raises CannotTrain while it goes on."""
    end_abandoned(store, settings)
    run = store.runs.get(run_id)
    if run.status in GOING_ON:
        raise CannotTrain("This run is still going on. Cancel it first, then delete it.")
    store.embeddings.clear(vectors.tuned_name(run_id))
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


def take_interrupted(
    store: Store, settings: Settings, dataset_id: int, label_set_id: int, options: TrainingOptions
) -> tuple[TrainingRun, int] | None:
    """A run of a command line that was killed in this very training and left a state to go on from, and the
    lock that shows that it is alive again; None without one."""
    asked = dataset_id, label_set_id, options, store.datasets.get(dataset_id).sha256
    with locks.held(_looking(settings)):
        for run in store.runs.list(dataset_id):
            same = (run.dataset_id, run.label_set_id, run.options, run.data_sha256) == asked
            if not same or not _interrupted(settings, run):
                continue
            lock = locks.take(run_lock(settings, run.id))
            if lock is not None:
                store.runs.update(run.id, status="queued", error="", finished_at=None)
                return store.runs.get(run.id), lock
    return None


def _interrupted(settings: Settings, run: TrainingRun) -> bool:
    """Whether a command line began it, did not get to its end, and left a state."""
    stopped = run.status in GOING_ON or (run.status == "failed" and run.error == ABANDONED)
    return stopped and run.job_id is None and any((settings.runs_dir / f"run-{run.id}").glob("training*/*"))


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
                    error=ABANDONED,
                    finished_at=datetime.now(UTC),
                )


def _looking(settings: Settings) -> Path:
    return settings.jobs_dir / "abandoned.lock"


def forget_unfinished(store: Store, settings: Settings) -> None:
    """Remove what failed and cancelled runs left on disk, such as the state of a stopped fine-tuning.

    That of a command line that was killed stays for a day, for `take_interrupted`.
    """
    end_abandoned(store, settings)
    lately = datetime.now(UTC) - timedelta(days=1)
    for run in store.runs.list():
        waits = _interrupted(settings, run) and (run.finished_at or run.created_at) > lately
        if run.status in ("failed", "cancelled") and not waits:
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
