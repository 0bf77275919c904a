"""Predictions of a finished run for rows that came or changed after it."""

from contextlib import suppress

import numpy as np

from core.config import Settings
from core.domain import Job
from core.errors import NotFound
from core.store.store import Store
from core.workflow.promotion import queue_predictions
from core.workflow.task import SILENT, Task

CHUNK = 5_000  # rows that are stored together


def predict_new(store: Store, settings: Settings, run_id: int, task: Task = SILENT) -> dict:
    """Predict the rows of the dataset that have no prediction of this run, and count them in its insights.

    Safe to call again after a kill. Raises NotFound, Damaged, ModelMissing, JobStopped.
    """
    from core.workflow.explanations import finished, load_classifier
    from core.workflow.reports import freeze

    run = finished(store, run_id)
    task.progress(1, "Loading the model")
    missing = store.predictions.missing(run_id, run.dataset_id)
    if not missing and _counted(store, run_id, task):
        return {"run": run_id, "rows": 0}
    model = load_classifier(store, settings, run_id)
    for first in range(0, len(missing), CHUNK):
        some = missing[first : first + CHUNK]
        rows = store.datasets.feedback(run.dataset_id, some)

        def report(done: int, total: int, before: int = first) -> None:
            words = f"Predicting new comments: {before + done:,} of {len(missing):,}"
            task.progress(2 + 90 * (before + done) / len(missing), words)

        ids, texts = rows["id"].to_numpy(np.int64), rows["text"].tolist()
        found = model.probabilities(texts, report)
        store.predictions.add(run_id, ids, texts, found.astype(np.float32), task.fence)
    task.progress(95, "Counting themes, trends and segments")
    freeze(store, run_id, anew=True, model=model)
    return {"run": run_id, "rows": len(missing)}


def _counted(store: Store, run_id: int, task: Task) -> bool:
    """Not so after a kill between the last prediction and the count. The number of rows tells of those that
    came; those that only say something else are told by nothing, so a second attempt counts anew."""
    from core.workflow.reports import freeze

    again = task.fence is not None and task.fence[2] > 1
    return not again and freeze(store, run_id).rows == len(store.predictions.table(run_id)[0])


def queue_answers(store: Store, dataset_id: int) -> list[Job]:
    """Jobs in which the models that answer for the labels of a dataset read the rows that came or changed;
    none without such a model, or where nothing did."""
    jobs = []
    for label_set in store.labels.sets(dataset_id):
        promotion = store.promotions.current(label_set.id)
        if promotion is not None:
            with suppress(NotFound):  # its run is deleted at this moment
                jobs.append(queue_predictions(store, store.runs.get(promotion.run_id)))
    return [job for job in jobs if job is not None]
