"""Are the comments that came after a training still like those it learned from?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import Settings
from core.domain import BILSTM, TEST, TFIDF, TrainingRun
from core.errors import NotFound
from core.store.held_out import MODEL
from core.store.store import Store
from core.workflow.explanations import finished

MOST = 5_000  # texts of a side that are read
LEARN_WORDS = (TFIDF, BILSTM)  # they know the words of their training, and no others
WAITS = " What the model says of them is compared once it has read them."


@dataclass(frozen=True)
class Drift:
    sentence: str
    findings: tuple  # core.evaluation.drift.Finding
    matters: bool
    rows: int  # new ones, those with another text among them
    unpredicted: int  # of them still without a prediction of this run


def drift(store: Store, settings: Settings, run: TrainingRun) -> Drift | None:
    """None when no rows came since, nor say something else. Length, language and unknown words are told
    before the model has read the new rows, its labels and confidence afterwards. Raises NotFound."""
    from core.evaluation.drift import drift as compare
    from core.evaluation.drift import summary

    run = finished(store, run.id)
    new = np.asarray(store.datasets.since(run.dataset_id, run.created_at), dtype=np.int64)
    if not len(new):
        return None
    ids, probabilities = store.predictions.table(run.id)
    read = np.isin(ids, new)
    before = _before(store, settings, run, new, ids, probabilities)
    now = _now(store, settings, run, new, probabilities[read])
    findings = compare(before, now)
    sentence, matters = summary(findings, before, now, len(new))
    unpredicted = len(new) - int(read.sum())
    waits = WAITS if unpredicted and findings and not matters and not read.any() else ""
    return Drift(sentence + waits, tuple(findings), matters, len(new), unpredicted)


def _before(
    store: Store,
    settings: Settings,
    run: TrainingRun,
    new: np.ndarray,
    ids: np.ndarray,
    probabilities: np.ndarray,
):
    """What the rows were that it learned from, and what it said of held-out rows: of those that it learned
    from a model is too sure. Those among `new` say something else than they did then."""
    rows = store.runs.rows(run.id)
    rows = rows[~rows["feedback_id"].isin(new)]
    held = rows.loc[rows["part"] == TEST, "feedback_id"].to_numpy(np.int64)
    learned = _texts(store, run, run.dataset_id, rows.loc[rows["part"] != TEST, "feedback_id"].to_numpy())
    looked_up = learned
    if run.options.mode in LEARN_WORDS:  # in folds the model that stays has learned from every row
        looked_up = _texts(store, run, run.options.test_dataset or run.dataset_id, held)
    answers = store.held_out.get(run.id, MODEL)
    if answers is None:  # a run of an earlier version
        heard = probabilities[np.isin(ids, held)]
    else:
        heard = answers.probabilities[answers.repeat == answers.repeat.min()]
    return _profile(store, run, heard, learned, _unknown(settings, run, looked_up))


def _now(store: Store, settings: Settings, run: TrainingRun, new: np.ndarray, heard: np.ndarray):
    texts = _texts(store, run, run.dataset_id, new)
    return _profile(store, run, heard, texts, _unknown(settings, run, texts))


def _texts(store: Store, run: TrainingRun, dataset_id: int, ids: np.ndarray) -> pd.DataFrame:
    """Text and language of the rows, or of MOST of them drawn at random; none of a dataset that is gone."""
    if len(ids) > MOST:
        ids = np.random.default_rng(run.options.seed).choice(ids, MOST, replace=False)
    try:
        table = store.datasets.feedback(dataset_id, ids.tolist())
    except NotFound:
        return pd.DataFrame({"text": [], "language": []}, dtype="str")
    return table[["text", "language"]].fillna("")


def _profile(
    store: Store, run: TrainingRun, heard: np.ndarray, texts: pd.DataFrame, unknown: tuple[int, int]
):
    from core.evaluation.drift import profile

    multi = store.labels.get(run.label_set_id).multi
    probabilities = heard.reshape(-1, len(run.labels)).astype(float)
    words = texts["text"].str.split().str.len().to_numpy(np.int64)
    return profile(run.labels, probabilities, multi, words, texts["language"].tolist(), unknown)


def _unknown(settings: Settings, run: TrainingRun, texts: pd.DataFrame) -> tuple[int, int]:
    """Rows with a token that the model does not know, of so many; (0, 0) without its tokenizer."""
    from core.models.known_words import rows_with_unknown

    found = rows_with_unknown(settings.runs_dir / run.checkpoint, texts["text"].tolist())
    return (0, 0) if found is None else (found, len(texts))
