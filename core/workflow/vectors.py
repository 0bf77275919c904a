"""Vectors of comments, read once and kept; and the files of word vectors that were uploaded."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.config import Settings
from core.domain import BETTER, TrainingRun
from core.errors import NotFound
from core.store.embeddings import BLIND, text_key
from core.store.store import Store
from core.workflow.task import Task

CHUNK = 4_000  # texts that are kept together: so much is lost by a kill


def name_of(encoder, run: TrainingRun | None = None) -> str:
    """What the store calls the vectors of an encoder. One that a run fine-tuned still bears the name and
    revision of what it was tuned from, but its vectors lie elsewhere: they are called by the run. One that
    does not read some words has vectors of its own."""
    if run is not None and run.options.mode == BETTER:
        return tuned_name(run.id)
    words = "\n".join(sorted(encoder.without.words))
    blind = f"{BLIND}{hashlib.sha256(words.encode()).hexdigest()[:12]}" if words else ""
    return f"{encoder.name}@{encoder.revision[:12]}/{encoder.max_tokens}{blind}"


def tuned_name(run_id: int) -> str:
    """Of the vectors of the encoder that a run fine-tuned."""
    return f"run-{run_id}"


def embed(  # noqa: PLR0917
    store: Store,
    encoder,
    texts: list[str],
    task: Task,
    start: float,
    end: float,
    run: TrainingRun | None = None,
    state: str = "",
) -> np.ndarray:
    """(texts, size) float32; those of texts seen before come from the store.

    `run`: whose model `encoder` is a part of; needed where it may be fine-tuned. `state`: the hash of its
    dataset before `texts` were read; needed where rows may be forgotten meanwhile.
    """
    if not texts:
        return np.zeros((0, encoder.size), dtype=np.float32)
    name = name_of(encoder, run)
    hashes = [text_key(text) for text in texts]
    known = store.embeddings.get(name, list(dict.fromkeys(hashes)))
    missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
    keys = sorted(missing, key=lambda key: len(missing[key]))  # alike in length: little is padded
    for first in range(0, len(keys), CHUNK):
        some = keys[first : first + CHUNK]
        report = _reporter(task, start, end, first, len(keys))
        found = encoder.embed([missing[key] for key in some], report)
        found = found.astype(np.float16)  # as they come back from the store: the same run twice is equal
        store.embeddings.put(name, some, found, (run.id, state) if run is not None and state else None)
        known.update(zip(some, found, strict=True))
    return np.stack([known[key] for key in hashes]).astype(np.float32)


def _reporter(task: Task, start: float, end: float, before: int, total: int) -> Callable[[int, int], None]:
    def report(done: int, _: int) -> None:
        share = (before + done) / max(1, total)
        task.progress(start + (end - start) * share, f"Reading comments: {before + done:,} of {total:,}")

    return report


def folder(settings: Settings) -> Path:
    return settings.data_dir / "vectors"


def path_of(settings: Settings, key: str) -> Path | None:
    """The uploaded file of word vectors with this id; None for "". Raises NotFound."""
    if not key:
        return None
    path = folder(settings) / f"{key}.txt"
    if not (key.isalnum() and path.is_file()):
        raise NotFound("This file of word vectors is not there any more. Upload it again.")
    return path


def keep(settings: Settings, data: bytes) -> str:
    """Store an uploaded file of word vectors; returns its id, the same for the same file."""
    key = hashlib.sha256(data).hexdigest()[:32]
    folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder(settings) / f"{key}.txt"
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
    return key
