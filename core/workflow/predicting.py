"""Predictions of a finished run for rows that came after it."""

import numpy as np

from core.config import Settings
from core.store.store import Store
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
    if not missing:
        return {"run": run_id, "rows": 0}
    model = load_classifier(store, settings, run_id)
    for first in range(0, len(missing), CHUNK):
        some = missing[first : first + CHUNK]
        rows = store.datasets.feedback(run.dataset_id, some)

        def report(done: int, total: int, before: int = first) -> None:
            words = f"Predicting new comments: {before + done:,} of {len(missing):,}"
            task.progress(2 + 90 * (before + done) / len(missing), words)

        found = model.probabilities(rows["text"].tolist(), report)
        store.predictions.add(run_id, rows["id"].to_numpy(np.int64), found.astype(np.float32), task.fence)
    task.progress(95, "Counting themes, trends and segments")
    freeze(store, run_id, anew=True, model=model)
    return {"run": run_id, "rows": len(missing)}
