"""What is worked out of a run's held-out rows, once for all visitors.

The key is the run's id and manifest, the hash of its dataset and, where it matters, the gate: none of them
changes without the answer.
"""

from collections.abc import Sequence

import streamlit as st

from core.domain import LabelSet, TrainingRun
from core.workflow import advising, comparing, drifting, judging, tuning
from pages.parts import resources
from pages.parts.run_words import label_set_of

MODEL = "model"  # the run's own, among the models it measured
SHOWN_ROWS = 500
NO_LABEL = "(no label)"  # possible where a comment may carry several


def state(run: TrainingRun) -> str:
    return f"{run.manifest_sha256}:{resources.store().datasets.get(run.dataset_id).sha256}"


def held_out(run: TrainingRun, model: str = MODEL):
    """core.evaluation.held_out.HeldOut; None for a run of an earlier version."""
    return _held_out(run.id, state(run), model)


@st.cache_resource(max_entries=16, show_spinner="Reading the held-out comments")
def _held_out(run_id: int, state: str, model: str):
    store = resources.store()
    return judging.held_out(store, store.runs.get(run_id), model)


def advice(run: TrainingRun) -> tuple:
    """core.evaluation.advice.Advice, likeliest gain first."""
    learned = len(run.evaluation.learning) if run.evaluation else 0
    return _advice(run.id, state(run), repr(label_set_of(run).gate), learned)


@st.cache_resource(max_entries=16, show_spinner="Looking for what would help most")
def _advice(run_id: int, state: str, gate: str, learned: int) -> tuple:
    store = resources.store()
    return advising.advice(store, store.runs.get(run_id))


def cut_share(run: TrainingRun) -> float:
    """Share of the comments that are longer than the model reads."""
    return _cut_share(run.id, state(run))


@st.cache_resource(max_entries=16, show_spinner=False)
def _cut_share(run_id: int, state: str) -> float:
    store = resources.store()
    return advising.cut_share(store, store.runs.get(run_id))


def tuning_seconds(run: TrainingRun, trials: Sequence[tuning.Trial]) -> tuple[float, float]:
    """How long these trials likely take together, from and to."""
    return _tuning_seconds(run.id, state(run), repr(trials), _trials=trials)


@st.cache_resource(max_entries=16, show_spinner=False)
def _tuning_seconds(
    run_id: int, state: str, words: str, _trials: Sequence[tuning.Trial]
) -> tuple[float, float]:
    store = resources.store()
    return tuning.likely_seconds(store, resources.settings(), store.runs.get(run_id), _trials)


def compared(first: TrainingRun, second: TrainingRun) -> comparing.Compared:
    """Raises CannotTrain when they have no held-out rows in common."""
    return _compared(first.id, state(first), second.id, state(second))


@st.cache_resource(max_entries=16, show_spinner="Comparing on the same held-out comments")
def _compared(first: int, first_state: str, second: int, second_state: str) -> comparing.Compared:
    store = resources.store()
    return comparing.compare(store, store.runs.get(first), store.runs.get(second))


def is_beaten(run: TrainingRun, name: str) -> bool | None:
    """Whether the simpler model is better than the run's own by more than chance; None: not known."""
    return _is_beaten(run.id, state(run), name)


@st.cache_data(max_entries=64, show_spinner="Comparing on the same held-out comments")
def _is_beaten(run_id: int, state: str, name: str) -> bool | None:
    store = resources.store()
    return comparing.is_beaten(store, store.runs.get(run_id), name)


def unread(run: TrainingRun) -> int:
    """Rows of the dataset that the run has not predicted."""
    return len(resources.store().predictions.missing(run.id, run.dataset_id))


def later(run: TrainingRun) -> int:
    """Rows that came or changed their text after the training."""
    return _later(run.id, state(run))


@st.cache_data(max_entries=64, show_spinner=False)
def _later(run_id: int, state: str) -> int:
    store = resources.store()
    run = store.runs.get(run_id)
    return len(store.datasets.since(run.dataset_id, run.created_at))


def drift(run: TrainingRun, unread: int) -> drifting.Drift | None:
    """None when no rows came since the training. `unread` is told, for it takes long to count."""
    return _drift(run.id, state(run), unread)


