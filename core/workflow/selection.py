"""The frozen rows of a run: which comments are learned from and which are held out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.domain import LABEL_BREAK, LabelSet, TrainingOptions, TrainingRun
from core.errors import CannotTrain, Damaged
from core.store.store import Store
from core.workflow.task import Task


@dataclass(frozen=True)
class Selection:
    """The frozen rows of a run, aligned: every stored comment, then those of another dataset that it is
    judged on."""

    feedback: pd.DataFrame
    own: int  # the first so many rows are the dataset's; these are predicted
    truth: np.ndarray  # (n, k) bool; no label of the run: all False
    split: object  # core.training.split.Split of the labelled rows
    labelled: np.ndarray  # (m,) places of those rows, aligned with the split
    parts: np.ndarray  # (n,) train, validation, test or ""
    labels: tuple[str, ...]
    multi: bool
    options: TrainingOptions

    @property
    def texts(self) -> list[str]:
        texts = self.feedback["text"].tolist()
        return without_words(texts, self.options.without) if self.options.without else texts

    @property
    def ids(self) -> np.ndarray:
        return self.feedback["id"].to_numpy(np.int64)

    @property
    def in_folds(self) -> bool:
        return bool(self.split.folds)

    def rows(self, *parts: str) -> np.ndarray:
        return np.flatnonzero(np.isin(self.parts, parts))

    def counts(self) -> dict[str, int]:
        """Labelled rows of the dataset by label."""
        found = self.truth[: self.own].sum(axis=0)
        return dict(zip(self.labels, found.tolist(), strict=True))


def select(store: Store, run: TrainingRun) -> tuple[Selection, tuple[str, ...]]:
    """The rows of a run with their split, which depends on rows, labels and the way of splitting alone:
    every model on the same data is judged on the same held-out rows. Raises CannotTrain."""
    from core.training.split import make_split

    label_set = store.labels.get(run.label_set_id)
    feedback = store.datasets.feedback(run.dataset_id)
    given = labels_of(store, run.label_set_id, feedback["id"])
    labelled = np.flatnonzero([bool(labels) for labels in given])
    if not len(labelled):
        raise CannotTrain("No comment has a label yet. Import a file with a label column first.")
    rows = feedback.iloc[labelled]
    split = make_split(
        run.options.split,
        [given[row] for row in labelled],
        rows["text_hash"].tolist(),
        people(rows),
        rows["date"].to_numpy("datetime64[ns]"),
        seed=run.options.split_seed,
        outside_test=bool(run.options.test_dataset),
    )
    parts = np.full(len(feedback), "", dtype=object)
    parts[labelled] = split.parts
    own, warnings = len(feedback), tuple(split.warnings)
    if run.options.test_dataset:
        outside, theirs, more = outside_rows(store, run.options.test_dataset, label_set, split.labels)
        warnings = (*warnings, *more)
        feedback = pd.concat([feedback, outside], ignore_index=True)
        given = [*given, *theirs]
        parts = np.concatenate([parts, np.full(len(outside), "test", dtype=object)])
    truth = truth_of(given, split.labels)
    selection = Selection(
        feedback, own, truth, split, labelled, parts, split.labels, label_set.multi, run.options
    )
    return selection, warnings


def labels_of(store: Store, label_set_id: int, ids: Sequence[int]) -> list[tuple[str, ...]]:
    """The labels of each row, in the order of `ids`; () for none."""
    table = store.labels.table(label_set_id)
    found: dict[int, tuple[str, ...]] = {}
    for key, label in zip(table["feedback_id"].tolist(), table["label"].tolist(), strict=True):
        found[key] = (*found.get(key, ()), label)
    return [found.get(key, ()) for key in ids]


def truth_of(given: Sequence[Sequence[str]], labels: Sequence[str]) -> np.ndarray:
    """(n, k) bool; labels that are not among `labels` leave no mark."""
    number = {label: k for k, label in enumerate(labels)}
    truth = np.zeros((len(given), len(labels)), dtype=bool)
    for row, names in enumerate(given):
        for name in names:
            if name in number:
                truth[row, number[name]] = True
    return truth


def people(feedback: pd.DataFrame) -> list[str]:
    """The account of each row, else its author; "" where neither is known."""
    accounts, authors = feedback["account"].tolist(), feedback["author"].tolist()
    return [
        f"account {account}" if account else f"author {author}" if author else ""
        for account, author in zip(accounts, authors, strict=True)
    ]


def outside_rows(
    store: Store, dataset_id: int, label_set: LabelSet, labels: Sequence[str]
) -> tuple[pd.DataFrame, list[tuple[str, ...]], tuple[str, ...]]:
    """The rows of another dataset whose label the model learns, their labels, and a warning where labelled
    ones are left out. Raises CannotTrain without any, or where only those may carry several labels."""
    dataset = store.datasets.get(dataset_id)
    theirs = [found for found in store.labels.sets(dataset_id) if found.name == label_set.name]
    if not theirs:
        raise CannotTrain(
            f"The test dataset '{dataset.name[:80]}' has no label set '{label_set.name[:80]}'. "
            "Import it with a label column of the same name."
        )
    if theirs[0].multi and not label_set.multi:
        raise CannotTrain(
            f"The comments of the test dataset '{dataset.name[:80]}' may carry several labels, those learned "
            "from carry one. Import either of them again in the way of the other, or choose another test "
            "dataset."
        )
    feedback = store.datasets.feedback(dataset_id)
    given = labels_of(store, theirs[0].id, feedback["id"])
    known = set(labels)
    keep = [row for row, names in enumerate(given) if known.intersection(names)]
    if not keep:
        raise CannotTrain(
            f"No comment of the test dataset '{dataset.name[:80]}' has a label that is learned."
        )
    rows = feedback.iloc[keep].reset_index(drop=True)
    return rows, [given[row] for row in keep], _not_learned(given, known)


def _not_learned(given: Sequence[tuple[str, ...]], known: set[str]) -> tuple[str, ...]:
    """A sentence on the labelled rows that carry no label of `known`."""
    from core.training.split_words import listed

    strange = [names for names in given if names and not known.intersection(names)]
    if not strange:
        return ()
    named = listed(Counter(name for names in strange for name in names).most_common())
    labelled = sum(1 for names in given if names)
    carry = "carries a label that is" if len(strange) == 1 else "carry labels that are"
    return (
        f"{len(strange):,} of {labelled:,} labelled comments of the test dataset {carry} not learned: "
        f"{named}. They are not judged, and the model would be wrong on each of them.",
    )


def without_words(texts: Sequence[str], words: Sequence[str]) -> list[str]:
    """As a model reads them that is trained without these words."""
    from core.models.without import Without

    without = Without(tuple(words))
    return [without.blanked(text) for text in texts]


def store_selection(store: Store, run_id: int, selection: Selection, task: Task) -> None:
    store.runs.set_rows(run_id, _table(selection), task.fence)
    store.runs.update(run_id, task.fence, labels=selection.labels)


def _table(selection: Selection) -> pd.DataFrame:
    """feedback_id, part and label of the rows that take part."""
    rows = np.flatnonzero(selection.parts != "")
    return pd.DataFrame(
        {
            "feedback_id": selection.feedback["id"].to_numpy()[rows],
            "part": selection.parts[rows],
            "label": joined(selection.truth[rows], selection.labels),
        }
    )


def joined(truth: np.ndarray, labels: Sequence[str]) -> list[str]:
    """The labels of each row as one cell."""
    return [LABEL_BREAK.join(labels[k] for k in np.flatnonzero(row)) for row in truth]


def check_test(store: Store, run: TrainingRun, selection: Selection) -> None:
    """Raises CannotTrain when the test dataset has other comments or labels than the run was judged on."""
    if not run.options.test_dataset:
        return
    then, now = (
        set(table.loc[table["part"] == "test", ["feedback_id", "label"]].itertuples(index=False, name=None))
        for table in (store.runs.rows(run.id), _table(selection))
    )
    if then != now:
        raise CannotTrain(
            "The comments or labels of the test dataset changed after this run was trained, so nothing more "
            "can be measured on what it was judged on. Train it again."
        )


def check_data(store: Store, run: TrainingRun) -> None:
    """Raises CannotTrain when the rows or labels are not those the run was started on, Damaged when
    the stored rows are not those that were stored."""
    if store.datasets.get(run.dataset_id).sha256 != run.data_sha256:
        raise CannotTrain("The comments or labels changed after this training was started. Start it again.")
    if not store.datasets.intact(run.dataset_id):
        raise Damaged("The stored comments are damaged. Restore a backup, or import the file again.")
