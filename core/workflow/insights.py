"""Insights of a finished run, and the rows behind each of their marks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.domain import LABEL_BREAK, SEGMENT, Insights, LabelScore, Scores, TrainingRun
from core.insights import summary
from core.insights.build import build_insights
from core.insights.settings import SEVERAL
from core.insights.several import DECIDED
from core.store.store import Store
from core.workflow.explanations import finished

__all__ = ["SEVERAL"]  # for the pages

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
    labels, carried, labelled = _given(store, run, ids)
    unknown = np.zeros((len(ids), len(labels) - len(run.labels)))
    multi = label_set.multi
    prior = _prior(store, run, labels, multi)
    return build_insights(
        run_id,
        store.datasets.get(run.dataset_id).name,
        label_set.name,
        feedback,
        labels,
        given=carried if multi else np.where(labelled, carried.argmax(axis=1), -1),
        probabilities=np.hstack([probabilities.astype(np.float64), unknown]),
        balanced_accuracy=label_accuracy(run.model, labels) if multi else run.model.balanced_accuracy,
        prior=prior,
        multi=multi,
        labelled=labelled,
    )


def _prior(store: Store, run: TrainingRun, labels: tuple[str, ...], multi: bool) -> np.ndarray:
    """Share of the learned rows that carry each label; single labels add up to 1."""
    learned = store.runs.rows(run.id)
    learned = learned[learned["part"] != "test"]["label"]
    counts = learned.str.split(LABEL_BREAK).explode().value_counts()
    found = np.array([counts.get(label, 0) for label in labels], dtype=float)
    return found / (max(len(learned), 1) if multi else found.sum())


def label_accuracy(scores: Scores, labels: tuple[str, ...]) -> np.ndarray:
    """Balanced accuracy of each label against the rest (recall and specificity, halved); 0 where unknown.

    Rows wrongly given the label follow from precision: found x (1 - precision) / precision.
    """
    known = {score.label: _one_accuracy(score, scores.n) for score in scores.per_label}
    return np.array([known.get(label, 0.0) for label in labels])


def _one_accuracy(score: LabelScore, n: int) -> float:
    others = n - score.support
    if score.precision <= 0 or score.support == 0 or others <= 0:
        return 0.0  # never found: no better than chance, whatever it was wrongly given to
    wrong = score.recall * score.support * (1 - score.precision) / score.precision
    return (score.recall + 1 - wrong / others) / 2


def _given(store: Store, run: TrainingRun, ids: np.ndarray) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """The themes, which of them people gave each row (n, k), and which rows they labelled (n,).

    Labels too rare to be learned are a theme of their own: a person's word is never recounted as
    one of the labels that the model knows.
    """
    table = store.labels.table(run.label_set_id)
    table = table[table["feedback_id"].isin(ids)]
    number = {label: k for k, label in enumerate(run.labels)}
    rare = set(table["label"]) - set(number)
    labels = run.labels
    if rare:
        labels = (*labels, f"{len(rare)} rare label{'' if len(rare) == 1 else 's'}")
        number |= dict.fromkeys(rare, len(run.labels))
    carried = np.zeros((len(ids), len(labels)), dtype=bool)
    place = pd.Series(np.arange(len(ids)), index=ids)
    carried[place[table["feedback_id"]].to_numpy(), table["label"].map(number).to_numpy(dtype=np.int64)] = (
        True
    )
    return labels, carried, carried.any(axis=1)


def predicted(store: Store, run_id: int) -> dict[str, tuple[int, ...]]:
    """Feedback ids by the label that the model gives them, in the order of the labels; with several
    labels a comment, those with none are left out."""
    run = finished(store, run_id)
    ids, probabilities = store.predictions.table(run_id)
    says = _says(probabilities, store.labels.get(run.label_set_id).multi)
    found = {label: tuple(ids[says[:, k]].tolist()) for k, label in enumerate(run.labels)}
    return {label: rows for label, rows in found.items() if rows}


def _says(probabilities: np.ndarray, multi: bool) -> np.ndarray:
    """(n, k) bool: the likeliest label, or every label from one half on."""
    if multi:
        return probabilities >= DECIDED
    return np.eye(probabilities.shape[1], dtype=bool)[probabilities.argmax(axis=1)]


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
    chosen, multi = probabilities[place], store.labels.get(run.label_set_id).multi
    table = pd.DataFrame(
        {
            "id": every[place],
            "label": _named(chosen, run.labels, multi),
            "probability": chosen.max(axis=1) if len(place) else [],
        }
    )
    table = _ordered(table, order).head(limit)
    feedback = store.datasets.feedback(run.dataset_id, table["id"].tolist())
    labels = store.labels.table(run.label_set_id)
    labels = labels[labels["feedback_id"].isin(table["id"])].groupby("feedback_id")["label"].agg("; ".join)
    table["given"] = table["id"].map(labels).fillna("")
    found = table.merge(feedback, on="id", how="left", validate="one_to_one")
    segments = [name for name in found.columns if name.startswith(SEGMENT)]
    return found[["id", *EVIDENCE, *segments]]


def _named(probabilities: np.ndarray, labels: tuple[str, ...], multi: bool) -> list[str]:
    """What the model says of each row; several labels are joined by "; ", none is ""."""
    says = _says(probabilities, multi)
    return [
        "; ".join(label for label, said in zip(labels, row, strict=True) if said) for row in says.tolist()
    ]
