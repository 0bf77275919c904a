"""Good enough? The gate of a label set, the model that answers for it, and the way back to an earlier one."""

from dataclasses import dataclass
from itertools import takewhile

from core.config import Settings
from core.domain import (
    KFOLD,
    NOT_JUDGED,
    NOT_MEASURED,
    GateResult,
    GateRule,
    Job,
    LabelSet,
    Promotion,
    TrainingRun,
)
from core.errors import CannotTrain, Damaged, NotFound
from core.evaluation.gate import check
from core.models import files
from core.store.store import Store
from core.store.tables import QUEUED
from core.workflow.explanations import finished

PREDICT = "predict"
LANE = "model"  # of the queue: work on finished models does not wait behind a training


@dataclass(frozen=True)
class Verdict:
    """A run at the gate of its label set."""

    rule: GateRule
    results: tuple[GateResult, ...]

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.results)

    @property
    def missed(self) -> tuple[GateResult, ...]:
        return tuple(result for result in self.results if not result.passed)


def rule_of(label_set: LabelSet) -> GateRule:
    return label_set.gate or GateRule()


def set_rule(store: Store, label_set_id: int, rule: GateRule | None) -> None:
    """Raises CannotTrain for a bound that no score can have, NotFound."""
    if rule is not None:
        for name in ("macro_f1", "recall", "calibration_error"):
            if not 0 <= getattr(rule, name) <= 1:
                raise CannotTrain(f"The bound for {name.replace('_', ' ')} must lie between 0 and 1.")
    store.labels.set_gate(label_set_id, rule)


def verdict(store: Store, run: TrainingRun) -> Verdict:
    """What the gate says of a finished run. Raises NotFound."""
    run = finished(store, run.id)
    rule = rule_of(store.labels.get(run.label_set_id, counted=False))
    where = " in the test dataset" if run.options.test_dataset else ""
    found = check(run.model, rule, run.calibration.get("ece_after"), _held_share(run), where)
    return Verdict(rule, tuple(found))


def _held_share(run: TrainingRun) -> float:
    """Share of newly labelled comments that would be held out by the way the run was judged."""
    if run.evaluation is None or run.options.test_dataset or run.options.split.startswith(KFOLD):
        return 1.0
    return run.model.n / max(1, run.model.n + run.evaluation.train + run.evaluation.validation)


def promote(store: Store, settings: Settings, run_id: int, note: str = "", anyway: bool = False) -> Promotion:
    """Put the model of a run to work for its label set: it is what Insights, Explain and Report begin
    with. Rows that came since its training are predicted by a job; predictions of other runs stay.

    Raises Damaged when its files are not those that were written, CannotTrain when it does not pass the
    gate, unless `anyway`; NotFound.
    """
    run = finished(store, run_id)
    damage = _damage(settings, run)
    if damage:
        raise Damaged(f"Run {run_id} was not put to work. {damage}")
    found = verdict(store, run)
    if not found.passed and not anyway:
        missed = ", ".join(map(_in_words, found.missed[:4]))
        raise CannotTrain(
            f"Run {run_id} does not pass the gate: {missed}. Tune it, change the gate, or promote it anyway."
        )
    done = store.promotions.add(run_id, found.results, found.passed, note[:500])
    queue_predictions(store, run)
    return done


def _in_words(missed: GateResult) -> str:
    if missed.name.startswith(NOT_JUDGED) or missed.name.endswith(NOT_MEASURED):
        return missed.name
    return f"{missed.name} {missed.value:.3f}"


def roll_back(store: Store, settings: Settings, label_set_id: int) -> Promotion:
    """The model that answered before the present one answers again; one whose files are damaged is passed
    over for the one before it. Raises NotFound without any, Damaged when none is whole."""
    runs = list(dict.fromkeys(item.run_id for item in store.promotions.history(label_set_id)))
    if len(runs) < 2:
        raise NotFound("There is no earlier model of these labels to go back to.")
    present, *earlier = runs
    damaged = list(takewhile(lambda key: _damage(settings, finished(store, key)), earlier))
    named = ", ".join(f"run {key}" for key in damaged)
    if damaged == earlier:
        raise Damaged(
            "There is no earlier model of these labels to go back to: files are missing or damaged of "
            f"{named}. Run {present} answers as before. Promote another run, or train again."
        )
    note = f"Back from run {present}."
    if damaged:
        note += f" Passed over, as files of theirs are missing or damaged: {named}."
    return promote(store, settings, earlier[len(damaged)], note, anyway=True)


def _damage(settings: Settings, run: TrainingRun) -> str:
    """A sentence when the files of its model are not those that were written; "" when they are."""
    try:
        files.read_manifest(settings.runs_dir / run.checkpoint, files.damage, run.manifest_sha256)
    except Damaged as error:
        return str(error)
    return ""


def promoted_run(store: Store, dataset_id: int, without: int = 0) -> TrainingRun | None:
    """The run that answers for the dataset: the newest promotion of any of its label sets, but of the run
    `without`."""
    found = [
        item
        for label_set in store.labels.sets(dataset_id)
        for item in store.promotions.history(label_set.id)
        if item.run_id != without
    ]
    newest = max(found, key=lambda item: item.id, default=None)
    return None if newest is None else store.runs.get(newest.run_id)


def answering_run(store: Store, dataset_id: int, without: int = 0) -> TrainingRun | None:
    """The promoted run, else the newest finished one; with `without` what would be were that run deleted."""
    promoted = promoted_run(store, dataset_id, without)
    if promoted is not None:
        return promoted
    done = (run for run in store.runs.list(dataset_id) if run.status == "done" and run.id != without)
    return next(done, None)


def queue_predictions(store: Store, run: TrainingRun) -> Job | None:
    """A job that predicts the rows that have no prediction of this run; None when there are none.

    A job that waits looks for them when it begins. One that has begun may not see them all: they get one of
    their own, named after it, so that it is the same one for whoever asks at this moment.
    """
    if not store.predictions.missing(run.id, run.dataset_id):
        return None
    theirs = (PREDICT, run.id)
    jobs = [job for job in store.jobs.active(LANE) if (job.kind, job.params.get("run")) == theirs]
    for job in jobs:
        if job.state == QUEUED:
            return job
    key = " after ".join([f"{PREDICT} {run.id}", *(str(job.id) for job in jobs)])
    return store.jobs.enqueue(PREDICT, {"run": run.id}, key=key, device=LANE)
