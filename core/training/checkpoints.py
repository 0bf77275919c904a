"""The folder a run leaves: weights, tokenizer, labels, calibration, and a manifest with hashes."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.errors import Damaged
from core.models import files
from core.models.classifier import Calibration, Classifier, Head, Platt, TextModel
from core.models.device import Device
from core.models.encoder import Encoder, load_encoder
from core.models.files import MANIFEST, damage, file_sha256, sync, sync_all
from core.models.without import Without

HEAD, ENCODER = "head.safetensors", "encoder"
CALIBRATIONS = {"bcts": Calibration, "platt": Platt}
FindEncoder = Callable[[str, int, str], Encoder]  # (name, max_tokens, revision)


@dataclass(frozen=True)
class Saved:
    folder: Path
    manifest_sha256: str


def save(folder: Path, model: TextModel, about: Mapping, tuned: bool) -> Saved:
    """Write to a temporary folder beside, sync, rename, read back.

    A checkpoint whose encoder was not tuned names the encoder and its revision instead of copying it.
    Raises Damaged when what was read back is not what was written.
    """
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    manifest = {
        **about,
        "kind": model.kind,
        "labels": list(model.labels),
        "multi": model.multi,
        "calibration": _calibration_values(model.calibration),
    }
    if model.kind == Classifier.kind:
        manifest["encoder"] = _write_classifier(temporary, model, tuned)
    else:
        model.write(temporary)
    manifest["files"] = _hashes(temporary)
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (temporary / MANIFEST).write_text(text, encoding="utf-8")
    sync_all(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(temporary, folder)
    sync(folder.parent)
    read_manifest(folder)
    return Saved(folder, file_sha256(folder / MANIFEST))


def _write_classifier(folder: Path, model: Classifier, tuned: bool) -> dict:
    encoder = model.encoder
    arrays = {"weight": model.head.weight, "bias": model.head.bias}
    save_file(
        {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}, folder / HEAD
    )
    if tuned:
        encoder.model.save_pretrained(folder / ENCODER)
        encoder.tokenizer.save_pretrained(folder / ENCODER)
    return {
        "name": encoder.name,
        "revision": encoder.revision,
        "tuned": tuned,
        "max_tokens": encoder.max_tokens,
    }


def _calibration_values(calibration: Calibration | Platt) -> dict:
    kind = next(kind for kind, found in CALIBRATIONS.items() if isinstance(calibration, found))
    return {"kind": kind, **asdict(calibration)}


def read_manifest(folder: Path, manifest_sha256: str = "") -> dict:
    """The manifest, after every file's hash was checked. Raises Damaged naming the file."""
    return files.read_manifest(folder, damage, manifest_sha256)


def load(folder: Path, device: Device, find_encoder: FindEncoder, manifest_sha256: str = "") -> TextModel:
    """The model of a checkpoint, whatever its kind. `find_encoder(name, max_tokens, revision)` finds an
    encoder that was not tuned.

    Raises Damaged, or the errors of `find_encoder`.
    """
    manifest = read_manifest(folder, manifest_sha256)
    try:
        about = {
            **manifest,
            "kind": manifest.get("kind", Classifier.kind),  # older manifests know encoders alone
            "labels": tuple(manifest["labels"]),
            "multi": manifest.get("multi", False),
            "calibration": _calibration(manifest["calibration"]),
        }
        read = READERS[about["kind"]]
    except (KeyError, TypeError) as error:
        raise Damaged(damage(MANIFEST)) from error
    return _blind(read(folder, about, device, find_encoder), about.get("without", ()))


def _blind(model: TextModel, words: Sequence[str]) -> TextModel:
    """The model that does not read the words it was trained without."""
    if not words:
        return model
    if model.kind == Classifier.kind:
        return replace(model, encoder=model.encoder.reading_without(words))
    return replace(model, without=Without(tuple(words)))


def _calibration(values: Mapping) -> Calibration | Platt:
    kind = CALIBRATIONS[values.get("kind", "bcts")]
    found = {name: value for name, value in values.items() if name != "kind"}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})


def _read_classifier(folder: Path, about: dict, device: Device, find_encoder: FindEncoder) -> Classifier:
    try:
        arrays = load_file(folder / HEAD)
        head = Head(arrays["weight"], arrays["bias"], about["multi"])
    except (OSError, SafetensorError, KeyError) as error:
        raise Damaged(damage(HEAD)) from error
    try:
        named = about["encoder"]
        name, revision, tuned = str(named["name"]), str(named["revision"]), bool(named["tuned"])
        max_tokens = int(named["max_tokens"])
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(damage(MANIFEST)) from error
    if tuned:
        encoder = load_encoder(folder / ENCODER, name, revision, device, max_tokens)
    else:
        encoder = find_encoder(name, max_tokens, revision)
        if encoder.revision != revision:
            raise Damaged("The encoder on this machine is another version than the run used. Train again.")
    return Classifier(encoder, head, about["labels"], about["calibration"])


def _read_tfidf(folder: Path, about: dict, device: Device, _: FindEncoder) -> TextModel:
    from core.models import linear_text

    return linear_text.read(folder, about, device)


def _read_bilstm(folder: Path, about: dict, device: Device, _: FindEncoder) -> TextModel:
    from core.models import bilstm

    return bilstm.read(folder, about, device)


READERS = {"encoder": _read_classifier, "tfidf": _read_tfidf, "bilstm": _read_bilstm}


def _hashes(folder: Path) -> dict[str, dict]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): {"sha256": file_sha256(path), "bytes": path.stat().st_size}
        for path in files
    }
