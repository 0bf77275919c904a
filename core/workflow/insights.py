"""Insights of a finished run, and the rows behind each of their marks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.domain import SEGMENT, Insights, TrainingRun
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
    label_set = store.labels.get(run.label_set_id)
    labels, given = _given(store, run, ids)
    learned = store.runs.rows(run_id)
    counts = learned[learned["part"] != "test"]["label"].value_counts()
    prior = np.array([counts.get(label, 0) for label in labels], dtype=float)
    unknown = np.zeros((len(ids), len(labels) - len(run.labels)))
    return build_insights(
        run_id,
        store.datasets.get(run.dataset_id).name,
        label_set.name,
        feedback,
        labels,
        given=given,
        probabilities=np.hstack([probabilities.astype(np.float64), unknown]),
        balanced_accuracy=run.model.balanced_accuracy,
        prior=prior / prior.sum(),
    )


def _given(store: Store, run: TrainingRun, ids: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """The themes, and for each row the one a person gave it or -1.

    Labels too rare to be learned are a theme of their own: a person's word is never recounted as
    one of the labels that the model knows.
    """
    table = store.labels.table(run.label_set_id)
    given_of = dict(zip(table["feedback_id"], table["label"], strict=True))
    words = [given_of.get(row, "") for row in ids.tolist()]
    number = {label: k for k, label in enumerate(run.labels)}
    rare = {word for word in words if word and word not in number}
    labels = run.labels
    if rare:
        labels = (*labels, f"{len(rare)} rare label{'' if len(rare) == 1 else 's'}")
        number |= dict.fromkeys(rare, len(run.labels))
    return labels, np.array([number.get(word, -1) for word in words], dtype=np.int64)


def predicted(store: Store, run_id: int) -> dict[str, tuple[int, ...]]:
    """Feedback ids by the label that the model gives them, in the order of the labels."""
    run = finished(store, run_id)
    ids, probabilities = store.predictions.table(run_id)
    best = probabilities.argmax(axis=1)
    found = {label: tuple(ids[best == k].tolist()) for k, label in enumerate(run.labels)}
    return {label: rows for label, rows in found.items() if rows}


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
    place = np.flatnonzero(np.isin(every, np.asarray(ids, dtype=np.int64)))  # rows may be undone or forgotten
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
