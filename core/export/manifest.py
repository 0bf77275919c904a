"""The list of files of an exported folder with their SHA-256, written last and checked first."""

import json
from collections.abc import Mapping
from pathlib import Path

from core.models import files
from core.models.files import MANIFEST, file_sha256

BUNDLE = "roadlens-model"  # what the manifest of a folder with all formats says it is


def write_manifest(folder: Path, about: Mapping) -> None:
    """`about` and all files that are in the folder now."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    written = {
        path.relative_to(folder).as_posix(): {"sha256": file_sha256(path), "bytes": path.stat().st_size}
        for path in paths
    }
    text = json.dumps({**about, "files": written}, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict:
    """Raises Damaged naming the file that is missing or changed."""
    return files.read_manifest(folder, damage)


def is_bundle(folder: Path) -> bool:
    """Whether the folder is a whole export, intact or not."""
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("bundle") == BUNDLE
    except (OSError, ValueError, AttributeError):
        return False


def listed_formats(folder: Path) -> list[str]:
    """Those that a whole export was written with; [] where its manifest does not say so."""
    try:
        return list(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["formats"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def damage(name: str) -> str:
    return f"The exported model's file {name} is missing or damaged. Export the model again."
