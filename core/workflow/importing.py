"""What the Feedback page and the command line do with a file: look, import, compare, confirm, undo."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

import pandas as pd

from core.config import Settings
from core.domain import Answer, Columns, Import, Job, Question, Rejection
from core.errors import CannotTrain, NotFound
from core.jobs import limited
from core.store.staging import Counts
from core.store.store import Store
from core.workflow import health
from core.workflow.import_child import to_columns
from core.workflow.import_file import ASK, STAGED, STORED, Look, Order, Outcome
from core.workflow.predicting import queue_answers
from core.workflow.task import SILENT, Task
from core.workflow.uploads import drop_upload, upload_file

IMPORT, MERGE, SIMILAR, RETENTION = "import", "merge", "similar", "retention"
UNDO, REMOVE = "undo", "remove"
LANE = "import"
CHILD = (sys.executable, "-m", "core.workflow.import_child")
KEPT = ("dates:", "scale:", "pattern:", "region", "handles")
GONE = "gone"
LARGE = 50_000  # rows of a dataset, above which a page hands changes over to a job
MB = 2**20
BASE_MB = 300  # what the libraries and one chunk take
MEMORY_OF_FILE = 3
LEAST_IMPORT_MB = 400  # the model of languages is loaded, whatever the size of the file
LOOK_CPU_S, LOOK_CPU_S_A_MB = 10.0, 0.5
IMPORT_CPU_S, IMPORT_CPU_S_A_MB = 60.0, 3.0  # personal data and languages are looked for as well
LOOK_WALL = 3  # times its CPU limit: other work goes on beside it


@dataclass(frozen=True)
class Waiting:
    """An append that is staged and waits for a word."""

    job_id: int
    dataset_id: int
    file_name: str
    outcome: Outcome


def look(
    store: Store,
    settings: Settings,
    upload: str,
    answers: Mapping[str, str],
    columns: Columns | None = None,
) -> Look:
    """What is in a kept upload, read in a child with limits; its header's remembered columns come first.

    Raises BadFile and its kin, NotFound.
    """
    found = _look(settings, upload, answers, columns)
    if columns is not None or not found.header:
        return found
    remembered = store.mappings.get(found.header)
    if remembered is None:
        return found
    known, earlier = remembered
    again = _look(settings, upload, {**earlier, **answers}, known)
    return Look(**{**again.__dict__, "source": "a file that you imported before"})


def _look(settings: Settings, upload: str, answers: Mapping[str, str], columns: Columns | None) -> Look:
    request = {
        "verb": "look",
        "settings": settings.model_dump(mode="json"),
        "upload": upload,
        "answers": dict(answers),
        "columns": asdict(columns) if columns else None,
    }
    size = _megabytes(settings, upload)
    cpu = LOOK_CPU_S + LOOK_CPU_S_A_MB * size
    found = limited.run(
        CHILD,
        request,
        on_line=lambda line: None,
        memory_bytes=int((BASE_MB + MEMORY_OF_FILE * size) * MB),
        cpu_s=cpu,
        wall_s=LOOK_WALL * cpu,
    )
    return _to_look(found.result)


def _megabytes(settings: Settings, upload: str) -> float:
    return upload_file(settings, upload).stat().st_size / MB


def start(store: Store, settings: Settings, upload: str, order: Order) -> Job:
    """Queue the import of a kept upload; the same order that waits or runs already is that job."""
    upload_file(settings, upload)
    if order.dataset_id is not None:
        store.datasets.get(order.dataset_id)
    params = {"upload": upload, "order": asdict(order)}
    key = hashlib.sha256(json.dumps([IMPORT, params], sort_keys=True).encode()).hexdigest()
    return store.jobs.enqueue(IMPORT, params, key=key, device=LANE)


def run_import(
    store: Store, settings: Settings, params: Mapping, task: Task = SILENT, **control: Callable
) -> dict:
    """The job: read and stage in a child; the upload goes once its rows are stored or staged."""
    upload, order = params["upload"], params["order"]
    outcome = import_in_child(settings, upload, order, task, **control)
    if outcome.status in (STAGED, STORED):
        store.mappings.keep(outcome.header, to_columns(order["columns"]), _kept_answers(order["answers"]))
        drop_upload(settings, upload)
    if outcome.status == STORED:
        queue_similar(store, outcome.dataset_id)
    return asdict(replace(outcome, questions=_without_rows(outcome.questions)))


def _without_rows(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """Previews are not masked, so the queue does not keep them: the next look makes them again."""
    return tuple(
        replace(question, answers=tuple(replace(answer, rows=()) for answer in question.answers))
        for question in questions
    )


def _kept_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Those that hold for the next file with the same header as well: what its cells mean and what is
    masked, not how the bytes of this one are read."""
    return {key: value for key, value in answers.items() if key.startswith(KEPT)}


