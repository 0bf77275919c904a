"""Encoders from the Hugging Face hub, under rules: no code, no pickles, no waiting offline."""

import json
import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import ModelMissing, UnsafeModel

MODEL_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
FILES = ("*.json", "*.safetensors", "*.txt", "*.model")


def check_id(encoder: str) -> None:
    """Raises UnsafeModel unless the id has the form owner/name; a path never has."""
    if not MODEL_ID.fullmatch(encoder) or ".." in encoder:
        raise UnsafeModel(
            f"'{encoder[:80]}' is not a Hugging Face model id. Write owner/name, "
            "for example sentence-transformers/all-mpnet-base-v2."
        )


def check_config(folder: Path) -> None:
    """Raises UnsafeModel for a folder that would run code of its own (CVE-2026-4372) or load pickles."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnsafeModel("This model has no readable config.json; choose another encoder.") from error
    if _has_key(config, lambda key: key == "auto_map" or "attn_implementation" in key):
        raise UnsafeModel("This model wants to run code of its own, which Roadlens never does.")
    if not list(folder.glob("*.safetensors")):
        raise UnsafeModel("This model has no safetensors weights; choose one that has.")


def _has_key(value: object, test) -> bool:
    if isinstance(value, dict):
        return any(test(key) or _has_key(item, test) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_key(item, test) for item in value)
    return False


def hub_reachable(timeout_s: float) -> bool:
    """One TCP connection to the hub; a plain hub call offline waits for more than 20 s."""
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        return False
    address = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname or "", port), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def check_available(encoder: str, timeout_s: float) -> None:
    """Raises UnsafeModel or ModelMissing when `fetch` could not succeed; downloads nothing."""
    check_id(encoder)
    if _local(encoder) is None and not hub_reachable(timeout_s):
        raise _missing(encoder)


def _local(encoder: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(encoder, allow_patterns=FILES, local_files_only=True))
    except (LocalEntryNotFoundError, ValueError):
        return None


def _missing(encoder: str) -> ModelMissing:
    return ModelMissing(
        f"The encoder {encoder} is not on this machine and Hugging Face cannot be reached. "
        "Choose the bundled encoder, or connect to the internet and try again."
    )


def fetch(encoder: str, timeout_s: float) -> tuple[Path, str]:
    """Folder and commit hash of a hub encoder: the local copy first, then the hub.

    Raises UnsafeModel for a refused id or folder, ModelMissing within the timeout when offline.
    """
    check_id(encoder)
    folder = _local(encoder)
    if folder is None:
        if not hub_reachable(timeout_s):
            raise _missing(encoder)
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError

        try:
            folder = Path(snapshot_download(encoder, allow_patterns=FILES))
        except (HfHubHTTPError, OSError, ValueError) as error:
            raise ModelMissing(
                f"The encoder {encoder} could not be fetched ({type(error).__name__}). "
                "Check the id, and whether it needs a login."
            ) from error
    check_config(folder)
    return folder, folder.name
