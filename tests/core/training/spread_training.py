"""Fine-tunes a tiny model in each of several processes: `python spread_training.py 2 ENCODER WORK OUT`."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from core.domain import TrainingOptions
from core.models import multi_gpu
from core.models.classifier import Head
from core.models.device import Device
from core.models.encoder import load_encoder
from core.training.trainer import Rows, fine_tune

ENDS = ["invoice bill price", "slow crash crash"]
OPTIONS = TrainingOptions(mode="better", epochs=2, body_rate=5e-3, head_rate=0.05, batch_tokens=64)


def train(encoder_folder, work, out):
    torch.set_num_threads(1)
    multi_gpu.join(on_cpu=True)
    texts = [f"the app is {'very ' * (row % 3)}{ENDS[row % 2]}" for row in range(25)]
    train, validation = Rows(texts[:17], np.arange(17) % 2), Rows(texts[17:], np.arange(17, 25) % 2)
    encoder = load_encoder(Path(encoder_folder), "tiny", "abc", Device("cpu", False, ""), 16)
    head = Head(np.zeros((2, 32), np.float32), np.zeros(2, np.float32))
    found = fine_tune(encoder, head, train, validation, OPTIONS, Path(work), save_seconds=-1.0)
    losses = [point.loss for point in found.curve if point.loss is not None]
    said = {"weights": found.head.weight.tolist(), "best": found.best_epoch, "losses": losses}
    place = torch.distributed.get_rank() if multi_gpu.together() else 0
    (Path(out) / f"{place}.json").write_text(json.dumps(said))


def main(processes, *folders):
    if processes == "1":
        train(*folders)
    else:
        from accelerate import debug_launcher

        debug_launcher(train, folders, num_processes=int(processes))


if __name__ == "__main__":
    main(*sys.argv[1:])
