"""The state of a training on disk, so that a killed one goes on: safetensors and JSON only."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from core.domain import CurvePoint
from core.errors import Damaged
from core.models.files import file_sha256, sync
from core.training.averaging import Average

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
LOGITS = "validation_logits"  # among the weights of an epoch
KEPT = 2  # states: the one before stays, should the newest be damaged
WEIGHTS, MOMENTS_FILE, STATE = "weights.safetensors", "moments.safetensors", "state.json"
MEAN = "mean.safetensors"


@dataclass(frozen=True)
class Progress:
    step: int = 0
    judged: int = -1  # the last epoch scored on the validation rows; 0 is Quick
    best_epoch: int = 0
    best_f1: float = -1.0
    best_sha256: str = ""  # of the file with the weights of the best epoch
    # Of a fine-tuning; surprise: negative log-likelihood of the validation labels by calibrated answers.
    start_f1: float = -1.0  # of epoch 0
    start_surprise: float = math.inf  # the same, mean
    likeliest: tuple[float, ...] = ()  # surprise of each row at the later epoch with the lowest mean
    likeliest_epoch: int = 0
    curve: tuple[CurvePoint, ...] = ()
    losses: tuple[float, ...] = ()  # of the steps since the last point of the curve
    threads: int = 0  # of torch, which cuts its sums by them; 0: of a state that did not say
    bf16: bool | None = None  # whether products were in bfloat16
    finished: bool = False  # nothing is left to learn: of all weights the best ones are enough

    def at(self, step: int, losses: Sequence[float]) -> "Progress":
        return replace(self, step=step, losses=tuple(losses))

    def with_point(self, point: CurvePoint) -> "Progress":
        return replace(self, curve=(*self.curve, point))

    def with_best(self, epoch: int, f1: float) -> "Progress":
        """A better one than before, not on disk yet."""
        return replace(self, best_epoch=epoch, best_f1=f1, best_sha256="")

    def with_judged(self, epoch: int, f1: float = 0.0, surprised: np.ndarray | None = None) -> "Progress":
        """`surprised` (validation rows,): of this epoch, where epochs are compared by it."""
        judged = replace(self, judged=epoch)
        if surprised is None:
            return judged
        if epoch == 0:
            return replace(judged, start_f1=f1, start_surprise=float(surprised.mean()))
        if self.likeliest and not surprised.mean() < np.mean(self.likeliest):
            return judged
        return replace(judged, likeliest=tuple(surprised.tolist()), likeliest_epoch=epoch)


def save(
    folder: Path,
    progress: Progress,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    best: tuple[Mapping[str, torch.Tensor], np.ndarray] | None,
    average: Average | None = None,
) -> Progress:
    """Weights, their mean and moments into a new folder, hashes last, all synced, then one rename. Of a
    training that is finished none is needed any more.

    `best`: weights and validation logits (rows, labels) of the best epoch, written before it where they do
    not lie there already. Returns the progress that knows them by their hash.
    """
    target = folder / f"state-{progress.step:08d}"
    temporary = folder / f".{target.name}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    known = progress.best_sha256
    try:
        progress = replace(progress, best_sha256=known or save_best(folder, progress.best_epoch, *best))
        files = {}
        if not progress.finished:
            files = {WEIGHTS: weights_of(model), MOMENTS_FILE: _moments(optimiser)}
            if average is not None:
                files[MEAN] = {name: weight.cpu().contiguous() for name, weight in average.weights.items()}
        for name, tensors in files.items():
            _write(temporary / name, tensors)
        hashes = {name: file_sha256(temporary / name) for name in files}
        _write_state(temporary / STATE, {"progress": asdict(progress), "sha256": hashes})
        sync(temporary)
    except Exception:  # it is half written: a full disk needs the room
        shutil.rmtree(temporary, ignore_errors=True)
        if not known:
            _best_path(folder, progress.best_epoch).unlink(missing_ok=True)
        raise
    shutil.rmtree(target, ignore_errors=True)
    os.replace(temporary, target)
    sync(folder)
    _drop_older(folder)
    return progress


def load(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    bf16: bool,
    average: Average | None = None,
) -> Progress | None:
    """The newest state that is whole, put into `model`, `optimiser` and `average`; None when there is none.

    A state of the other precision is not used: what came of it would be neither the one training nor the
    other.
    """
    for state in sorted(folder.glob("state-*"), reverse=True):
        progress = _read(state, model, optimiser, bf16, average)
        if progress is not None:
            return progress
    return None


def drop_newer(folder: Path, progress: Progress | None) -> None:
    """Remove the states that `load` passed over to come to `progress`: by their numbers they would outlive
    those that follow, and the best weights these need would go."""
    for state in folder.glob("state-*"):
        if progress is None or int(state.name.removeprefix("state-")) > progress.step:
            shutil.rmtree(state)


def _read(
    state: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    bf16: bool,
    average: Average | None,
) -> Progress | None:
    try:
        written = _read_state(state / STATE)
        progress = _progress(written["progress"])
        if any(file_sha256(state / name) != found for name, found in written["sha256"].items()):
            return None
        best = _read_best(state.parent, progress)
        del best[LOGITS]
        weights, moments, mean = best, None, None
        if not progress.finished:
            weights, moments = load_file(state / WEIGHTS), load_file(state / MOMENTS_FILE)
            mean = load_file(state / MEAN) if average is not None else None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, Damaged):
        return None  # cut or damaged: an older state or the start serves instead
    whole = all(_fits(model, found) for found in (weights, best, mean) if found is not None)
    if progress.bf16 not in (None, bf16) or not whole:
        return None
    put_weights(model, weights)
    if moments is not None:
        _put_moments(optimiser, moments)
    if mean is not None:
        average.put(mean)
    return progress


def _progress(values: dict) -> Progress:
    values["curve"] = tuple(CurvePoint(**point) for point in values["curve"])
    if math.isfinite(values.pop("best_surprise", math.inf)):
        raise ValueError("an earlier version chose its best epoch by something else")
    for name in ("losses", "likeliest"):
        values[name] = tuple(values.get(name, ()))
    return Progress(**values)


def save_best(folder: Path, epoch: int, weights: Mapping[str, torch.Tensor], logits: np.ndarray) -> str:
    """The weights of one epoch and what it says of the validation rows, (rows, labels); returns the file's
    SHA-256. The earlier best stays: an older state may still point to it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _best_path(folder, epoch)
    _write(path, {**weights, LOGITS: torch.from_numpy(np.ascontiguousarray(logits))})
    sync(folder)
    return file_sha256(path)


