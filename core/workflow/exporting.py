"""A finished model in other formats: written and compared by a job, downloaded as one file."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from core.config import Settings
from core.domain import TEST, Job, TrainingRun
from core.errors import NotFound
from core.evaluation.languages import UNKNOWN, language_name
from core.export.place import check_place, tidy
from core.jobs import locks
from core.store.store import Store
from core.workflow import promotion
from core.workflow.explanations import finished, load_classifier
from core.workflow.task import SILENT, Task

EXPORT = "export"
TEXT_COLUMNS = "text_columns"  # of the training rows, in the manifest of a checkpoint and of an export
COMPARED = 50  # comments on which each format must answer as the model does
FORMATS = {
    "onnx": "ONNX",
    "onnx-int8": "ONNX, 8-bit weights",
    "torchscript": "TorchScript",
    "transformers": "Folder for transformers",
    "native": "Roadlens (TF-IDF and BiLSTM)",
}


def formats_of(run: TrainingRun) -> dict[str, str]:
    """Those that the model of a run can leave in."""
    native = run.options.mode in ("tfidf", "bilstm")
    return {key: name for key, name in FORMATS.items() if (key == "native") == native}


def queue(store: Store, run_id: int, formats: Sequence[str] = ()) -> Job:
    """Write the formats (all without any) in the background; those of a job that waits or runs give that job
    again. Raises NotFound."""
    finished(store, run_id)
    params = {"run": run_id, "formats": list(formats)}
    key = f"export {run_id} {' '.join(sorted(set(formats)))}"
    return store.jobs.enqueue(EXPORT, params, key=key, device=promotion.LANE)


def folder_of(settings: Settings, run_id: int) -> Path:
    return settings.runs_dir / f"run-{run_id}" / "export"


def write(
    store: Store,
    settings: Settings,
    run_id: int,
    formats: Sequence[str] = (),
    folder: Path | None = None,
    task: Task = SILENT,
) -> dict:
    """Every format compared with the model on comments of the dataset, a model card, a script, hashes.

    Raises NotFound, Damaged, ModelError when no format answers as the model does or `folder` cannot be
    replaced, JobStopped.
    """
    run = finished(store, run_id)
    place = (folder or folder_of(settings, run_id)).resolve()  # of a link, what it leads to
    sweep(settings, place)
    check_place(place)  # before the work, not after it
    with at_work(settings):
        return _write(store, settings, run, formats, place, task)


def _write(
    store: Store, settings: Settings, run: TrainingRun, formats: Sequence[str], place: Path, task: Task
) -> dict:
    from core.export.bundle import export_model

    task.progress(2, "Loading the model")
    model = load_classifier(store, settings, run.id)
    about = {
        "run": run.id,
        "data_sha256": run.data_sha256,
        "checkpoint_sha256": run.manifest_sha256,
        TEXT_COLUMNS: text_columns(store, run.dataset_id),
    }
    return export_model(
        model,
        about,
        _texts(store, run),
        place,
        formats,
        lambda lines: card(store, run, lines),
        lambda done, words: task.progress(5 + 90 * done, words),
    )


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    """Around an export, in whatever process: until it ends, however, nothing is swept."""
    settings.jobs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locks.shared(_lock(settings)):
        yield


def sweep(settings: Settings, *more: Path) -> None:
    """Remove what killed exports left, of runs and beside the folders `more`; nothing while one is at work:
    the next start sweeps."""
    settings.jobs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = locks.take(_lock(settings))
    if lock is None:
        return
    try:
        for folder in (*(run / "export" for run in settings.runs_dir.glob("run-*")), *more):
            tidy(folder)
    finally:
        os.close(lock)


def _lock(settings: Settings) -> Path:
    return settings.jobs_dir / "exports.lock"


def text_columns(store: Store, dataset_id: int) -> list[list[str]]:
    """The columns of the comments in the files of a dataset, the newest file first, none twice."""
    imports = reversed(store.datasets.imports(dataset_id))
    return [list(names) for names in dict.fromkeys(done.columns.texts for done in imports)]


def _texts(store: Store, run: TrainingRun) -> list[str]:
    """No comment twice; held-out ones first: the model has not seen them."""
    rows = store.runs.rows(run.id)
    held_out = rows[rows["part"] == "test"]["feedback_id"]
    judged_on = run.options.test_dataset or run.dataset_id
    texts: list[str] = []
    with suppress(NotFound):  # another dataset may be deleted since
        texts += store.datasets.feedback(judged_on, held_out)["text"].tolist()
    texts += store.datasets.feedback(run.dataset_id)["text"].tolist()
    return list(dict.fromkeys(texts))[:COMPARED]


def _dates(store: Store, run: TrainingRun) -> tuple[str, str] | None:
    dates = store.datasets.feedback(run.dataset_id)["date"].dropna()
    return None if dates.empty else (f"{dates.min():%Y-%m-%d}", f"{dates.max():%Y-%m-%d}")


def _languages(store: Store, run: TrainingRun) -> dict[str, int]:
    """Name -> comments that it learned from; {} where no language is known of any."""
    rows = store.runs.rows(run.id)
    learned = rows.loc[rows["part"] != TEST, "feedback_id"].tolist()
    codes = store.datasets.feedback(run.dataset_id, learned)["language"].fillna("")
    named = Counter(map(language_name, codes.tolist()))
    return {} if set(named) <= {UNKNOWN} else dict(named)


def report(settings: Settings, run: TrainingRun) -> dict | None:
    """`formats`: what was written with size, speed and parity; `refused`: a sentence for each that was left
    out. None before an export."""
    try:
        manifest = json.loads((folder_of(settings, run.id) / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return {"formats": manifest["formats"], "refused": manifest.get("refused", {})}


def bundle(settings: Settings, run: TrainingRun) -> bytes:
    """The exported folder as one ZIP. Raises NotFound before an export, Damaged."""
    from core.export.bundle import zip_file

    folder = folder_of(settings, run.id)
    if not folder.is_dir():
        raise NotFound("This model was not exported yet. Choose the formats and press Export.")
    with TemporaryFile(dir=folder.parent) as file:  # without a name: others may download it as well
        zip_file(folder, file)
        file.seek(0)
        return file.read()


def written(settings: Settings, run: TrainingRun) -> list:
    """The formats of the last export as lines of a model card; none before an export."""
    from core.export.bundle import lines_of

    found = report(settings, run)
    return lines_of(found) if found else []


def card(store: Store, run: TrainingRun, lines: Sequence = ()) -> str:
    """The model card as Markdown; `lines` are the formats that were written."""
    from core.export.card import model_card

    imports = store.datasets.imports(run.dataset_id)
    masked: Counter[str] = Counter()
    for done in imports:
        masked.update(done.masked)
    return model_card(
        run,
        store.datasets.get(run.dataset_id),
        store.labels.get(run.label_set_id),
        promotion.verdict(store, run).results,
        masked,
        lines,
        imports,
        _dates(store, run),
        _languages(store, run),
    )
