"""Work that looks into a finished model for long: queued, one at a time, on the lane of the models."""

from core.domain import Job, TrainingRun
from core.store.store import Store
from core.workflow.explanations import finished
from core.workflow.promotion import LANE

TRUST, FAITHFULNESS, DRIVERS, MAP = "trust", "faithfulness", "drivers", "map"


def queue(store: Store, run: TrainingRun, kind: str, **params: object) -> Job:
    """In the background; one of a kind at a time for a run. Raises NotFound when the run is not finished."""
    finished(store, run.id)
    return store.jobs.enqueue(kind, {"run": run.id, **params}, key=f"{kind} {run.id}", device=LANE)


def pending(store: Store, run: TrainingRun, kind: str) -> Job | None:
    """The job of this kind on the lane of the models that waits or runs for this run."""
    active = (job for job in store.jobs.active(LANE) if job.kind == kind)
    return next((job for job in active if job.params.get("run") == run.id), None)