def load_best(folder: Path, progress: Progress, model: nn.Module) -> np.ndarray:
    """Put the weights of the best epoch into `model`; returns its logits of the validation rows.

    Raises Damaged when the file is not what was written.
    """
    best = _read_best(folder, progress)
    logits = best.pop(LOGITS).numpy()
    put_weights(model, best)
    return logits


def _read_best(folder: Path, progress: Progress) -> dict[str, torch.Tensor]:
    path = _best_path(folder, progress.best_epoch)
    if not path.is_file() or file_sha256(path) != progress.best_sha256:
        raise Damaged(f"The training's file {path.name} is missing or damaged. Train again.")
    return load_file(path)


def _best_path(folder: Path, epoch: int) -> Path:
    return folder / f"best-{epoch}.safetensors"


def _drop_older(folder: Path) -> None:
    """States before the kept ones, and the best weights that no state points to."""
    states = sorted(folder.glob("state-*"))
    for older in states[:-KEPT]:
        shutil.rmtree(older)
    needed = set()
    for state in states[-KEPT:]:
        try:
            needed.add(_best_path(folder, _read_state(state / STATE)["progress"]["best_epoch"]))
        except (OSError, ValueError, KeyError, TypeError):
            return  # damaged: what it needed cannot be told, so all stays
    for path in set(folder.glob("best-*.safetensors")) - needed:
        path.unlink()


def _write_state(path: Path, content: dict) -> None:
    """JSON with a hash over itself."""
    text = json.dumps(content, sort_keys=True)
    own = hashlib.sha256(text.encode()).hexdigest()
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"own_sha256": own, "content": text}))
        file.flush()
        os.fsync(file.fileno())


def _read_state(path: Path) -> dict:
    """Raises OSError, or ValueError, KeyError or TypeError for a file that is not what was written."""
    written = json.loads(path.read_text(encoding="utf-8"))
    content = str(written["content"])
    if hashlib.sha256(content.encode()).hexdigest() != written["own_sha256"]:
        raise ValueError(f"{path.name} is damaged")
    return json.loads(content)


def _fits(model: nn.Module, weights: dict[str, torch.Tensor]) -> bool:
    return {name: weight.shape for name, weight in _learned(model).items()} == {
        name: weight.shape for name, weight in weights.items()
    }


def _learned(model: nn.Module) -> dict[str, nn.Parameter]:
    """Frozen weights need no copy: they are where the training begins."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def weights_of(model: nn.Module, copied: bool = False) -> dict[str, torch.Tensor]:
    """Those that are learned, in main memory; on the CPU the very ones that go on, unless `copied`."""
    learned = _learned(model).items()
    return {name: weight.detach().to("cpu", copy=copied).contiguous() for name, weight in learned}


def put_weights(model: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, weight in _learned(model).items():
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
    try:
        save_file(tensors, temporary)
        sync(temporary)
    except Exception:
        temporary.unlink(missing_ok=True)
        raise
    os.replace(temporary, path)
