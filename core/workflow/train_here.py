"""A training in this process and outside the queue, for the command line."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from core.config import Settings
from core.domain import TrainingOptions, TrainingRun
from core.errors import FULL, AppError, ran_full
from core.store.store import Store
from core.workflow import runs
from core.workflow.task import Task


def train_here(
    store: Store,
    settings: Settings,
    dataset_id: int,
    label_set_id: int,
    options: TrainingOptions,
    task: Task,
) -> TrainingRun:
    """The training of the worker; one that was killed goes on from its last state. Raises what the training
    raises; the run then is failed or cancelled."""
    from core.workflow.train_job import train

    key = f"{runs.training_key(store, dataset_id, label_set_id, options)}:{time.time_ns()}"
    found = runs.take_interrupted(store, settings, dataset_id, label_set_id, options)
    runs.forget_unfinished(store, settings)
    run, lock = found or runs.start_alone(store, settings, dataset_id, label_set_id, options, key)
    with _alive(store, settings, run.id, lock):
        return train(store, settings, run.id, task)


@contextmanager
def _alive(store: Store, settings: Settings, run_id: int, lock: int) -> Iterator[None]:
    """Keeps the lock while this process trains the run, and ends the run when it does not get done."""
    try:
        yield
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        status = "cancelled" if stopped else "failed"
        full = f"{FULL}, then train again." if ran_full(error) else "The training was stopped."
        sentence = str(error) if isinstance(error, AppError) else full
        store.runs.update(run_id, status=status, error=sentence, finished_at=datetime.now(UTC))
        if ran_full(error):  # nobody goes on with it
            shutil.rmtree(settings.runs_dir / f"run-{run_id}", ignore_errors=True)
        raise
    finally:
        runs.run_lock(settings, run_id).unlink(missing_ok=True)
        os.close(lock)
