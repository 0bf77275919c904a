"""A fine-tuning in several processes, from the side of the one that asks for it; `rank` is the other side.

Each process gets the whole request on its standard input and knows by its end that nobody asks any more.
Each may answer a line of JSON with an {"error"}; the first also {"step", "steps", "curve": new points} and at
the end {"paused"} or {"done"}.
What they learned is in the folder of the training afterwards, like the state of one that was paused.
"""

import json
import logging
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

from core import errors
from core.config import LIBRARIES
from core.domain import CurvePoint, TrainingOptions
from core.errors import AppError, Paused
from core.models import multi_gpu
from core.models.classifier import Head
from core.models.encoder import Encoder
from core.training.loop import OnStep, Rows

RANK = (sys.executable, "-m", "core.training.rank")
ROOT = Path(__file__).resolve().parents[2]
LOG = logging.getLogger(__name__)


def learn(
    processes: int,
    encoder: Encoder,
    head: Head,
    train: Rows,
    validation: Rows,
    options: TrainingOptions,
    folder: Path,
    on_step: OnStep,
    save_seconds: float,
) -> None:
    """Take all steps of `trainer.fine_tune`, which has the same arguments, and leave the last state in
    `folder`. `encoder` stays as it is: each process opens its own.

    Raises what `on_step` raises, what a process raised, and AppError when one ended early.
    """
    folder.mkdir(parents=True, exist_ok=True)
    meeting = folder / "meeting"
    meeting.unlink(missing_ok=True)  # of processes that were killed
    threads = max(1, torch.get_num_threads() // processes)
    said = {
        "encoder": {"name": encoder.name, "revision": encoder.revision, "max_tokens": encoder.max_tokens},
        "unread": list(encoder.without.words),
        "bf16": encoder.device.bf16,
        "on_cpu": encoder.device.on_cpu,
        "threads": threads,
        "multi": head.multi,
        "texts": {"train": list(train.texts), "validation": list(validation.texts)},
        "options": asdict(options),
        "folder": str(folder.resolve()),
        "meeting": str(meeting.resolve()),
        "save_seconds": save_seconds,
    }
    arrays = {
        "weight": head.weight,
        "bias": head.bias,
        "train": train.truth,
        "validation": validation.truth,
    }
    if validation.vectors is not None:
        arrays["vectors"] = validation.vectors
    multi_gpu.make_room()
    ranks = Ranks()
    try:
        ranks.start(processes, threads)
        ranks.ask(request(said, arrays))
        _follow(ranks, on_step)
    finally:
        ranks.end()
        meeting.unlink(missing_ok=True)


def request(said: Mapping, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The lengths of two parts in a line of their own, then JSON, then safetensors."""
    words = json.dumps(said).encode()
    numbers = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return f"{len(words)} {len(numbers)}\n".encode() + words + numbers


def _follow(ranks: "Ranks", on_step: OnStep) -> None:
    """Until the training is done. After a pause until its state is saved, then Paused goes on."""
    curve: tuple[CurvePoint, ...] = ()
    pause: Paused | None = None
    for said in ranks.lines():
        if "step" in said:
            curve += tuple(CurvePoint(**point) for point in said["curve"])
            if pause is None:
                try:
                    on_step(said["step"], said["steps"], curve)
                except Paused as error:
                    pause = error
                    ranks.pause()
        elif "error" in said:
            raise _error(said["error"], ranks)
        else:  # the first is done or paused: all that it takes to go on is on the disk
            break
    if pause is not None:
        raise pause


def _error(told: Mapping, ranks: "Ranks") -> AppError:
    kind = getattr(errors, told["kind"], None)
    if isinstance(kind, type) and issubclass(kind, AppError):
        return kind(told["sentence"])
    LOG.warning("a process of the training failed: %s %s", told["kind"], told["frames"])
    return ranks.ended_early(told["kind"])


class Ranks:
    """The processes; the first of them reports the steps."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen] = []

    def start(self, processes: int, threads: int) -> None:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        for place in range(processes):
            own = {"PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)}
            started = subprocess.Popen(  # noqa: S603 (the command is ours)
                RANK,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # an interrupted command line ends them in its own order
                env=LIBRARIES | os.environ | own | multi_gpu.surroundings(place, processes),
            )
            self.running.append(started)

    def ask(self, request: bytes) -> None:
        for rank in self.running:
            self._tell(rank, request)

    def pause(self) -> None:
        """The first saves the state; the others cannot take a step without it."""
        self._tell(self.running[0], b"p")

    @staticmethod
    def _tell(rank: subprocess.Popen, words: bytes) -> None:
        with suppress(BrokenPipeError):  # it has ended, which `lines` notices
            rank.stdin.write(words)
            rank.stdin.flush()

    def lines(self) -> Iterator[dict]:
        """What the processes say. Raises AppError when one of them ends with something unsaid."""
        with selectors.DefaultSelector() as pipes:
            for rank in self.running:
                pipes.register(rank.stdout, selectors.EVENT_READ, (rank, bytearray()))
            while True:
                for key, _ in pipes.select():
                    rank, unfinished = key.data
                    data = os.read(key.fd, 2**16)
                    if not data:
                        raise self.ended_early(f"exit status {rank.wait()}")
                    *ended, rest = bytes(unfinished + data).split(b"\n")
                    unfinished[:] = rest
                    yield from map(json.loads, ended)

    def ended_early(self, how: str) -> AppError:
        return AppError(
            f"One of the {len(self.running)} processes that shared this training ended early ({how}). Train "
            "again; if it happens again, set ROADLENS_PROCESSES to 1."
        )

    def end(self) -> None:
        """At once: they hold nothing that is not on the disk."""
        for rank in self.running:
            rank.kill()
        for rank in self.running:
            rank.wait()
            rank.stdout.close()
            with suppress(BrokenPipeError):  # words that it no longer read
                rank.stdin.close()