def import_in_child(
    settings: Settings, upload: str, order: Mapping, task: Task = SILENT, **control: Callable
) -> Outcome:
    """`order` is an Order as dict; `control` may hold should_stop. Raises BadFile, StoreError, Cancelled."""
    request = {
        "verb": "import",
        "settings": settings.model_dump(mode="json"),
        "upload": upload,
        "order": dict(order),
        "fence": task.fence,
    }
    size = _megabytes(settings, upload)
    found = limited.run(
        CHILD,
        request,
        on_line=lambda line: task.progress(line["pct"], line["message"]),
        memory_bytes=int(max(LEAST_IMPORT_MB, BASE_MB + MEMORY_OF_FILE * size) * MB),
        cpu_s=IMPORT_CPU_S + IMPORT_CPU_S_A_MB * size,
        **control,
    )
    return to_outcome(found.result)


# ---- appending --------------------------------------------------------------------------------


def waiting(store: Store, dataset_id: int) -> list[Waiting]:
    """Appends to a dataset that are read and counted and wait for a person's word."""
    staged = set(store.staging.list())
    found = []
    for job in store.jobs.recent(limit=200):
        if job.kind != IMPORT or not job.result or job.result["status"] != STAGED:
            continue
        outcome = to_outcome(job.result)
        order = job.params["order"]
        if (
            outcome.staged in staged
            and order["dataset_id"] == dataset_id
            and not _merging(store, outcome.staged)
        ):
            found.append(Waiting(job.id, dataset_id, order["file_name"], outcome))
    return found


def _merging(store: Store, staged: int) -> bool:
    return any(job.kind == MERGE and job.params["staged"] == staged for job in store.jobs.active(LANE))


def confirm(store: Store, waits: Waiting) -> Job:
    """Queue the merge of a staged append."""
    params = {"staged": waits.outcome.staged, "dataset": waits.dataset_id}
    return store.jobs.enqueue(MERGE, params, key=f"merge:{waits.outcome.staged}", device=LANE)


def discard(store: Store, waits: Waiting) -> None:
    """Nothing of the file stays."""
    store.staging.drop(waits.outcome.staged)


def run_merge(store: Store, params: Mapping, task: Task = SILENT) -> dict:
    """The job: staged rows into their dataset, then its health card anew."""
    task.progress(5, "Adding the rows")
    done = merge(store, int(params["staged"]), int(params["dataset"]), task)
    queue_similar(store, done.dataset_id)
    return {"status": STORED, "import_id": done.id, "dataset_id": done.dataset_id}


def merge(store: Store, staged: int, dataset_id: int, task: Task = SILENT) -> Import:
    """The models that answer for the dataset read the new rows and texts next, as jobs of their own.

    Raises NotFound, CannotTrain while a training of the dataset goes on.
    """
    done = store.staging.merge(staged, dataset_id, fence=task.fence)
    task.progress(80, "Writing the health card")
    health.measure(store, dataset_id)
    queue_answers(store, dataset_id)
    return done


def undo(store: Store, settings: Settings, import_id: int) -> None:
    """Take an import back, exactly; with its only import the dataset goes, runs and all. The models that
    answer for it read the texts that are back next, as jobs of their own.

    Raises NotFound, CannotTrain, StoreError.
    """
    from core.workflow import runs

    done = store.datasets.import_of(import_id)
    if len(store.datasets.imports(done.dataset_id)) == 1:
        runs.delete_dataset(store, settings, done.dataset_id)
        return
    runs.end_abandoned(store, settings)
    if any(run.status in runs.GOING_ON for run in store.runs.list(done.dataset_id)):
        raise CannotTrain("A training on this dataset is still going on. Cancel it first.")
    store.datasets.undo(import_id)
    if store.datasets.get(done.dataset_id).rows <= LARGE:
        health.measure(store, done.dataset_id)
    queue_similar(store, done.dataset_id)  # it measures what is not measured yet
    queue_answers(store, done.dataset_id)


