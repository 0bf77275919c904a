"""The curve and the remaining time of a fine-tuning, while it goes on."""

import time

from core.domain import CurvePoint, TrainingRun
from core.store.store import Store
from core.workflow.task import Task

WRITE_SECONDS = 1.0


class LiveCurve:
    """Called after each step: reports progress, and stores the curve at most once a second."""

    def __init__(
        self, store: Store, run: TrainingRun, task: Task, start_pct: float, end_pct: float, words: str = ""
    ):
        self.store, self.run, self.task = store, run, task
        self.start_pct, self.end_pct = start_pct, end_pct
        self.words = f"{words}: epoch" if words else "Epoch"
        self.first: tuple[int, float] | None = None
        self.written = 0.0

    def on_step(self, step: int, steps: int, curve: tuple[CurvePoint, ...]) -> None:
        now = time.monotonic()
        self.first = self.first or (step, now)
        epochs = self.run.options.epochs
        epoch = min(epochs, 1 + (step - 1) * epochs // steps)
        pct = self.start_pct + (self.end_pct - self.start_pct) * step / steps
        self.task.progress(pct, f"{self.words} {epoch} of {epochs}{self._left(step, steps, now)}")
        if now - self.written >= WRITE_SECONDS or step == steps:
            self.store.runs.update(self.run.id, self.task.fence, curve=curve)
            self.written = now

    def _left(self, step: int, steps: int, now: float) -> str:
        """Nothing until ten steps were seen: the first ones are slower than the rest."""
        first, since = self.first
        if step - first < 10:
            return ""
        seconds = (now - since) / (step - first) * (steps - step)
        return f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {seconds:.0f} s left"
