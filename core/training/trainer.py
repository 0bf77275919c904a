"""Better: fine-tune the whole encoder, starting from Quick's head (LP-FT, Kumar et al. 2022)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain import CurvePoint, TrainingOptions
from core.errors import Damaged
from core.models import memory, multi_gpu
from core.models.classifier import Classifier, Head
from core.models.encoder import Encoder
from core.training import calibration, facts, together
from core.training.loop import Best, Loop, OnStep, Rows, learn
from core.training.material import Material
from core.training.quick import QuickFit
from core.training.tuned import settled

SAVE_SECONDS = 30.0


@dataclass(frozen=True)
class FineTuned:
    model: Classifier  # calibrated; of Quick when no epoch beat it
    best_epoch: int
    validation_logits: np.ndarray  # of the best epoch, before the calibration
    validation_f1: float | None
    curve: tuple[CurvePoint, ...]
    stopped_early: bool
    facts: Mapping[str, str]


def fine_tune_material(
    material: Material,
    train: np.ndarray,
    validation: np.ndarray,
    quick: QuickFit,
    folder: Path,
    on_step: OnStep = lambda step, steps, curve: None,
    save_seconds: float = SAVE_SECONDS,
) -> FineTuned:
    """Fine-tune a fresh encoder on the rows `train`; Quick unless it is beaten on the rows `validation`.

    Where its device is several, a process on each shares every batch. Raises what `on_step` raises; see
    `fine_tune`.
    """
    encoder, options = material.open_encoder(), material.options
    parts = [
        Rows(material.texts_of(rows), material.truth[rows], material.vectors[rows])
        for rows in (train, validation)
    ]
    processes = _processes(encoder, options, len(train), len(validation))
    if processes > 1:  # what they leave in the folder is a training that only has to be finished here
        together.learn(processes, encoder, quick.start, *parts, options, folder, on_step, save_seconds)
        on_step = _not_again
    found = fine_tune(encoder, quick.start, *parts, options, folder, on_step, save_seconds)
    if found.best_epoch == 0:  # Quick's final head also learned from the validation rows
        model = Classifier(encoder, quick.final, material.labels, quick.calibration)
    else:
        fitted = calibration.fit(found.validation_logits, parts[1].truth, material.multi)
        model = Classifier(encoder, found.head, material.labels, fitted)
    return FineTuned(
        model,
        found.best_epoch,
        found.validation_logits,
        found.validation_f1,
        found.curve,
        found.stopped_early,
        facts.of_better(settled(options, encoder), found.steps, len(train), processes),
    )


def _not_again(step: int, steps: int, curve: tuple[CurvePoint, ...]) -> None:
    raise Damaged("What the processes of this training learned cannot be read. Train again.")


def _processes(encoder: Encoder, options: TrainingOptions, train: int, validation: int) -> int:
    device = encoder.device
    if not validation or not isinstance(device, multi_gpu.Devices):
        return 1
    shape = memory.shape_of(encoder.model.config.to_dict())
    step_flop = 6 * shape.layers * shape.layer_weights * options.batch_tokens
    return device.processes_for(train * options.epochs, step_flop=step_flop)


def fine_tune(
    encoder: Encoder,
    quick: Head,
    train: Rows,
    validation: Rows,
    options: TrainingOptions,
    folder: Path,
    on_step: OnStep = lambda step, steps, curve: None,
    save_seconds: float = SAVE_SECONDS,
) -> Best:
    """Train in place and leave `encoder` with the weights of the best epoch, Quick included.

    `on_step(step, steps, curve)` after each step may raise to stop; Paused is raised on once the state
    is saved. State goes to `folder` every `save_seconds` and at the end; the same call after a kill or a
    pause goes on from there. Without validation rows nothing can show that an epoch is better
    than Quick: the encoder stays as it is.
    """
    if not len(validation.texts):
        return Best(quick, 0, np.zeros((0, len(quick.weight))), None, (), False, 0)
    loop = Loop(encoder, quick, train, validation, options, folder)
    return loop.best(learn(loop, on_step, save_seconds))