@st.cache_resource(max_entries=16, show_spinner="Comparing the new comments with the older ones")
def _drift(run_id: int, state: str, unpredicted: int) -> drifting.Drift | None:
    store = resources.store()
    return drifting.drift(store, resources.settings(), store.runs.get(run_id))


def certainty(run: TrainingRun):
    """core.workflow.judging.Certainty; None without held-out rows."""
    return _certainty(run.id, state(run))


@st.cache_resource(max_entries=16, show_spinner="Reading the held-out comments")
def _certainty(run_id: int, state: str):
    held, store = _held_out(run_id, state, MODEL), resources.store()
    if held is None:
        return None
    return judging.certainty(held, judging.writers(store, [store.runs.get(run_id)], held.ids))


def threshold_curves(run: TrainingRun, label: str) -> tuple:
    """The ROC and the precision-recall curve of one label; None where it is undefined."""
    return judging.threshold_curves(held_out(run), label)


def said(run: TrainingRun, ids: Sequence[int], label: str | None = None) -> dict[int, tuple[str, str, float]]:
    """By id what the model said while the row was held out, what people said, and the probability of
    `label`, else of the likeliest label.

    In a K-fold each row was told by the model that had not seen it, which is another one than the final.
    """
    held = held_out(run)
    return {} if held is None else answers(held, ids, label)


def answers(held, ids: Sequence[int], label: str | None = None) -> dict[int, tuple[str, str, float]]:
    """`said` of some held-out rows (core.evaluation.held_out.HeldOut)."""
    once, wanted, found = held.once, set(ids), {}
    for place, key in enumerate(once.ids.tolist()):
        if key in wanted:
            row = once.probabilities[place]
            found[key] = (
                _names(held.labels, once.decided[place]),
                _names(held.labels, once.truth[place]),
                float(row.max() if label is None else row[held.labels.index(label)]),
            )
    return found


def _names(labels: tuple[str, ...], marked: Sequence[bool]) -> str:
    return "; ".join(label for label, mark in zip(labels, marked, strict=True) if mark) or NO_LABEL


def told_apart(run: TrainingRun) -> dict[str, tuple[tuple[int, ...], ...]]:
    """By label the ids of the held-out rows on which it was found, was missed, and was given wrongly."""
    once = held_out(run).once
    given, true = once.decided, once.truth
    parts = (given & true, true & ~given, given & ~true)
    return {
        label: tuple(tuple(once.ids[part[:, place]].tolist()) for part in parts)
        for place, label in enumerate(run.labels)
    }


def texts(run: TrainingRun, ids: Sequence[int]) -> dict[int, dict]:
    """The stored comments by id, from the dataset of the run and the one that it was judged on."""
    wanted, found = list(ids)[:SHOWN_ROWS], {}
    for source in _sources(run):
        table = resources.store().datasets.feedback(source, wanted)
        table["date"] = table["date"].astype(object).where(table["date"].notna(), None)
        found |= {row["id"]: row for row in table[["id", "text", "date", "channel"]].to_dict("records")}
    return found


def _sources(run: TrainingRun) -> list[int]:
    """The datasets whose comments the run read; the one it was judged on may be deleted since."""
    there = {dataset.id for dataset in resources.store().datasets.list()}
    return [source for source in (run.dataset_id, run.options.test_dataset) if source in there]


def other_runs(run: TrainingRun) -> list[TrainingRun]:
    """Finished runs of the same labels: first those judged in the same way, then the newest."""
    found = [
        other
        for other in resources.store().runs.list(run.dataset_id)
        if other.status == "done" and other.id != run.id and other.label_set_id == run.label_set_id
    ]

    def judged(other: TrainingRun) -> tuple:
        return other.options.split, other.options.split_seed, other.options.test_dataset

    return sorted(found, key=lambda other: judged(other) != judged(run))


def test_datasets(dataset_id: int, label_set: LabelSet) -> dict[int, str]:
    """Other datasets with a label set of this name, by id; where a comment carries one label here, it does
    there, too."""
    from pages.parts import results

    return {
        other.id: other.name
        for other in resources.store().datasets.list()
        if other.id != dataset_id
        and any(
            found.name == label_set.name and (label_set.multi or not found.multi)
            for found in results.label_sets(other)
        )
    }
