"""The state of a training on disk, so that a killed one goes on: safetensors and JSON only."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from core.domain import CurvePoint
from core.models.bundled import file_sha256

MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Progress:
    step: int = 0
    best_epoch: int = 0
    best_f1: float = -1.0
    curve: tuple[CurvePoint, ...] = ()
    losses: tuple[float, ...] = ()  # of the steps since the last point of the curve

    def at(self, step: int, losses: Sequence[float]) -> "Progress":
        return replace(self, step=step, losses=tuple(losses))

    def with_point(self, point: CurvePoint) -> "Progress":
        return replace(self, curve=(*self.curve, point))

    def with_best(self, epoch: int, f1: float) -> "Progress":
        return replace(self, best_epoch=epoch, best_f1=f1)


def save(folder: Path, progress: Progress, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Weights and moments into a new folder, hashes last, then one rename."""
    target = folder / f"state-{progress.step:08d}"
    temporary = folder / f".{target.name}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    _write(temporary / "weights.safetensors", _weights(model))
    _write(temporary / "moments.safetensors", _moments(optimiser))
    hashes = {name: file_sha256(temporary / name) for name in ("weights.safetensors", "moments.safetensors")}
    text = json.dumps({"progress": asdict(progress), "sha256": hashes})
    (temporary / "state.json").write_text(text, encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(temporary, target)
    for older in sorted(folder.glob("state-*"))[:-2]:  # the one before stays, should this be damaged
        shutil.rmtree(older)


def load(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer) -> Progress | None:
    """The newest state that is whole, put into `model` and `optimiser`; None when there is none."""
    for state in sorted(folder.glob("state-*"), reverse=True):
        progress = _read(state, model, optimiser)
        if progress is not None:
            return progress
    return None


def _read(state: Path, model: nn.Module, optimiser: torch.optim.Optimizer) -> Progress | None:
    try:
        written = json.loads((state / "state.json").read_text(encoding="utf-8"))
        if any(file_sha256(state / name) != found for name, found in written["sha256"].items()):
            return None
        weights, moments = load_file(state / "weights.safetensors"), load_file(state / "moments.safetensors")
        best = load_file(state.parent / f"best-{written['progress']['best_epoch']}.safetensors")
    except (OSError, ValueError, KeyError, SafetensorError):
        return None  # cut or damaged: an older state or the start serves instead
    if not (_fits(model, weights) and _fits(model, best)):
        return None
    _put_weights(model, weights)
    _put_moments(optimiser, moments)
    values = written["progress"]
    values["curve"] = tuple(CurvePoint(**point) for point in values["curve"])
    values["losses"] = tuple(values["losses"])
    return Progress(**values)


def _fits(model: nn.Module, weights: dict[str, torch.Tensor]) -> bool:
    return {name: weight.shape for name, weight in model.named_parameters()} == {
        name: weight.shape for name, weight in weights.items()
    }


def save_best(folder: Path, epoch: int, model: nn.Module) -> None:
    """The weights of one epoch. The earlier best stays: an older state may still point to it."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"best-{epoch}.safetensors", _weights(model))


def load_best(folder: Path, epoch: int, model: nn.Module) -> None:
    _put_weights(model, load_file(folder / f"best-{epoch}.safetensors"))


def _weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().cpu().contiguous() for name, weight in model.named_parameters()}


def _put_weights(model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(weights[name])


def _moments(optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    state = optimiser.state_dict()["state"]
    return {
        f"{number}.{name}": moments[name].detach().cpu().contiguous()
        for number, moments in state.items()
        for name in MOMENTS
    }


def _put_moments(optimiser: torch.optim.Optimizer, moments: dict[str, torch.Tensor]) -> None:
    whole = optimiser.state_dict()
    numbers = {int(key.split(".")[0]) for key in moments}
    whole["state"] = {number: {name: moments[f"{number}.{name}"] for name in MOMENTS} for number in numbers}
    optimiser.load_state_dict(whole)


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    temporary = path.with_name(f".{path.name}")
    save_file(tensors, temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)
