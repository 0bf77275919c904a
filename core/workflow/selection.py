"""The frozen rows of a run: which comments are learned from and which are held out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.domain import TrainingRun
from core.errors import CannotTrain, Damaged
from core.store.store import Store
from core.workflow.task import Task

MOST_LABELS = 500
SEVERAL = (
    "Comments of this label set carry several labels each; a model learns one label a comment. "
    "Choose another label set."
)


@dataclass(frozen=True)
class Selection:
    """The frozen rows of a run, aligned: every stored comment, its label number or -1, its part."""

    feedback: pd.DataFrame
    truth: np.ndarray
    parts: np.ndarray
    labels: tuple[str, ...]

    @property
    def texts(self) -> list[str]:
        return self.feedback["text"].tolist()

    def rows(self, *parts: str) -> np.ndarray:
        return np.flatnonzero(np.isin(self.parts, parts))


def select(store: Store, run: TrainingRun) -> tuple[Selection, tuple[str, ...]]:
    """The rows of a run with their split, which depends on the rows and labels alone: every model
    on the same data is judged on the same held-out rows. Raises CannotTrain."""
    from core.training.split import split

    if store.labels.get(run.label_set_id).multi:
        raise CannotTrain(SEVERAL)
    feedback = store.datasets.feedback(run.dataset_id)
    table = store.labels.table(run.label_set_id)
    label_of = dict(zip(table["feedback_id"], table["label"], strict=True))
    given = feedback["id"].map(label_of)
    labelled = np.flatnonzero(given.notna())
    if not len(labelled):
        raise CannotTrain("No comment has a label yet. Import a file with a label column first.")
    found = split(given.iloc[labelled].tolist(), feedback["text_hash"].iloc[labelled].tolist())
    number = {label: k for k, label in enumerate(found.labels)}
    truth = np.array([number.get(label, -1) for label in given], dtype=int)
    parts = np.full(len(feedback), "", dtype=object)
    parts[labelled] = found.parts
    if len(found.labels) > MOST_LABELS:
        raise CannotTrain(
            f"This label column has {len(found.labels):,} labels; a model learns {MOST_LABELS} at most. "
            "Choose a column with fewer different values, or merge labels in the file."
        )
    return Selection(feedback, truth, parts, found.labels), _left_out(found.left_out)


def _left_out(rare: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    from core.training.split import FEWEST_GROUPS

    if not rare:
        return ()
    named = ", ".join(f"'{label[:40]}' ({rows})" for label, rows in rare[:5])
    more = f" and {len(rare) - 5:,} more" if len(rare) > 5 else ""
    return (
        f"Too rare to learn, since a label needs {FEWEST_GROUPS} different comments: {named}{more}. "
        "Their comments count as labelled, but the model does not know these labels.",
    )


def store_selection(store: Store, run_id: int, selection: Selection, task: Task) -> None:
    rows = np.flatnonzero(selection.parts != "")
    frame = pd.DataFrame(
        {
            "feedback_id": selection.feedback["id"].to_numpy()[rows],
            "part": selection.parts[rows],
            "label": [selection.labels[k] for k in selection.truth[rows]],
        }
    )
    store.runs.set_rows(run_id, frame, task.fence)
    store.runs.update(run_id, task.fence, labels=selection.labels)


def check_data(store: Store, run: TrainingRun) -> None:
    """Raises CannotTrain when the rows or labels are not those the run was started on, Damaged when
    the stored rows are not those that were stored."""
    if store.datasets.get(run.dataset_id).sha256 != run.data_sha256:
        raise CannotTrain("The comments or labels changed after this training was started. Start it again.")
    if not store.datasets.intact(run.dataset_id):
        raise Damaged("The stored comments are damaged. Restore a backup, or import the file again.")
