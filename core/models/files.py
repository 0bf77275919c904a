"""Files of models on disk: their hash, bytes that outlast a power cut, and the sentence for damage."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from core.errors import Damaged

MANIFEST = "manifest.json"


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


def read_manifest(folder: Path, say: Callable[[str], str], manifest_sha256: str = "") -> dict:
    """The manifest of a folder, after the hash of every file in it was checked.

    Raises Damaged with what `say` says of the name of the file that is missing or changed.
    """
    try:
        if manifest_sha256 and file_sha256(folder / MANIFEST) != manifest_sha256:
            raise Damaged(say(MANIFEST))
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for name, known in manifest["files"].items():
            path = folder / name
            if not path.is_file() or file_sha256(path) != known["sha256"]:
                raise Damaged(say(name))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(say(MANIFEST)) from error
    return manifest


def damage(name: str) -> str:
    return f"The model's file {name} is missing or damaged. Train again, or choose another run."
