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


@dataclass
class Stages:
    """Wall and CPU seconds by stage of the work."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - wall, 3)
            self.cpu_seconds[name] = round(self.cpu_seconds.get(name, 0.0) + time.process_time() - cpu, 3)
