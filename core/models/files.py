"""Files of models on disk: their hash, bytes that outlast a power cut, and the sentence for damage."""

import hashlib
import os
from pathlib import Path


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Wait until the file, or the names in the folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(folder: Path) -> None:
    """The folder and everything in it."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def damage(name: str) -> str:
    return f"The model's file {name} is missing or damaged. Train again, or choose another run."
