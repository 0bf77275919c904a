"""The map of a dataset: its comments on a plane, near ones alike to the model."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import Settings
from core.domain import BETTER, QUICK, SEGMENT, TEST, TrainingRun
from core.store.explanations import Kept
from core.store.store import Store
from core.workflow.task import Task

MAP = "map"  # the kind of finding
MOST = 100_000  # comments on a map; of more, so many are drawn by lot
IDS_A_QUERY = 10_000
SEVERAL = "; "  # between the labels of one comment
RIGHT, WRONG, UNLABELLED = "right", "wrong", "no label to compare with"
PLANE_S = 6.0  # to place a few thousand comments, and
POINT_S = 0.0002  # each further one, measured by benchmarks/map_speed.py


@dataclass(frozen=True)
class MapTable:
    """`table` has a row a comment on the map, by id: id, x, y (float32), given, said (categories; several
    labels in the order of the alphabet, joined by SEVERAL; "" for none), confidence (float32), right
    (RIGHT, WRONG or UNLABELLED), held_out (bool), and the segment columns."""

    table: pd.DataFrame
    multi: bool
    every: int  # comments of the dataset when it was drawn
    stale: bool  # comments came, changed or went since


def measure(store: Store, settings: Settings, run_id: int, params: Mapping, task: Task) -> dict:
    """Draw the map and keep it. Raises NotFound, Damaged, ModelMissing, JobStopped."""
    from core.explain.maps import plane
    from core.workflow.explanations import finished, load_classifier
    from core.workflow.resembling import represent

    started = time.perf_counter()
    run = finished(store, run_id)
    sha256 = store.datasets.get(run.dataset_id).sha256
    task.progress(1, "Loading the model")
    model = load_classifier(store, settings, run_id)
    every = _ids(store, run)
    ids, texts = _texts(store, run, drawn(every))
    vectors = represent(store, run, model, texts, sha256, task, (3, 70))

    def report(done: int, total: int) -> None:
        task.progress(72 + 23 * done / max(1, total), f"Placing comments: {done:,} of {total:,}")

    places = plane(vectors, on_progress=report)
    task.progress(96, "Storing the map")
    store.explanations.keep_places(run_id, ids, places, task.fence)
    seconds = round(time.perf_counter() - started, 1)
    facts = {"n": len(ids), "every": len(every), "seconds": seconds}
    store.explanations.keep_finding(run_id, MAP, "", facts, sha256, task.fence)
    return {"run": run_id, **facts}


def drawn(ids: np.ndarray) -> np.ndarray:
    """All of them, or MOST by lot, the same each time; ascending."""
    if len(ids) <= MOST:
        return ids
    return np.sort(np.random.default_rng(0).choice(ids, MOST, replace=False))


def kept(store: Store, run: TrainingRun) -> Kept | None:
    """What is known of the stored map; None without one."""
    return store.explanations.findings(run.id, MAP).get("")


def stored(store: Store, run: TrainingRun) -> MapTable | None:
    """The map as it was drawn, with what is known of its comments now; None without one."""
    found = kept(store, run)
    if found is None:
        return None
    ids, places = store.explanations.places(run.id)
    multi = store.labels.get(run.label_set_id).multi
    table = pd.DataFrame({"id": ids, "x": places[:, 0], "y": places[:, 1]})
    _add_labels(store, run, table, multi)
    feedback = store.datasets.feedback(run.dataset_id, ids.tolist()).set_index("id")
    for name in feedback.columns:
        if name.startswith(SEGMENT):
            table[name] = feedback[name].reindex(ids).fillna("").astype("category").to_numpy()
    sha256 = store.datasets.get(run.dataset_id).sha256
    return MapTable(table, multi, int(found.content["every"]), found.data_sha256 != sha256)


def forecast(store: Store, settings: Settings, run: TrainingRun) -> float:
    """Seconds that the map will take, roughly; most of them to read comments that have no vector yet."""
    from core.workflow.estimate import GPU, READ_S, device_here, mean_tokens

    dataset = store.datasets.get(run.dataset_id)
    rows = min(dataset.rows, MOST)
    unread = 0
    if run.options.mode == BETTER:
        unread = rows
    elif run.options.mode == QUICK:
        unread = min(rows, len(store.predictions.missing(run.id, run.dataset_id)))
    pace = GPU if device_here(settings) == "GPU" else 1.0
    reading = unread * mean_tokens(store, dataset, run.options.max_tokens) * READ_S * pace
    return 3.0 + reading + PLANE_S + rows * POINT_S


def rows_csv(store: Store, run: TrainingRun, ids: Sequence[int]) -> bytes:
    """Some of the comments with what the model and people say; formulas neutralised."""
    from core.reports.comments import csv_bytes
    from core.workflow.insights import evidence

    table = evidence(store, run.id, ids, limit=len(ids), order="Least certain")
    table = table.rename(columns={"label": "the model says", "given": "a person said"})
    table.columns = [name.removeprefix(SEGMENT) for name in table.columns]
    cells = table.astype("str").where(table.notna(), "")
    names = tuple(cells.columns)
    return csv_bytes(names, ((names, row) for row in cells.itertuples(index=False, name=None)))


def _add_labels(store: Store, run: TrainingRun, table: pd.DataFrame, multi: bool) -> None:
    """given, said, confidence, right and held_out."""
    ids = table["id"].to_numpy()
    given = _given(store, run, ids)
    predicted, chances = store.predictions.table(run.id)
    place = np.searchsorted(predicted, ids)
    known = np.zeros(len(ids), dtype=bool)
    inside = place < len(predicted)
    known[inside] = predicted[place[inside]] == ids[inside]
    said = np.full(len(ids), "", dtype=object)
    confidence = np.full(len(ids), np.nan, dtype=np.float32)
    if known.any():
        said[known] = _said(chances[place[known]], run.labels, multi)
        confidence[known] = chances[place[known]].max(axis=1)
    comparable = (given != "") & known
    table["given"] = pd.Categorical(given)
    table["said"] = pd.Categorical(said)
    table["confidence"] = confidence
    table["right"] = pd.Categorical(
        np.where(comparable, np.where(given == said, RIGHT, WRONG), UNLABELLED),
        categories=[RIGHT, WRONG, UNLABELLED],
    )
    rows = store.runs.rows(run.id)
    table["held_out"] = np.isin(ids, rows.loc[rows["part"] == TEST, "feedback_id"].to_numpy())


def _given(store: Store, run: TrainingRun, ids: np.ndarray) -> np.ndarray:
    """(n,) the labels people gave, several joined."""
    from core.workflow.selection import labels_of

    names = labels_of(store, run.label_set_id, ids.tolist())
    return np.array([SEVERAL.join(sorted(each)) for each in names], dtype=object)


def _said(chances: np.ndarray, labels: Sequence[str], multi: bool) -> np.ndarray:
    from core.evaluation.held_out import decide

    if not multi:
        return np.array(labels, dtype=object)[chances.argmax(axis=1)]
    rows = decide(chances, multi)
    return np.array(
        [SEVERAL.join(sorted(labels[k] for k in np.flatnonzero(row))) for row in rows], dtype=object
    )


def _ids(store: Store, run: TrainingRun) -> np.ndarray:
    """Of every comment of the dataset, ascending."""
    predicted = store.predictions.table(run.id)[0]
    missing = np.array(store.predictions.missing(run.id, run.dataset_id), dtype=np.int64)
    return np.union1d(predicted, missing)


def _texts(store: Store, run: TrainingRun, ids: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Of those that are still there."""
    found, texts = [np.zeros(0, dtype=np.int64)], []
    for first in range(0, len(ids), IDS_A_QUERY):
        part = store.datasets.feedback(run.dataset_id, ids[first : first + IDS_A_QUERY].tolist())
        found.append(part["id"].to_numpy(np.int64))
        texts += part["text"].tolist()
    return np.concatenate(found), texts
