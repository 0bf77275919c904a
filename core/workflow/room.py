"""Whether the disk has room for what a training writes."""

import shutil
from pathlib import Path

from core.domain import BETTER, TrainingOptions
from core.errors import DiskFull
from core.models.memory import Shape

LEAST_MB = 600
# Of the weights of the encoder: three states of weights, their mean and two moments each, the best weights
# of three epochs, and the model; the vocabulary in use is half. A fold that is done keeps the state before.
COPIES, COPIES_OF_A_FOLD, FEW_COPIES = 8.5, 3.5, 2


def needed_mb(options: TrainingOptions, shape: Shape, folds: int) -> int:
    """What a training of `folds` folds beside its own model may write at most."""
    weights_mb = 4 * shape.weights / 2**20
    few = options.mode != BETTER or options.frozen_layers or options.adapter_rank
    return max(LEAST_MB, int(weights_mb * (FEW_COPIES if few else COPIES + COPIES_OF_A_FOLD * folds)))


def check_room(folder: Path, needed: int = LEAST_MB) -> None:
    """`folder` of the run; what lies there already need not be written again. Raises DiskFull."""
    written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    missing = needed - written // 2**20
    free = shutil.disk_usage(folder.parent).free // 2**20
    if free < missing:
        raise DiskFull(
            f"The disk has {free:,} MB left and this training needs {missing:,} MB. "
            "Delete old runs on the Runs page, or move the data folder."
        )
