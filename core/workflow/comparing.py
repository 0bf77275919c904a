"""Two runs side by side: what differs in how good they are, in their settings and in their rows."""

from dataclasses import dataclass

import pandas as pd

from core.domain import KFOLD, TRAIN, Dataset, Scores, TrainingOptions, TrainingRun
from core.errors import CannotTrain
from core.store.store import Store
from core.training.rates import body_rate
from core.workflow.estimate import encoder_shape
from core.workflow.explanations import finished
from core.workflow.judging import held_out, writers

HIDDEN = ("trial_of",)  # settings that say nothing of the model
UNUSED = "not used"  # by a model of this kind


@dataclass(frozen=True)
class Compared:
    comparison: object  # core.evaluation.comparison.Comparison
    scores: tuple[Scores, Scores]  # of each on the comments and labels that both were judged on
    settings: tuple[tuple[str, str, str], ...]  # name, of the first run, of the second
    rows: str  # what became of comments and labels between the two
    flips: dict[str, tuple[int, ...]]  # a sentence -> ids of the rows


def compare(store: Store, first: TrainingRun, second: TrainingRun) -> Compared:
    """Raises CannotTrain when they have no held-out rows in common, NotFound."""
    from core.evaluation.comparison import compare as compare_held_out
    from core.evaluation.scores import score

    runs = [finished(store, run.id) for run in (first, second)]
    held = [held_out(store, run) for run in runs]
    for run, rows in zip(runs, held, strict=True):
        if rows is None:
            raise CannotTrain(
                f"Run {run.id} was trained before held-out rows were kept, so it cannot be compared. "
                "Train it again."
            )
    groups = writers(store, runs, held[0].ids)
    found = compare_held_out(*held, groups=groups)
    flips = {
        f"Run {second.id} is right, run {first.id} was wrong": found.won,
        f"Run {first.id} was right, run {second.id} is wrong": found.lost,
        "Both are wrong, in different ways": found.moved,
    }
    together = writers(store, runs, found.both[0].ids)
    scores = [
        score(run.options.mode, held, groups=together) for run, held in zip(runs, found.both, strict=True)
    ]
    return Compared(found, tuple(scores), changed_settings(*runs), _rows(store, *runs), flips)


def is_beaten(store: Store, run: TrainingRun, name: str) -> bool | None:
    """Whether the model `name`, measured beside a run, is better than its own by more than chance, on the
    same held-out rows. None for a run of an earlier version, which kept no answers of it."""
    from core.evaluation.comparison import compare as compare_held_out

    held = [held_out(store, run), held_out(store, run, name)]
    if any(rows is None for rows in held):
        return None
    main = compare_held_out(*held, groups=writers(store, [run], held[0].ids)).measures[0]
    return main.clear and main.change.mid > 0


def changed_settings(first: TrainingRun, second: TrainingRun) -> tuple[tuple[str, str, str], ...]:
    """Only those that differ and mean something to one of them, in the order they are declared."""
    from core.export.card import means_something

    found = []
    for name in first.options.__dataclass_fields__:
        one, two = (_setting(run.options, name) for run in (first, second))
        used = [means_something(name, run) for run in (first, second)]
        if one != two and any(used) and name not in HIDDEN:
            shown = [_shown(value) if use else UNUSED for value, use in zip((one, two), used, strict=True)]
            found.append((name.replace("_", " "), *shown))
    return tuple(found)


def _setting(options: TrainingOptions, name: str) -> object:
    if name == "body_rate":
        return body_rate(options, encoder_shape(options.encoder).size)
    return getattr(options, name)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _rows(store: Store, first: TrainingRun, second: TrainingRun) -> str:
    rows = [store.runs.rows(run.id).set_index("feedback_id") for run in (first, second)]
    taught = [set(table.index[table["part"] == TRAIN].tolist()) for table in rows]
    parts = [] if first.data_sha256 == second.data_sha256 else [_changed(store, second, *rows)]
    if taught[0] != taught[1]:
        parts.append(_apart(first, second, *taught))
    elif not parts:
        parts.append("Both learned from the same comments and labels.")
    return " ".join([*parts, *_folds(first, second)])


def _changed(store: Store, second: TrainingRun, before: pd.DataFrame, after: pd.DataFrame) -> str:
    common = before.index.intersection(after.index)
    changed = int((before["label"][common] != after["label"][common]).sum())
    dataset: Dataset = store.datasets.get(second.dataset_id)
    came, went = len(after) - len(common), len(before) - len(common)
    return (
        f"Between the two, {came:,} labelled comments came, {went:,} went and {changed:,} got another label; "
        f"{dataset.name[:60]} has {dataset.rows:,} comments now."
    )


def _apart(first: TrainingRun, second: TrainingRun, one: set[int], two: set[int]) -> str:
    return (
        f"They learned from different comments{_counts(first, second, one, two)}, so a difference may come "
        "from the comments and not from the settings. For a fair comparison train both again on the same "
        "comments, judged in the same way."
    )


def _counts(first: TrainingRun, second: TrainingRun, one: set[int], two: set[int]) -> str:
    """None for folds: what answered there learned from fewer comments than the model that stays."""
    if _in_folds(first) or _in_folds(second):
        return ""
    return (
        f": run {first.id} from {len(one):,}, run {second.id} from {len(two):,}. {len(one & two):,} of these "
        f"taught both, {len(one - two):,} run {first.id} alone and {len(two - one):,} run {second.id} alone"
    )


def _in_folds(run: TrainingRun) -> bool:
    return run.options.split.startswith(KFOLD)


def _folds(*runs: TrainingRun) -> list[str]:
    """In folds other models are judged than the one that stays."""
    if len({(run.options.split, run.options.split_seed) for run in runs}) == 1:
        return []
    return [
        f"Run {run.id} was judged in parts, each comment by a model that learned from the other parts."
        for run in runs
        if _in_folds(run)
    ]
