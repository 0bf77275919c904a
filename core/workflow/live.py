"""How far a training has come, how long it still takes and how it goes, while it goes on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.domain import CurvePoint, TrainingRun
from core.store.store import Store
from core.workflow.task import Stages, Task

WRITE_SECONDS = 1.0
ENOUGH_REPORTS, ENOUGH_SECONDS = 10, 3.0  # before a pace is believed: the first steps are slower
SMALLEST = 0.05  # seconds of a stage, so that each has a place on the bar


@dataclass(frozen=True)
class Stage:
    kind: str
    start: float  # of the progress bar, in percent
    end: float
    seconds: float  # as foreseen


class Course:
    """The stages of a run, one after the other, each as long on the progress bar as it was foreseen.

    What is left is reckoned by the pace that was measured: for a stage of a kind that was seen, in this fold
    or an earlier one, by its own, for others by that of the whole.
    """

    def __init__(
        self,
        task: Task,
        work: Sequence[tuple[str, float]],
        start: float,
        end: float,
        memory_mb: Callable[[], float] | None = None,
        now: Callable[[], float] = time.monotonic,
    ):
        """`work` is (kind, seconds as foreseen); `start` and `end` are percent of the progress bar."""
        self.task, self.memory_mb, self.now = task, memory_mb, now
        seconds = [max(SMALLEST, one) for _, one in work]
        self.stages: list[Stage] = []
        for (kind, _), long in zip(work, seconds, strict=True):
            begin = self.stages[-1].end if self.stages else start
            until = min(end, begin + (end - start) * long / sum(seconds))  # sums of parts are rounded
            self.stages.append(Stage(kind, begin, until, long))
        self.number = -1
        self.share = 0.0  # of the stage, done
        self.first: tuple[float, float] | None = None  # share and time of its first report
        self.reports = 0
        self.seen: dict[str, tuple[float, float]] = {}  # kind -> seconds it took, as foreseen

    @property
    def kind(self) -> str:
        return self.stages[self.number].kind

    def enter(self, kind: str) -> None:
        """Begin the next stage of this kind; those before it are over."""
        self._close()
        later = range(self.number + 1, len(self.stages))
        self.number = next(number for number in later if self.stages[number].kind == kind)
        self.share, self.first, self.reports = 0.0, None, 0

    def _close(self) -> None:
        """A stage that is over tells its pace as a whole, however few its reports and early its end."""
        if self.first is not None and self.first[0] < 1:
            share, since = self.first
            stage = self.stages[self.number]
            self.seen[stage.kind] = (self.now() - since, (1 - share) * stage.seconds)

    def at(self, share: float, words: str) -> None:
        """`share` 0..1 of the stage is done. May raise Cancelled, Paused or LeaseLost."""
        now, stage = self.now(), self.stages[self.number]
        self.share = max(self.share, share)
        self.first = self.first or (share, now)
        self.reports += 1
        gone, moved = now - self.first[1], self.share - self.first[0]
        if moved > 0 and (self.reports > ENOUGH_REPORTS or gone >= ENOUGH_SECONDS):
            self.seen[stage.kind] = (gone, moved * stage.seconds)
        pct = stage.start + (stage.end - stage.start) * self.share
        self.task.progress(pct, words + in_words(self.left()) + self._memory())

    def as_task(self) -> Task:
        """For work that reports 0..100 percent of the stage."""
        return Task(lambda pct, words: self.at(pct / 100, words), self.task.fence)

    def left(self) -> float | None:
        """Seconds until the last stage is over; None before any pace is known."""
        if not self.seen:
            return None
        took, foreseen = (sum(part) for part in zip(*self.seen.values(), strict=True))
        paces = {kind: one / other for kind, (one, other) in self.seen.items()}
        here, *later = self.stages[self.number :]
        waiting = [(here.kind, here.seconds * (1 - self.share)), *((one.kind, one.seconds) for one in later)]
        return sum(seconds * paces.get(kind, took / foreseen) for kind, seconds in waiting)

    def _memory(self) -> str:
        return f", {self.memory_mb() / 1000:.1f} GB of memory" if self.memory_mb else ""


def in_words(seconds: float | None) -> str:
    """Nothing while nobody can tell."""
    if seconds is None:
        return ""
    if seconds > 90 * 60:
        return f", about {seconds / 3600:.1f} h left"
    return (
        f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {max(1.0, seconds):.0f} s left"
    )


class LiveCurve:
    """Called after each step: reports progress, and stores curve and time at most once a second."""

    def __init__(
        self, store: Store, run: TrainingRun, course: Course, kind: str, stages: Stages, words: str = ""
    ):
        self.store, self.run, self.course, self.kind, self.stages = store, run, course, kind, stages
        self.words = f"{words}: epoch" if words else "Epoch"
        self.written = 0.0

    def on_step(self, step: int, steps: int, curve: tuple[CurvePoint, ...]) -> None:
        if self.course.kind != self.kind:
            self.course.enter(self.kind)
        epochs = self.run.options.epochs
        epoch = min(epochs, 1 + (step - 1) * epochs // steps)
        self.course.at(step / steps, f"{self.words} {epoch} of {epochs}")
        now = time.monotonic()
        if now - self.written >= WRITE_SECONDS or step == steps:
            self.store.runs.update(self.run.id, self.course.task.fence, curve=curve, **self.stages.so_far())
            self.written = now
