"""TF-IDF and BiLSTM as Roadlens keeps them: JSON and safetensors, no other program needed to look inside."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from core.models.classifier import Platt, TextModel


def write(model: TextModel, folder: Path, made: Mapping[str, Path]) -> None:
    model.write(folder)


def about(model: TextModel) -> dict:
    """What a checkpoint's manifest says as well, so that both open the same way."""
    found = model.calibration
    kind = "platt" if isinstance(found, Platt) else "bcts"
    return {
        "kind": model.kind,
        "labels": list(model.labels),
        "multi": model.multi,
        "without": list(model.without.words),
        "calibration": {"kind": kind, **asdict(found)},
    }
