"""Trains a small BiLSTM, which saves its state at every step, in forked children; prints JSON.

`python killed_bilstm.py FOLDER K ...`: one child is left alone; then, in another folder, one after the other
kills itself at its K-th file operation, and the last ends by itself.
"""

import hashlib
import json
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


def child(folder: Path, last: int = 0) -> tuple[int, str]:
    """The signal that ended it, and the hash it came to, "" if it did not come so far."""
    answer = folder.with_suffix(".txt")
    answer.write_text("")
    pid = os.fork()
    if not pid:
        if last:
            kill_at(last)
        answer.write_text(train(folder))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), answer.read_text()


def main(folder: str, *kills: str) -> None:
    whole = child(Path(folder, "whole"))
    killed = [child(Path(folder, "killed"), int(last)) for last in (*kills, 0)]
    print(json.dumps({"whole": whole, "killed": killed}))


if __name__ == "__main__":
    main(*sys.argv[1:])
