"""Are the comments that came after a training still like those it learned from?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import Settings
from core.domain import BETTER, BILSTM, BUNDLED_ENCODER, QUICK, TEST, TFIDF, TrainingRun
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
    labelled: int  # of them with a label: without any, training again gives the same model
    unpredicted: int  # of them still without a prediction of this run


def drift(store: Store, settings: Settings, run: TrainingRun) -> Drift | None:
    """None when no rows came since, nor say something else. Length, language and unknown words are told
    before the model has read the new rows, its labels and confidence afterwards. Raises NotFound.

    Rows stay new that came after an earlier training on the same labelled rows: the later one has learned
    nothing of them either.
    """
    from core.evaluation.drift import drift as compare
    from core.evaluation.drift import summary

    run = finished(store, run.id)
    new = _new(store, run)
    if not len(new):
        return None
    ids, probabilities = store.predictions.table(run.id)
    read = np.isin(ids, new)
    before = _before(store, settings, run, new, ids, probabilities)
    now = _now(store, settings, run, new, probabilities[read])
    findings = compare(before, now)
    labelled = int(np.isin(new, store.labels.table(run.label_set_id)["feedback_id"]).sum())
    sentence, matters = summary(findings, before, now, len(new), labelled, _english_only(run))
    unpredicted = len(new) - int(read.sum())
    waits = WAITS if unpredicted and findings and not matters and not read.any() else ""
    return Drift(sentence + waits, tuple(findings), matters, len(new), labelled, unpredicted)


def _new(store: Store, run: TrainingRun) -> np.ndarray:
    """Ids of the rows that came or changed after the run, and of those that it could not learn from as they
    came, without a label, after the oldest run that had the same labelled rows."""
    came = set(store.datasets.since(run.dataset_id, run.created_at))
    known = _labelled(store, run)
    first = _first_with(store, run, known)
    came |= set(store.datasets.since(run.dataset_id, first.created_at)) - known
    return np.array(sorted(came), dtype=np.int64)


def _first_with(store: Store, run: TrainingRun, known: set[int]) -> TrainingRun:
    """The oldest finished run of these labels with the same labelled rows."""
    oldest = {}  # of the runs on the same data, whose rows need to be read but once
    for other in store.runs.list(run.dataset_id):  # newest first
        if other.id <= run.id and (other.status, other.label_set_id) == ("done", run.label_set_id):
            oldest[other.data_sha256] = other
    by_age = sorted(oldest.values(), key=lambda other: other.id)
    return next((other for other in by_age if _labelled(store, other) == known), run)


def _labelled(store: Store, run: TrainingRun) -> set[int]:
    """Rows of the dataset that a run learned from or was judged on: the way to split makes no difference."""
    rows = store.runs.rows(run.id)
    if run.options.test_dataset:
        rows = rows[rows["part"] != TEST]
    return set(rows["feedback_id"].tolist())


def _english_only(run: TrainingRun) -> bool:
    return run.options.mode in (QUICK, BETTER) and run.options.encoder == BUNDLED_ENCODER


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
