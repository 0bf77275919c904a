"""Trains a small BiLSTM that saves its state at every step; prints a hash of what it comes to.

`python killed_bilstm.py FOLDER [K]`: with K the process kills itself at its K-th file operation.
"""

import hashlib
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from core.domain import TrainingOptions
from core.training import resume
from core.training.bilstm_fit import fit_bilstm
from core.training.material import Material

EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")


def kill_at(last: int) -> None:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)

    real_sync, real_write = os.fsync, resume.save_file
    os.fsync = lambda descriptor: (tick(), real_sync(descriptor))[1]
    resume.save_file = lambda *arguments: (tick(), real_write(*arguments))[1]
    sys.addaudithook(lambda event, arguments: tick() if event in EVENTS else None)


def train(folder: Path) -> str:
    torch.set_num_threads(1)
    truth = np.eye(2, dtype=bool)[np.arange(30) % 2]
    texts = [f"the app is {('slow', 'cheap')[row % 2]} {row // 4}" for row in range(30)]
    options = TrainingOptions(epochs=1, batch_tokens=64)
    material = Material(texts, truth, ("slow", "price"), False, options)
    found = fit_bilstm(material, np.arange(24), np.arange(24, 30), folder=folder, save_seconds=-1.0)
    weights = hashlib.sha256(repr(found.curve).encode())
    for weight in found.model.network.state_dict().values():
        weights.update(weight.numpy().tobytes())
    return weights.hexdigest()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        kill_at(int(sys.argv[2]))
    print(train(Path(sys.argv[1])))
