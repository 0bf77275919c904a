"""Vectors of comments, read once and kept; and the files of word vectors that were uploaded."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from core.config import Settings
from core.domain import BETTER, TrainingRun
from core.errors import BadFile, NotFound, StoreError
from core.jobs import locks
from core.store.embeddings import BLIND, text_key
from core.store.store import Store
from core.training.vectors_file import check_vectors
from core.workflow.task import Task

CHUNK = 4_000  # texts that are kept together: so much is lost by a kill
PIECE = 1 << 20  # bytes of a file that are in memory at a time
LETTERS_A_TOKEN, FRAME = 4.3, 9  # the two tokens that frame a text, in letters


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
    sizes = _sizes([missing[key] for key in keys], encoder)
    whole = float(_sizes(list(dict(zip(hashes, texts, strict=True)).values()), encoder).sum())
    kept = 1 - float(sizes.sum()) / whole  # of the work, done before
    for first in range(0, len(keys), CHUNK):
        some = keys[first : first + CHUNK]
        # The encoder begins with the longest ones.
        done = np.append(0.0, sizes[:first].sum() + np.cumsum(sizes[first : first + CHUNK][::-1]))
        report = _reporter(task, start, end, first, len(keys), kept + done / whole)
        found = encoder.embed([missing[key] for key in some], report)
        found = found.astype(np.float16)  # as they come back from the store: the same run twice is equal
        store.embeddings.put(name, some, found, (run.id, state) if run is not None and state else None)
        known.update(zip(some, found, strict=True))
    return np.stack([known[key] for key in hashes]).astype(np.float32)


def _sizes(texts: list[str], encoder) -> np.ndarray:
    """How long each takes to read, in letters: what is cut off takes no time, the least text some."""
    return np.minimum([len(text) for text in texts], LETTERS_A_TOKEN * encoder.max_tokens) + FRAME


def _reporter(  # noqa: PLR0917
    task: Task, start: float, end: float, before: int, total: int, shares: np.ndarray
) -> Callable[[int, int], None]:
    """`shares` (texts + 1,) of all the work are done after so many of these texts."""

    def report(done: int, _: int) -> None:
        pct = start + (end - start) * float(shares[done])
        task.progress(pct, f"Reading comments: {before + done:,} of {total:,}")

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
    """Store an uploaded file of word vectors; returns its id, the same for the same file.

    Raises BadFile when its first lines are no word vectors, StoreError when the disk takes no more.
    """
    return _keep(settings, [data])


def keep_file(settings: Settings, source: Path) -> str:
    """The same for a file of any size on this machine, a piece at a time."""
    if not source.is_file():
        raise BadFile(f"The file {source} cannot be read. Check its name.")
    check_vectors(source)  # before some gigabytes are copied
    with source.open("rb") as file:
        return _keep(settings, iter(partial(file.read, PIECE), b""))


def _keep(settings: Settings, pieces: Iterable[bytes]) -> str:
    with _at_work(settings):
        return _write(settings, pieces)


def _write(settings: Settings, pieces: Iterable[bytes]) -> str:
    part = folder(settings) / f".{secrets.token_hex(8)}.part"
    digest = hashlib.sha256()
    try:
        with part.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        check_vectors(part)
        key = digest.hexdigest()[:32]
        part.replace(folder(settings) / f"{key}.txt")
    except OSError as error:
        raise StoreError(
            f"The word vectors could not be kept ({error.strerror}). Free some disk space and try again."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return key


@contextmanager
def _at_work(settings: Settings) -> Iterator[None]:
    """Around the writing of a file, in whatever process: until it ends, however, nothing is swept."""
    for place in (folder(settings), settings.jobs_dir):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locks.shared(_lock(settings)):
        yield


def sweep(settings: Settings) -> None:
    """Remove what killed copies left unfinished; nothing while one is at work: the next start sweeps."""
    if not folder(settings).is_dir():
        return
    lock = locks.take(_lock(settings))
    if lock is None:
        return
    try:
        for part in folder(settings).glob(".*.part"):
            part.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _lock(settings: Settings) -> Path:
    return settings.jobs_dir / "vectors.lock"
