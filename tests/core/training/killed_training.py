"""Fine-tunes and saves a tiny model in forked children that are killed; prints JSON.

`python killed_training.py ENCODER_FOLDER WORK_FOLDER operations|moments`. With `operations` a child is
killed at its k-th file operation and the training begun again in the same folder, for k = 1, 2, ... until
a child ends by itself; with `moments` children are killed by the clock.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

from core.domain import TrainingOptions
from core.models.classifier import Calibration, Classifier, Head
from core.models.device import Device
from core.models.encoder import load_encoder
from core.training import checkpoints, resume
from core.training.loop import Rows
from core.training.trainer import fine_tune

OPTIONS = TrainingOptions(mode="better", epochs=2, body_rate=5e-3, head_rate=0.05, batch_tokens=64)
WORDS = ["the", "app", "is", "again", "very", "never", "my"]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
MOMENTS = 12  # trainings that are killed by the clock


class Counter:
    """Kills this process when the file operation `last` is about to happen, or is half done."""

    def __init__(self, folder, last):
        self.folder, self.last, self.count = str(folder), last, 0

    def tick(self):
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(self, event, arguments):
        inside = bool(arguments) and str(arguments[0]).startswith(self.folder + os.sep)
        if inside and (event in EVENTS or (event == "open" and (arguments[2] or 0) & WRITES)):
            self.tick()

    def watch(self):
        sys.addaudithook(self.hook)
        real_sync = os.fsync
        os.fsync = lambda descriptor: (self.tick(), real_sync(descriptor))[1]
        for module in (resume, checkpoints):  # safetensors opens files unseen by Python
            module.save_file = self.half(module.save_file)

    def half(self, real):
        def save_file(arrays, path):
            self.tick()
            real(arrays, path)
            self.count += 1
            if self.count == self.last:
                os.truncate(path, Path(path).stat().st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)

        return save_file


def train(encoder, folder):
    """Hash of all weights of the saved model and its curve."""
    rng = np.random.default_rng(0)
    ends = ["invoice bill price", "slow crash crash"]
    texts = [f"{' '.join(rng.choice(WORDS, 2))} {ends[row % 2]}" for row in range(24)]
    truth = np.arange(24) % 2
    rows, validation = Rows(texts[:16], truth[:16]), Rows(texts[16:], truth[16:])
    head = Head(np.zeros((2, 32), np.float32), np.zeros(2, np.float32))  # so bad that training is better
    found = fine_tune(encoder, head, rows, validation, OPTIONS, folder / "training", save_seconds=-1.0)
    model = Classifier(encoder, found.head, ("a", "b"), Calibration(1.0, (0.0, 0.0)))
    checkpoints.save(folder / "checkpoint", model, {}, True)
    again = checkpoints.load(folder / "checkpoint", encoder.device, None)
    weights = hashlib.sha256()
    for weight in again.encoder.model.state_dict().values():
        weights.update(weight.numpy().tobytes())
    weights.update(again.head.weight.tobytes() + repr(found.curve).encode())
    return {"weights": weights.hexdigest(), "best": found.best_epoch, "points": len(found.curve)}


def child(encoder, folder, last=0):
    """The process id of a child that trains in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    pid = os.fork()
    if pid:
        return pid
    counter = Counter(folder, last)
    counter.watch()
    result = train(encoder, folder)
    (folder.with_suffix(".json")).write_text(json.dumps({**result, "operations": counter.count}))
    os._exit(0)


def ended(pid):
    """Whether the child ended by itself; an error ends this program."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return False
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit("a child failed")
    return True


def result_of(folder):
    return json.loads(folder.with_suffix(".json").read_text())


def whole(encoder, folder):
    ended(child(encoder, folder))
    return result_of(folder)


def at_operations(encoder, work):
    results, last = [], 1
    while not ended(child(encoder, work / f"k{last}", last)):
        results.append(whole(encoder, work / f"k{last}")["weights"])
        last += 1
    return results


def at_moments(encoder, work, seconds):
    results, draw = [], random.Random(0)
    for number in range(MOMENTS):
        folder, kills = work / f"m{number}", 0
        while True:
            pid = child(encoder, folder)
            if kills < 3:
                time.sleep(draw.uniform(0, seconds))
                os.kill(pid, signal.SIGKILL)
            kills += 1
            if ended(pid):
                break
        results.append(result_of(folder)["weights"])
    return results


def main(encoder_folder, work, what):
    torch.set_num_threads(1)
    work = Path(work)
    encoder = load_encoder(Path(encoder_folder), "tiny", "abc", Device("cpu", False, ""), 16)
    reference = whole(encoder, work / "whole")
    begun = time.monotonic()
    whole(encoder, work / "timed")
    seconds = time.monotonic() - begun
    found = at_operations(encoder, work) if what == "operations" else at_moments(encoder, work, 1.1 * seconds)
    print(json.dumps({"reference": reference, "found": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
