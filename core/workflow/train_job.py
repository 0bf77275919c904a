"""One training from stored labels to stored predictions; torch is imported when it starts."""

import hashlib
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from core.config import Settings
from core.domain import BETTER, TEST, VALIDATION, TrainingRun
from core.errors import Cancelled, CannotTrain, LeaseLost, ModelError
from core.store.store import Store
from core.workflow.selection import Selection, check_data, select, store_selection
from core.workflow.task import Stages, Task

UNKNOWN_WARNING = 0.05  # share of tokens the encoder does not know
LIBRARIES = ("torch", "transformers", "scikit-learn", "pandas", "numpy")


def train(store: Store, settings: Settings, run_id: int, task: Task) -> TrainingRun:
    """Train, judge, calibrate, predict every row, store. Safe to call again after a kill: a fine-tuning
    goes on from its last state, and a run that is done stays as it is.

    Raises CannotTrain, ModelError or JobStopped; the caller records the failure, no file is left of it.
    """
    run = store.runs.get(run_id)
    if run.status == "done":
        return run
    folder = settings.runs_dir / f"run-{run_id}"
    try:
        _train(store, settings, run, folder, task)
    except LeaseLost:
        raise  # the folder belongs to the worker that has taken over
    except (Cancelled, CannotTrain, ModelError):  # after a passing trouble the state is worth keeping
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder / "training", ignore_errors=True)
    return store.runs.get(run_id)


def _train(store: Store, settings: Settings, run: TrainingRun, folder: Path, task: Task) -> None:
    from threadpoolctl import threadpool_limits

    from core.models.device import choose_device, use_threads

    stages, run_id = Stages(), run.id
    check_space(folder.parent)
    check_data(store, run)
    use_threads(settings.threads)
    device = choose_device(settings.device)
    store.runs.update(run_id, task.fence, status="running", device=device.description, versions=versions())

    task.progress(1, "Choosing held-out comments")
    with stages.stage("prepare"):
        selection, warnings = select(store, run)
        store_selection(store, run_id, selection, task)
    # Small products of matrices: more threads of BLAS than one spin more than they compute.
    with threadpool_limits(limits=1, user_api="blas"):
        result = _fit(store, settings, run, selection, folder, device, stages, task)
    task.progress(97, "Saving the model")
    with stages.stage("save"):
        saved = _save(folder, run, selection, result)
    task.progress(99, "Storing predictions")
    store.runs.finish(
        run_id,
        task.fence,
        predictions=(selection.feedback["id"].to_numpy(np.int64), result.probabilities),
        seconds=stages.seconds,
        cpu_seconds=stages.cpu_seconds,
        model=result.model,
        baseline=result.baseline,
        calibration=result.calibration_figures,
        curve=result.curve,
        warnings=(*warnings, *result.warnings),
        checkpoint=f"run-{run_id}/checkpoint",
        manifest_sha256=saved.manifest_sha256,
    )


@dataclass(frozen=True)
class Result:
    encoder: object
    head: object
    calibration: object
    tuned: bool
    probabilities: np.ndarray  # (rows, labels) float32, calibrated
    model: object
    baseline: object
    calibration_figures: dict[str, float]
    curve: tuple
    warnings: tuple[str, ...]


def _fit(store, settings, run, selection, folder, device, stages, task) -> Result:
    from core.models.catalog import open_encoder
    from core.training.quick import fit_quick

    better = run.options.mode == BETTER
    task.progress(2, "Loading the encoder")
    with stages.stage("load"):
        encoder = open_encoder(run.options.encoder, device, run.options.max_tokens, settings.hub_timeout_s)
        warnings = unknown_warnings(encoder, selection.texts)
    end = 20 if better else 75
    with stages.stage("embed"):
        vectors = _embed(store, encoder, selection.texts, task, 3, end)
    fit, validation, test = (
        np.flatnonzero(np.isin(selection.parts, ("train", VALIDATION))),
        selection.parts == VALIDATION,
        selection.rows(TEST),
    )
    truth, count = selection.truth, len(selection.labels)
    with stages.stage("quick"):
        quick = fit_quick(
            vectors[fit],
            truth[fit],
            validation[fit],
            count,
            lambda done: task.progress(end + 5 * done, "Fitting Quick on the vectors"),
        )
    task.progress(end + 5, "Fitting the baseline (TF-IDF) on the same comments")
    with stages.stage("baseline"):
        baseline = _baseline(selection, fit, test)
    head, calibration, curve = quick.final, quick.calibration, ()
    if better:
        with stages.stage("fine_tune"):
            tuned, head, calibration, curve = _fine_tune(
                store, run, encoder, quick, selection, folder, settings.save_every_s, end + 8, task
            )
        if tuned:
            with stages.stage("predict"):
                vectors = _embed_distinct(encoder, selection.texts, task, 88, 96)
    else:
        tuned = False
    return _judge(
        encoder,
        head,
        calibration,
        tuned,
        vectors,
        selection,
        test,
        baseline,
        curve,
        warnings,
        run.options.mode,
    )


