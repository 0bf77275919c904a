"""One training from stored labels to stored predictions; torch is imported when it starts."""

import platform
import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from core.config import Settings
from core.domain import MODE_NAMES, Scores, TrainingRun
from core.errors import Cancelled, CannotTrain, LeaseLost, ModelError, Paused, ran_full
from core.store.store import Store
from core.workflow import exporting
from core.workflow.fitting import Fitted, Fitting
from core.workflow.judging import baseline_of, judge
from core.workflow.room import check_room
from core.workflow.selection import check_data, select, store_selection
from core.workflow.task import OTHER, Stages, Task

LIBRARIES = ("torch", "transformers", "scikit-learn", "pandas", "numpy")


def train(store: Store, settings: Settings, run_id: int, task: Task) -> TrainingRun:
    """Train, judge, calibrate, predict every row, store. Safe to call again after a kill or a pause: a
    fine-tuning goes on from its last state, and a run that is done stays as it is.

    Raises CannotTrain, ModelError or JobStopped, of which no file is left, and DiskFull, after which it may
    go on; the caller records the failure.
    """
    run = store.runs.get(run_id)
    if run.status == "done":
        return run
    folder = settings.runs_dir / f"run-{run_id}"
    stages = _stages(run)
    try:
        _train(store, settings, run, folder, task, stages)
    except Paused:
        store.runs.update(run.id, task.fence, **stages.so_far())
        raise
    except LeaseLost:
        raise  # the folder belongs to the worker that has taken over
    except (Cancelled, CannotTrain, ModelError) as error:
        if not ran_full(error):  # after a pause or a passing trouble the state is worth keeping
            shutil.rmtree(folder, ignore_errors=True)
        raise
    for state in folder.glob("training*"):
        shutil.rmtree(state, ignore_errors=True)
    return store.runs.get(run_id)


def _stages(run: TrainingRun) -> Stages:
    """With the time of the attempts before this one."""
    return Stages(
        {name: spent for name, spent in run.seconds.items() if name != OTHER}, dict(run.cpu_seconds)
    )


def _train(
    store: Store, settings: Settings, run: TrainingRun, folder: Path, task: Task, stages: Stages
) -> None:
    from threadpoolctl import threadpool_limits

    from core.models.device import choose_device, use_threads
    from core.models.multi_gpu import devices_for

    run_id = run.id
    check_room(folder)
    check_data(store, run)
    use_threads(settings.threads)
    device = devices_for(choose_device(settings.device), settings.processes)
    store.runs.update(run_id, task.fence, status="running", device=device.description, versions=versions())

    task.progress(1, "Choosing held-out comments")
    with stages.stage("prepare"):
        selection, warnings = select(store, run)
        store_selection(store, run_id, selection, task)
    # Small products of matrices: more threads of BLAS than one spin more than they compute.
    with threadpool_limits(limits=1, user_api="blas"):
        fitted = Fitting(store, settings, run, selection, folder, device, stages, task).fit()
    task.progress(96, "Judging on the held-out comments")
    with stages.stage("judge"):
        model, evaluation, figures = judge(run, selection, fitted)
    baseline = baseline_of(model, evaluation)
    task.progress(98, "Saving the model")
    with stages.stage("save"):
        saved = _save(store, folder, run, fitted)
    task.progress(99, "Storing predictions")
    store.runs.finish(
        run_id,
        task.fence,
        predictions=(selection.ids[: selection.own], fitted.probabilities),
        held_out=fitted.heard,
        seconds=stages.seconds,
        cpu_seconds=stages.cpu_seconds,
        model=model,
        baseline=baseline,
        calibration=figures,
        curve=fitted.trained.curve,
        warnings=(*warnings, *fitted.warnings, *beaten(model, (baseline, *evaluation.baselines))),
        checkpoint=f"run-{run_id}/checkpoint",
        manifest_sha256=saved.manifest_sha256,
        evaluation=evaluation,
    )


def beaten(model: Scores, beside: Sequence[Scores]) -> tuple[str, ...]:
    """A sentence when something simpler is better on the same held-out rows."""
    best = max(beside, key=lambda scores: scores.macro_f1)
    theirs, mine = f"{best.macro_f1:.3f}", f"{model.macro_f1:.3f}"
    if best.macro_f1 <= model.macro_f1 or theirs == mine:
        return ()
    name = MODE_NAMES.get(best.name, best.name)
    return (
        f"Another model ({name}) reaches a higher macro F1 on the held-out comments: {theirs} "
        f"against {mine}. If that is more than chance, use it; or label more, or choose "
        "another encoder.",
    )


def _save(store: Store, folder: Path, run: TrainingRun, fitted: Fitted):
    from core.training import checkpoints

    about = {
        "run": run.id,
        "mode": run.options.mode,
        "seed": run.options.seed,
        "data_sha256": run.data_sha256,
        "without": list(run.options.without),
        exporting.TEXT_COLUMNS: exporting.text_columns(store, run.dataset_id),
        "versions": versions(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return checkpoints.save(folder / "checkpoint", fitted.trained.model, about, fitted.trained.tuned)


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
