"""Because it resembles: the comments a model learned from that are most like one, and how far they agree."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import LABEL_BREAK, TRAIN, TrainingRun
from core.errors import NotFound
from core.explain import resembles
from core.store.store import Store
from core.workflow import vectors
from core.workflow.task import SILENT, Task

AT_ONCE = 2_000  # comments a person waits for; more are read by a job
PROBED = 200  # comments whose own nearest one tells what is usual
USUAL = 0.05  # of them: less like anything than these is out of the ordinary
MANY = 0.8  # share of the neighbours from which on they agree, and below HALF they do not
HALF = 0.5
SURE = 0.6  # confidence from which on a model is not called unsure


class Unread(NotFound):
    """More comments lack a vector than a person waits for; `rows` of them."""

    def __init__(self, rows: int) -> None:
        super().__init__(
            f"{rows:,} labelled comments were not read by this model yet. Press 'Read them' under "
            "'Because it resembles'."
        )
        self.rows = rows


@dataclass(frozen=True)
class Learned:
    """The comments that a run learned from, as its model sees them. Holds no words of them."""

    ids: np.ndarray  # (n,) int64
    labels: tuple[tuple[str, ...], ...]
    vectors: np.ndarray  # (n, size) float16, length 1
    keys: np.ndarray  # (n,) of the text: equal for the same words
    usual: float  # likeness to the nearest other comment that 95 % of them exceed; nan: too few


@dataclass(frozen=True)
class Similar:
    """A labelled comment that is like the one asked about."""

    feedback_id: int
    text: str
    labels: tuple[str, ...]
    likeness: float  # cosine, 1 = the same
    said: bool  # it carries the label that the model gives the comment asked about


@dataclass(frozen=True)
class Resemblance:
    neighbours: tuple[Similar, ...]  # nearest first
    label: str  # the likeliest, which the neighbours are compared with
    agreement: float  # share of the neighbours that carry it; nan without any
    confidence: float
    words: str  # what that means for this comment


def learned(store: Store, run: TrainingRun, model, at_once: int = AT_ONCE, task: Task = SILENT) -> Learned:
    """Reads up to `at_once` comments whose vectors are not stored. Raises Unread when there are more."""
    state = _state(store, run)
    rows, texts = _rows(store, run)
    if _by_encoder(model) and (missing := _missing(store, run, model, texts)) > at_once:
        raise Unread(missing)
    found = represent(store, run, model, texts, state, task).astype(np.float16)
    keys = np.array([_key(text) for text in texts], dtype=np.int64)
    labels = tuple(tuple(cell.split(LABEL_BREAK)) for cell in rows["label"].tolist())
    return Learned(rows["feedback_id"].to_numpy(np.int64), labels, found, keys, _usual(found, keys))


def prepare(store: Store, run: TrainingRun, model, task: Task, start: float, end: float) -> None:
    """Read what the run learned from, so that no page waits; nothing to do for models without an encoder."""
    if _by_encoder(model):
        state = _state(store, run)
        vectors.embed(store, model.encoder, _rows(store, run)[1], task, start, end, run, state)


def _state(store: Store, run: TrainingRun) -> str:
    return store.datasets.get(run.dataset_id).sha256


def represent(
    store: Store,
    run: TrainingRun,
    model,
    texts: Sequence[str],
    state: str,
    task: Task = SILENT,
    span: tuple[float, float] = (0.0, 100.0),
) -> np.ndarray:
    """(texts, size) float32, length 1: see core.explain.representations; those of an encoder are stored,
    unless the dataset is not that of the hash `state` any more."""
    from core.explain.representations import read

    if _by_encoder(model):
        return vectors.embed(store, model.encoder, list(texts), task, *span, run, state)

    def report(done: int, total: int) -> None:
        at = span[0] + (span[1] - span[0]) * done / max(1, total)
        task.progress(at, f"Reading comments: {done:,} of {total:,}")

    return read(model, texts, report)


def neighbours(
    store: Store,
    run: TrainingRun,
    model,
    text: str,
    feedback_id: int | None = None,
    among: Learned | None = None,
) -> Resemblance:
    """The five labelled comments most like a text, without itself and those with the same words.

    `among`: what `learned` gave, where it is at hand. Raises Unread.
    """
    from core.explain.representations import read

    among = among or learned(store, run, model)
    chances = model.probabilities([text])[0]
    label, confidence = model.labels[int(chances.argmax())], float(chances.max())
    own = np.flatnonzero(
        (among.keys == _key(text)) | (among.ids == (-1 if feedback_id is None else feedback_id))
    )
    found = resembles.nearest(among.vectors, among.labels, read(model, [text])[0], without=own.tolist())
    found = [neighbour for neighbour in found if neighbour.likeness > 0.0]  # not a word in common
    similar = _with_texts(store, run, among, found, label)
    share = resembles.agreement(found, label)
    words = sentence(similar, label, share, confidence, among.usual)
    return Resemblance(similar, label, share, confidence, words)


def sentence(
    similar: Sequence[Similar], label: str, share: float, confidence: float, usual: float = float("nan")
) -> str:
    """What the neighbours say about the answer, in plain text."""
    if not similar:
        return "There is no other labelled comment to compare it with."
    count = sum(neighbour.said for neighbour in similar)
    if len(similar) == 1:
        head = f"The only labelled comment to compare it with is {'also' if count else 'not'} {label}"
    elif count == len(similar):
        head = f"All {len(similar)} most similar labelled comments are also {label}"
    else:
        some = "None" if not count else f"{'Only ' if share < HALF else ''}{count}"
        verb = "is" if count == 1 else "are"
        also = "also " if count else ""
        head = f"{some} of the {len(similar)} most similar labelled comments {verb} {also}{label}"
    far = similar[0].likeness < usual
    tail = " Even the nearest is unlike it: the model has hardly seen such a comment." if far else ""
    return f"{head}{_advice(share, confidence)}{tail}"


def _advice(share: float, confidence: float) -> str:
    if share >= MANY:
        return "." if confidence >= SURE else ", though the model is not sure: a glance is worth it."
    if share >= HALF:
        return ", the rest are not: read them before you rely on it."
    if confidence >= SURE:
        return ", although the model sounds sure: check this one."
    return ", and the model is not sure: check this one."


def _with_texts(
    store: Store,
    run: TrainingRun,
    among: Learned,
    found: Sequence[resembles.Neighbour],
    label: str,
) -> tuple[Similar, ...]:
    ids = [int(among.ids[neighbour.row]) for neighbour in found]
    feedback = store.datasets.feedback(run.dataset_id, ids)
    texts = dict(zip(feedback["id"].tolist(), feedback["text"].tolist(), strict=True))
    return tuple(
        Similar(key, texts[key], neighbour.labels, neighbour.likeness, label in neighbour.labels)
        for key, neighbour in zip(ids, found, strict=True)
        if key in texts
    )


def _rows(store: Store, run: TrainingRun):
    """feedback_id and label of the rows learned from that are still there, and their texts."""
    rows = store.runs.rows(run.id)
    rows = rows[rows["part"] == TRAIN]
    feedback = store.datasets.feedback(run.dataset_id, rows["feedback_id"].tolist())
    rows = rows[rows["feedback_id"].isin(feedback["id"])].sort_values("feedback_id")
    return rows, feedback["text"].tolist()


def _by_encoder(model) -> bool:
    return model.kind == "encoder"


def _missing(store: Store, run: TrainingRun, model, texts: Sequence[str]) -> int:
    hashes = {vectors.text_key(text) for text in texts}
    return len(hashes) - len(store.embeddings.get(vectors.name_of(model.encoder, run), list(hashes)))


def _key(text: str) -> int:
    """Equal for texts that differ in case and white space alone."""
    said = " ".join(text.casefold().split())
    digest = hashlib.blake2b(said.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _usual(found: np.ndarray, keys: np.ndarray) -> float:
    """Of some of the comments, evenly drawn, the likeness to the nearest one of other words."""
    if len(found) < PROBED:
        return float("nan")
    probes = np.unique(np.linspace(0, len(found) - 1, PROBED).astype(int))
    without = [np.flatnonzero(keys == keys[row]).tolist() for row in probes]
    return float(np.nanquantile(resembles.likeness(found, found[probes], without), USUAL))
