"""Encoders from the Hugging Face hub, under rules: no code, no pickles, no waiting offline."""

import json
import os
import re
import socket
import threading
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from core.errors import ModelMissing, UnsafeModel

MODEL_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
OTHER_FORMATS = "*/*"  # folders hold the same weights once more, for ONNX or OpenVINO
LARGEST_GB = 4.0
NO_WEIGHTS = "This model has no safetensors weights; choose one that has."


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
        raise UnsafeModel(NO_WEIGHTS)


def _has_key(value: object, test) -> bool:
    if isinstance(value, dict):
        return any(test(key) or _has_key(item, test) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_key(item, test) for item in value)
    return False


def hub_reachable(timeout_s: float) -> bool:
    """One TCP connection to the hub or its proxy; a plain hub call offline waits for more than 20 s."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return False
    answers: list[bool] = []
    # In a thread: the timeout of a connection does not hold for the name server, which may be silent.
    asking = threading.Thread(target=lambda: answers.append(_connects(timeout_s)), daemon=True)
    asking.start()
    asking.join(timeout_s)
    return answers == [True]


def _connects(timeout_s: float) -> bool:
    address = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    proxy = getproxies().get(address.scheme)
    if proxy and not proxy_bypass(address.hostname or ""):
        address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname or "", port), timeout=timeout_s).close()
    except (OSError, ValueError):  # a proxy variable may hold anything
        return False
    return True


def check_available(encoder: str, timeout_s: float) -> None:
    """Raises UnsafeModel or ModelMissing when `fetch` could not succeed; downloads nothing."""
    check_id(encoder)
    if local_folder(encoder) is None and not hub_reachable(timeout_s):
        raise _missing(encoder)


def local_folder(encoder: str, revision: str | None = None) -> Path | None:
    """Where its files are on this machine; None when they are not. The hub is not asked."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            encoder,
            revision=revision,
            allow_patterns=FILES,
            ignore_patterns=OTHER_FORMATS,
            local_files_only=True,
        )
    except (LocalEntryNotFoundError, ValueError):
        return None
    # Another program may have fetched the tokenizer alone.
    return Path(folder) if list(Path(folder).glob("*.safetensors")) else None


def _missing(encoder: str) -> ModelMissing:
    return ModelMissing(
        f"The encoder {encoder} is not on this machine and Hugging Face cannot be reached. "
        "Choose the bundled encoder, or connect to the internet and try again."
    )


def fetch(encoder: str, timeout_s: float, revision: str | None = None) -> tuple[Path, str]:
    """Folder and commit hash of a hub encoder: the local copy first, then the hub. `revision` is the
    commit that an earlier run was trained on, so that it opens the same weights for ever.

    Raises UnsafeModel for a refused id or folder, ModelMissing within the timeout when offline.
    """
    check_id(encoder)
    folder = local_folder(encoder, revision)
    if folder is None:
        if not hub_reachable(timeout_s):
            raise _missing(encoder)
        folder = _download(encoder, revision)
    check_config(folder)
    return folder, folder.name


def _remember(snapshot: Path) -> None:
    """That this commit is the one to open where none is asked for. The hub's own library notes it only for a
    download by the name of a branch; without the note the files are not found again offline."""
    note = snapshot.parents[1] / "refs" / "main"
    note.parent.mkdir(exist_ok=True)
    temporary = note.with_name(f".main-{os.getpid()}")
    temporary.write_text(snapshot.name, encoding="ascii")
    os.replace(temporary, note)


def _download(encoder: str, revision: str | None) -> Path:
    """Raises UnsafeModel when there is nothing to load or too much of it, ModelMissing when it fails."""
    from huggingface_hub import HfApi, snapshot_download

    try:
        found = HfApi().model_info(encoder, revision=revision, files_metadata=True)
        listed = found.siblings or []
        sizes = {file.rfilename: file.size or 0 for file in listed if "/" not in file.rfilename}
        wanted = {name: size for name, size in sizes.items() if any(fnmatch(name, end) for end in FILES)}
        if not any(name.endswith(".safetensors") for name in wanted):
            raise UnsafeModel(NO_WEIGHTS)
        if (size := sum(wanted.values()) / 1e9) > LARGEST_GB:
            raise UnsafeModel(
                f"The encoder {encoder} has {size:,.1f} GB; the limit is {LARGEST_GB:.0f} GB. "
                "Choose a smaller one."
            )
        folder = snapshot_download(  # the commit whose sizes were looked at, not what came since
            encoder, revision=found.sha, allow_patterns=FILES, ignore_patterns=OTHER_FORMATS
        )
        if revision is None:
            _remember(Path(folder))
        return Path(folder)
    except UnsafeModel:
        raise
    except Exception as error:  # of the hub, the connection and the disk
        raise ModelMissing(
            f"The encoder {encoder} could not be fetched ({type(error).__name__}). "
            "Check the id, and whether it needs a login."
        ) from error
