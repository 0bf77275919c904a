"""The folder a run leaves: weights, tokenizer, labels, calibration, and a manifest with hashes."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.errors import Damaged
from core.models.bundled import file_sha256
from core.models.classifier import Calibration, Classifier, Head
from core.models.device import Device
from core.models.encoder import Encoder, load_encoder

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Saved:
    folder: Path
    manifest_sha256: str


def save(
    folder: Path,
    encoder: Encoder,
    head: Head,
    labels: tuple[str, ...],
    calibration: Calibration,
    tuned: bool,
    about: dict,
) -> Saved:
    """Write to a temporary folder beside, sync, rename, read back.

    A checkpoint whose encoder was not tuned names the encoder and its revision instead of copying it.
    Raises Damaged when what was read back is not what was written.
    """
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    save_file(
        {
            "weight": np.ascontiguousarray(head.weight, np.float32),
            "bias": np.ascontiguousarray(head.bias, np.float32),
        },
        temporary / "head.safetensors",
    )
    if tuned:
        encoder.model.save_pretrained(temporary / "encoder")
        encoder.tokenizer.save_pretrained(temporary / "encoder")
    manifest = {
        **about,
        "labels": list(labels),
        "calibration": asdict(calibration),
        "encoder": {
            "name": encoder.name,
            "revision": encoder.revision,
            "tuned": tuned,
            "max_tokens": encoder.max_tokens,
        },
        "files": _hashes(temporary),
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (temporary / MANIFEST).write_text(text, encoding="utf-8")
    _sync(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(temporary, folder)
    read_manifest(folder)
    return Saved(folder, file_sha256(folder / MANIFEST))


def read_manifest(folder: Path, manifest_sha256: str = "") -> dict:
    """The manifest, after every file's hash was checked.

    Raises Damaged naming the file that is missing or changed.
    """
    try:
        if manifest_sha256 and file_sha256(folder / MANIFEST) != manifest_sha256:
            raise Damaged(_damage(MANIFEST))
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for name, known in manifest["files"].items():
            path = folder / name
            if not path.is_file() or file_sha256(path) != known["sha256"]:
                raise Damaged(_damage(name))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(_damage(MANIFEST)) from error
    return manifest


def load(folder: Path, device: Device, open_encoder, manifest_sha256: str = "") -> Classifier:
    """The classifier of a checkpoint. `open_encoder(name, max_tokens, revision)` finds an encoder that
    was not tuned.

    Raises Damaged, or the errors of `open_encoder`.
    """
    manifest = read_manifest(folder, manifest_sha256)
    try:
        arrays = load_file(folder / "head.safetensors")
        head = Head(arrays["weight"], arrays["bias"])
    except (SafetensorError, KeyError) as error:
        raise Damaged(_damage("head.safetensors")) from error
    about = manifest["encoder"]
    if about["tuned"]:
        encoder = load_encoder(
            folder / "encoder", about["name"], about["revision"], device, about["max_tokens"]
        )
    else:
        encoder = open_encoder(about["name"], about["max_tokens"], about["revision"])
        if encoder.revision != about["revision"]:
            raise Damaged("The encoder on this machine is another version than the run used. Train again.")
    values = manifest["calibration"]
    calibration = Calibration(values["temperature"], tuple(values["bias"]))
    return Classifier(encoder, head, tuple(manifest["labels"]), calibration)


def _hashes(folder: Path) -> dict[str, dict]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): {"sha256": file_sha256(path), "bytes": path.stat().st_size}
        for path in files
    }


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _damage(name: str) -> str:
    return f"The model's file {name} is missing or damaged. Train again, or choose another run."