def start_undo(store: Store, import_id: int) -> Job | None:
    """Queue an undo that would keep a page waiting; None when it is small: call undo. Raises NotFound."""
    done = store.datasets.import_of(import_id)
    if store.datasets.get(done.dataset_id).rows <= LARGE:
        return None
    params = {"import": import_id, "dataset": done.dataset_id}
    return store.jobs.enqueue(UNDO, params, key=f"{UNDO}:{import_id}", device=LANE)


def start_removal(store: Store, dataset_id: int) -> Job | None:
    """The same for a whole dataset; None when it is small: call runs.delete_dataset. Raises NotFound."""
    if store.datasets.get(dataset_id).rows <= LARGE:
        return None
    return store.jobs.enqueue(REMOVE, {"dataset": dataset_id}, key=f"{REMOVE}:{dataset_id}", device=LANE)


def run_removal(store: Store, settings: Settings, params: Mapping, task: Task = SILENT) -> dict:
    """The job of either; what a killed one has removed already is no error."""
    from core.workflow import runs

    dataset_id = int(params["dataset"])
    task.progress(5, "Removing comments")
    with suppress(NotFound):
        if "import" in params:
            undo(store, settings, int(params["import"]))
        else:
            runs.delete_dataset(store, settings, dataset_id)
    there = any(dataset.id == dataset_id for dataset in store.datasets.list())
    return {"status": GONE, "dataset_id": dataset_id if there else None}


def rejected_rows(store: Store, import_id: int) -> pd.DataFrame:
    """The rows of a file that were not stored, masked: line, reason, then the columns of the file."""
    done = store.datasets.import_of(import_id)
    table = store.datasets.rejected(import_id)
    widest = max([len(done.header), *table["cells"].map(len)], default=0)
    names = [*done.header, *(f"Surplus cell {n}" for n in range(1, widest - len(done.header) + 1))]
    cells = [[*row, *[""] * (widest - len(row))] for row in table["cells"]]
    wide = pd.DataFrame(cells, columns=_apart(names), dtype="str")
    return pd.concat([table[["line", "reason"]].reset_index(drop=True), wide], axis=1)


def _apart(names: list[str]) -> list[str]:
    """No column of the file may be called like the two of ours."""
    return [f"{name} (file)" if name in ("line", "reason") else name for name in names]


def queue_retention(store: Store, settings: Settings) -> Job | None:
    """Comments older than the limit go; None without a limit."""
    if not settings.retention_days:
        return None
    return store.jobs.enqueue(RETENTION, {}, key=RETENTION, priority=2, device=LANE)


# ---- similar comments -------------------------------------------------------------------------


def queue_similar(store: Store, dataset_id: int) -> Job:
    """Near-duplicates and bursts are looked for once the rows are stored."""
    return store.jobs.enqueue(
        SIMILAR, {"dataset": dataset_id}, key=f"similar:{dataset_id}", priority=1, device=LANE
    )


def run_similar(store: Store, params: Mapping, task: Task = SILENT) -> dict:
    """The job; a dataset that is gone meanwhile needs none."""
    try:
        return health.find_similar(store, int(params["dataset"]), task)
    except NotFound:
        return {}


# ---- from JSON --------------------------------------------------------------------------------


def to_outcome(stored: Mapping) -> Outcome:
    values = dict(stored)
    values["header"] = tuple(values["header"])
    values["warnings"] = tuple(values["warnings"])
    values["questions"] = _questions(values["questions"])
    values["rejections"] = _rejections(values["rejections"])
    values["counts"] = Counts(**values["counts"]) if values["counts"] else None
    return Outcome(**values)


def _to_look(stored: Mapping) -> Look:
    values = dict(stored)
    for name in ("header", "warnings"):
        values[name] = tuple(values[name])
    values["questions"] = _questions(values["questions"])
    values["rejections"] = _rejections(values["rejections"])
    values["columns"] = to_columns(values["columns"]) if values["columns"] else None
    for name in ("first_rows", "roles"):
        values[name] = tuple(tuple(row) for row in values[name])
    return Look(**values)


def _questions(stored: list) -> tuple[Question, ...]:
    return tuple(
        Question(
            **{
                **item,
                "answers": tuple(
                    Answer(**{**one, "rows": tuple(tuple(row) for row in one["rows"])})
                    for one in item["answers"]
                ),
            }
        )
        for item in stored
    )


def _rejections(stored: list) -> tuple[Rejection, ...]:
    return tuple(Rejection(**{**item, "examples": tuple(item["examples"])}) for item in stored)


__all__ = ["ASK", "STAGED", "STORED", "Look", "Order", "Outcome", "Waiting"]
