"""Insights of a finished run, and the rows behind each of their marks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.domain import SEGMENT, Insights
from core.insights import summary
from core.insights.build import build_insights
from core.store.store import Store
from core.workflow.explanations import finished

ORDERS = {
    "Most certain": lambda probability: -probability,
    "Least certain": lambda probability: probability,
    "Typical": lambda probability: (probability - probability.median()).abs(),
}
EVIDENCE = ("text", "label", "given", "probability", "date", "rating", "channel", "account", "language")


def insights(store: Store, run_id: int) -> Insights:
    """Everything the Insights page shows. Raises NotFound for a run that is not finished."""
    run = finished(store, run_id)
    ids, probabilities = store.predictions.table(run_id)
    feedback = store.datasets.feedback(run.dataset_id)
    feedback = feedback.set_index("id", drop=False).reindex(ids).reset_index(drop=True)
    number = {label: k for k, label in enumerate(run.labels)}
    label_set = store.labels.get(run.label_set_id)
    labels = store.labels.table(run.label_set_id)
    given_of = dict(zip(labels["feedback_id"], labels["label"], strict=True))
    given = np.array([number.get(given_of.get(row), -1) for row in ids.tolist()], dtype=np.int64)
    learned = store.runs.rows(run_id)
    counts = learned[learned["part"] != "test"]["label"].value_counts()
    prior = np.array([counts.get(label, 0) for label in run.labels], dtype=float)
    return build_insights(
        run_id,
        store.datasets.get(run.dataset_id).name,
        label_set.name,
        feedback,
        run.labels,
        given=given,
        probabilities=probabilities.astype(np.float64),
        balanced_accuracy=run.model.balanced_accuracy,
        prior=prior / prior.sum(),
    )


def _ordered(table: pd.DataFrame, order: str) -> pd.DataFrame:
    key = ORDERS[order](table["probability"])
    return table.assign(key=key).sort_values(["key", "id"]).drop(columns="key")


def sentences(found: Insights) -> tuple[str, ...]:
    return summary.sentences(found)


def evidence(
    store: Store, run_id: int, ids: Sequence[int], limit: int = 500, order: str = "Most certain"
) -> pd.DataFrame:
    """The rows behind a mark in an order of ORDERS: domain columns, the model's label and probability,
    the label a person gave ("" for none), and the segment columns."""
    run = finished(store, run_id)
    every, probabilities = store.predictions.table(run_id)
    place = np.searchsorted(every, np.asarray(ids, dtype=np.int64)) if len(ids) else np.array([], dtype=int)
    chosen = probabilities[place]
    table = pd.DataFrame(
        {
            "id": every[place],
            "label": [run.labels[k] for k in chosen.argmax(axis=1)] if len(place) else [],
            "probability": chosen.max(axis=1) if len(place) else [],
        }
    )
    table = _ordered(table, order).head(limit)
    feedback = store.datasets.feedback(run.dataset_id, table["id"].tolist())
    labels = store.labels.table(run.label_set_id).set_index("feedback_id")["label"]
    table["given"] = table["id"].map(labels).fillna("")
    found = table.merge(feedback, on="id", how="left", validate="one_to_one")
    segments = [name for name in found.columns if name.startswith(SEGMENT)]
    return found[["id", *EVIDENCE, *segments]]
