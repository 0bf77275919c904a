"""Are the comments that came after a training still like those it learned from?"""

from dataclasses import dataclass

import numpy as np

from core.config import Settings
from core.domain import BUNDLED_ENCODER, TrainingRun
from core.store.store import Store
from core.workflow.explanations import finished

MOST = 5_000  # rows of a side that are looked at


@dataclass(frozen=True)
class Drift:
    sentence: str
    findings: tuple  # core.evaluation.drift.Finding
    matters: bool
    rows: int  # new ones
    unpredicted: int  # of them still without a prediction of this run


def drift(store: Store, settings: Settings, run: TrainingRun) -> Drift | None:
    """None when no rows came since. The rows before are the held-out ones: of those that it learned from a
    model is too sure. Raises NotFound."""
    from core.evaluation.drift import drift as compare
    from core.evaluation.drift import summary

    run = finished(store, run.id)
    new = store.datasets.since(run.dataset_id, run.created_at)
    if not new:
        return None
    ids, probabilities = store.predictions.table(run.id)
    fresh = np.isin(ids, np.asarray(new, dtype=np.int64))
    predicted = int(fresh.sum())
    unpredicted = len(new) - predicted
    if not predicted:
        sentence = f"{len(new):,} comments came since this model was trained; it has not read them yet."
        return Drift(sentence, (), False, len(new), unpredicted)
    rows = store.runs.rows(run.id)
    held = rows[rows["part"] == "test"]["feedback_id"].to_numpy()
    before = np.isin(ids, held if len(held) else rows["feedback_id"].to_numpy())
    profiles = [
        _profile(store, run, ids[mask][:MOST], probabilities[mask][:MOST].astype(float))
        for mask in (before, fresh)
    ]
    findings = compare(*profiles)
    sentence, matters = summary(findings, *profiles)
    return Drift(sentence, tuple(findings), matters, len(new), unpredicted)


def _profile(store: Store, run: TrainingRun, ids: np.ndarray, probabilities: np.ndarray):
    from core.evaluation.drift import profile

    table = store.datasets.feedback(run.dataset_id, ids.tolist()).set_index("id").reindex(ids)
    texts = table["text"].fillna("").tolist()
    words = np.array([len(text.split()) for text in texts])
    multi = store.labels.get(run.label_set_id).multi
    languages = table["language"].fillna("").tolist()
    return profile(run.labels, probabilities, multi, words, languages, _unreadable(run, texts))


def _unreadable(run: TrainingRun, texts: list[str]) -> int:
    """Rows with a token that the bundled encoder does not know; 0 for other models, which are not at hand
    without loading them."""
    if run.options.encoder != BUNDLED_ENCODER or run.options.mode in ("tfidf", "bilstm"):
        return 0
    from core.models.coverage import rows_with_unknown

    return rows_with_unknown(texts)
