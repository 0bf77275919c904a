"""One of several processes that share a fine-tuning: `python -m core.training.rank`.

`together` starts it and says what goes in and comes out.
"""

import ctypes
import json
import os
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors.numpy import load

from core.domain import CurvePoint, TrainingOptions
from core.errors import AppError, Paused

PR_SET_PDEATHSIG = 1


class Asker:
    """The process that asked, at the other end of two pipes."""

    def __init__(self, words: BinaryIO, answers: int):
        self._words, self._answers = words, answers
        self._pause = threading.Event()
        self._told = 0  # points of the curve

    def request(self) -> tuple[dict, dict[str, np.ndarray]]:
        lengths = [int(length) for length in self._words.readline().split()]
        said, numbers = (self._words.read(length) for length in lengths)
        return json.loads(said), load(numbers)

    def watch(self) -> None:
        """End with the process that asked, and hear of a pause."""
        if sys.platform == "linux":  # a thread has no turn while a large library is loaded
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        threading.Thread(target=self._watch, name="asker", daemon=True).start()

    def _watch(self) -> None:
        while self._words.read(1):
            self._pause.set()
        os._exit(1)  # it is gone, and nobody would ever end this process

    def say(self, **words: object) -> None:
        left = json.dumps(words).encode() + b"\n"
        while left:
            left = left[os.write(self._answers, left) :]

    def on_step(self, step: int, steps: int, curve: tuple[CurvePoint, ...]) -> None:
        """Raises Paused once that was asked for."""
        self.say(step=step, steps=steps, curve=[asdict(point) for point in curve[self._told :]])
        self._told = len(curve)
        if self._pause.is_set():
            raise Paused("This job was paused.")


def main() -> None:
    # What libraries print may quote comments, so it goes nowhere.
    answers, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    asker = Asker(sys.stdin.buffer, answers)
    said, arrays = asker.request()
    asker.watch()
    try:
        learn(said, arrays, asker)
    except Paused:
        asker.say(paused=True)
    except AppError as error:
        asker.say(error={"kind": type(error).__name__, "sentence": str(error)})
    except Exception as error:
        places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        asker.say(error={"kind": type(error).__name__, "frames": places})
    threading.Event().wait()  # to be ended: tidying up the ties to processes that are gone may hang


def learn(said: dict, arrays: dict[str, np.ndarray], asker: Asker) -> None:
    from core.models import multi_gpu
    from core.models.catalog import open_encoder
    from core.models.classifier import Head
    from core.models.device import Device, use_threads
    from core.training import loop

    use_threads(said["threads"])
    device = Device(multi_gpu.join(said["on_cpu"], Path(said["meeting"])), said["bf16"], "")
    asked = said["encoder"]
    encoder = open_encoder(asked["name"], device, asked["max_tokens"], revision=asked["revision"])
    encoder = encoder.reading_without(said["unread"])
    head = Head(arrays["weight"], arrays["bias"], said["multi"])
    train = loop.Rows(said["texts"]["train"], arrays["train"])
    validation = loop.Rows(said["texts"]["validation"], arrays["validation"], arrays.get("vectors"))
    options = TrainingOptions(**{**said["options"], "without": tuple(said["options"]["without"])})
    steps = loop.Loop(encoder, head, train, validation, options, Path(said["folder"]))
    if multi_gpu.is_first():
        loop.learn(steps, asker.on_step, said["save_seconds"])
        asker.say(done=True)
    else:  # the first may still be writing the last state when this one is done
        loop.learn(steps, lambda step, steps, curve: None, said["save_seconds"])


if __name__ == "__main__":
    main()
