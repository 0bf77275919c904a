"""Staged rows whose import was killed: nobody would ever publish or drop them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.config import Settings
from core.jobs import locks
from core.store.store import Store

LOOKED_THROUGH = 10_000  # newest jobs that may have staged an append that waits for a word


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    """Around the staging of an import, in whatever process: until it ends, however, nothing is swept."""
    settings.jobs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locks.shared(staging_lock(settings)):
        yield


def sweep(store: Store, settings: Settings) -> None:
    """Remove what killed imports staged; nothing while an import is at work: the next one sweeps."""
    lock = locks.take(staging_lock(settings))
    if lock is None:
        return
    try:
        store.staging.sweep(_waiting(store))
    finally:
        os.close(lock)


def _waiting(store: Store) -> set[int]:
    """Staged by a job that is done: an append, until a person confirms or discards it."""
    results = (job.result or {} for job in store.jobs.recent(LOOKED_THROUGH))
    return {result["staged"] for result in results if result.get("staged") is not None}


def staging_lock(settings: Settings) -> Path:
    return settings.jobs_dir / "staging.lock"
