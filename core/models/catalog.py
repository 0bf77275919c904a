"""From an encoder's id to a loaded encoder."""

from dataclasses import dataclass
from pathlib import Path

from core.domain import BUNDLED_ENCODER


@dataclass(frozen=True)
class EncoderFiles:
    name: str
    revision: str
    folder: Path


def find_encoder(name: str, hub_timeout_s: float = 2.0, revision: str | None = None) -> EncoderFiles:
    """The bundled encoder by its name, any other by its Hugging Face id and, where known, its commit.

    Raises UnsafeModel or ModelMissing, offline within about `hub_timeout_s`.
    """
    if name == BUNDLED_ENCODER:
        from core.models.bundled import WEIGHTS_SHA256, bundled_path

        return EncoderFiles(name, WEIGHTS_SHA256, bundled_path())
    from core.models.hub import fetch

    folder, commit = fetch(name, hub_timeout_s, revision)
    return EncoderFiles(name, commit, folder)


def open_encoder(name: str, device, max_tokens: int, hub_timeout_s: float = 2.0, revision: str | None = None):
    """Find and load; see `find_encoder` for the errors."""
    from core.models.encoder import load_encoder

    files = find_encoder(name, hub_timeout_s, revision)
    return load_encoder(files.folder, files.name, files.revision, device, max_tokens)