def _judge(
    encoder, head, calibration, tuned, vectors, selection, test, baseline, curve, warnings, mode
) -> Result:
    from core.training.metrics import expected_calibration_error, score

    probabilities = head.probabilities(vectors, calibration)
    raw, held_out = head.probabilities(vectors[test]), selection.truth[test]
    model = score(mode, held_out, probabilities[test].argmax(axis=1), selection.labels)
    figures = {
        "ece_before": expected_calibration_error(raw, held_out),
        "ece_after": expected_calibration_error(probabilities[test], held_out),
        "temperature": calibration.temperature,
    }
    if baseline.macro_f1 > model.macro_f1:
        warnings = (
            *warnings,
            f"The baseline (TF-IDF) is better here: macro F1 {baseline.macro_f1:.3f} against "
            f"{model.macro_f1:.3f}. The baseline is recommended for these comments: treat what this model "
            "counts with care, label more, or choose another encoder.",
        )
    return Result(
        encoder,
        head,
        calibration,
        tuned,
        probabilities.astype(np.float32),
        model,
        baseline,
        figures,
        curve,
        warnings,
    )


def _baseline(selection: Selection, fit: np.ndarray, test: np.ndarray):
    from core.training.baselines import tfidf
    from core.training.metrics import score

    texts = selection.texts
    predicted = tfidf([texts[r] for r in fit], selection.truth[fit], [texts[r] for r in test])
    return score("tfidf", selection.truth[test], predicted, selection.labels)


def _fine_tune(store, run, encoder, quick, selection, folder: Path, save_s: float, start: float, task: Task):
    """Returns whether an epoch beat Quick on the validation rows, and the head to answer with."""
    from core.training import calibration
    from core.training.trainer import Rows, fine_tune
    from core.workflow.live import LiveCurve

    texts = selection.texts
    parts = [
        Rows([texts[r] for r in rows], selection.truth[rows])
        for rows in (selection.rows("train"), selection.rows(VALIDATION))
    ]
    live = LiveCurve(store, run, task, start, 88)
    task.progress(start, "Starting to fine-tune")
    tuned = fine_tune(encoder, quick.start, *parts, run.options, folder / "training", live.on_step, save_s)
    if tuned.best_epoch == 0:  # Quick's final head also learned from the validation rows
        return False, quick.final, quick.calibration, tuned.curve
    fitted = calibration.fit(tuned.validation_logits, parts[1].truth)
    return True, tuned.head, fitted, tuned.curve


def _embed(store: Store, encoder, texts: list[str], task: Task, start: float, end: float) -> np.ndarray:
    """Vectors of all rows; those of texts seen before come from the store."""
    name = f"{encoder.name}@{encoder.revision[:12]}/{encoder.max_tokens}"
    hashes = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
    known = store.embeddings.get(name, list(dict.fromkeys(hashes)))
    missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
    report = _reporter(task, start, end, "Reading comments")
    vectors = encoder.embed(list(missing.values()), report)
    vectors = vectors.astype(np.float16)  # as they come back from the store: the same run twice is equal
    if missing:
        store.embeddings.put(name, list(missing), vectors)
    known.update(zip(missing, vectors, strict=True))
    return np.stack([known[key] for key in hashes]).astype(np.float32)


def _embed_distinct(encoder, texts: Sequence[str], task: Task, start: float, end: float) -> np.ndarray:
    place = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    vectors = encoder.embed(list(place), _reporter(task, start, end, "Predicting all comments"))
    return vectors[[place[text] for text in texts]]


def _reporter(task: Task, start: float, end: float, what: str) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        task.progress(start + (end - start) * done / max(1, total), f"{what}: {done:,} of {total:,}")

    return report


def _save(folder: Path, run: TrainingRun, selection: Selection, result: Result):
    from core.training import checkpoints

    about = {
        "run": run.id,
        "mode": run.options.mode,
        "seed": run.options.seed,
        "data_sha256": run.data_sha256,
        "versions": versions(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return checkpoints.save(
        folder / "checkpoint",
        result.encoder,
        result.head,
        selection.labels,
        result.calibration,
        result.tuned,
        about,
    )


def unknown_warnings(encoder, texts: Sequence[str]) -> tuple[str, ...]:
    """A plain sentence when the encoder cannot read much of the text (up to 2,000 rows looked at)."""
    sample = texts[:: max(1, len(texts) // 2000)]
    share = encoder.unknown_share(sample)
    if share <= UNKNOWN_WARNING:
        return ()
    return (
        f"The encoder {encoder.name} hardly knows this language: {share:.0%} of the words and characters "
        "are unknown to it. Trust the baseline, or choose a multilingual encoder under 'Advanced'.",
    )


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def check_space(folder: Path, needed_mb: int = 600) -> None:
    """Raises CannotTrain when the disk has less than three times model and state left."""
    free = shutil.disk_usage(folder).free // 2**20
    if free < needed_mb:
        raise CannotTrain(
            f"The disk has {free:,} MB left and a training needs {needed_mb:,} MB. "
            "Delete old runs on the Runs page, or move the data folder."
        )
