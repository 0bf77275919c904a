"""Two runs side by side: what differs in how good they are, in their settings and in their rows."""

from dataclasses import asdict, dataclass

from core.domain import Dataset, TrainingRun
from core.errors import CannotTrain
from core.store.store import Store
from core.workflow.explanations import finished
from core.workflow.judging import held_out

HIDDEN = ("trial_of",)  # settings that say nothing of the model


@dataclass(frozen=True)
class Compared:
    comparison: object  # core.evaluation.comparison.Comparison
    settings: tuple[tuple[str, str, str], ...]  # name, of the first run, of the second
    rows: str  # what became of comments and labels between the two
    flips: dict[str, tuple[int, ...]]  # a sentence -> ids of the rows


def compare(store: Store, first: TrainingRun, second: TrainingRun) -> Compared:
    """Raises CannotTrain when they have no held-out rows in common, NotFound."""
    from core.evaluation.comparison import compare as compare_held_out

    runs = [finished(store, run.id) for run in (first, second)]
    held = [held_out(store, run) for run in runs]
    for run, rows in zip(runs, held, strict=True):
        if rows is None:
            raise CannotTrain(
                f"Run {run.id} was trained before held-out rows were kept, so it cannot be compared. "
                "Train it again."
            )
    found = compare_held_out(*held)
    flips = {
        f"Run {second.id} is right, run {first.id} was wrong": found.won,
        f"Run {first.id} was right, run {second.id} is wrong": found.lost,
        "Both are wrong, in different ways": found.moved,
    }
    return Compared(found, changed_settings(*runs), _rows(store, *runs), flips)


def changed_settings(first: TrainingRun, second: TrainingRun) -> tuple[tuple[str, str, str], ...]:
    """Only those that differ, in the order they are declared."""
    one, two = asdict(first.options), asdict(second.options)
    return tuple(
        (name.replace("_", " "), _shown(one[name]), _shown(two[name]))
        for name in one
        if one[name] != two[name] and name not in HIDDEN
    )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _rows(store: Store, first: TrainingRun, second: TrainingRun) -> str:
    if first.data_sha256 == second.data_sha256:
        return "Both learned from the same comments and labels."
    rows = [store.runs.rows(run.id).set_index("feedback_id")["label"] for run in (first, second)]
    common = rows[0].index.intersection(rows[1].index)
    changed = int((rows[0][common] != rows[1][common]).sum())
    dataset: Dataset = store.datasets.get(second.dataset_id)
    came, went = len(rows[1]) - len(common), len(rows[0]) - len(common)
    return (
        f"Between the two, {came:,} labelled comments came, {went:,} went and {changed:,} got another label; "
        f"{dataset.name[:60]} has {dataset.rows:,} comments now."
    )
