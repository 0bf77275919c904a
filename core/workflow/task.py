"""What long work needs from whoever runs it: a place to report to and a word to stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Fence = tuple[int, str, int]  # job id, owner, attempt: who may write the results of a job


def _silent(pct: float, message: str) -> None:
    """Nobody is watching."""


@dataclass(frozen=True)
class Task:
    """`progress(pct, message)` may raise Cancelled or LeaseLost; long work calls it at each step."""

    progress: Callable[[float, str], None] = _silent
    fence: Fence | None = None


SILENT = Task()
OTHER = "other"  # among the seconds of a run: outside its stages, or of an attempt that did not get done


@dataclass
class Stages:
    """Wall and CPU seconds by stage of the work, of all attempts at it."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    _open: list[tuple[str, float, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._open.append((name, time.perf_counter(), time.process_time()))
        try:
            yield
        finally:
            _, wall, cpu = self._open.pop()
            _add(self.seconds, name, time.perf_counter() - wall)
            _add(self.cpu_seconds, name, time.process_time() - cpu)

    def so_far(self) -> dict[str, dict[str, float]]:
        """Both by their names, with what the stage that goes on has taken by now."""
        seconds, cpu_seconds = dict(self.seconds), dict(self.cpu_seconds)
        for name, wall, cpu in self._open:
            _add(seconds, name, time.perf_counter() - wall)
            _add(cpu_seconds, name, time.process_time() - cpu)
        return {"seconds": seconds, "cpu_seconds": cpu_seconds}


def _add(found: dict[str, float], name: str, seconds: float) -> None:
    found[name] = round(found.get(name, 0.0) + seconds, 3)
