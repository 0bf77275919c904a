"""What would more labels bring? The learning curve of a finished run, measured by a job."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.config import Settings
from core.domain import BETTER, QUICK, TFIDF, Job, LearningPoint, TrainingRun
from core.store.store import Store
from core.workflow import explain_jobs
from core.workflow.explanations import finished
from core.workflow.selection import check_data, check_test, select
from core.workflow.task import SILENT, Task

LEARN = "learn"
REPEATS = 3
FEWEST_TUNED = 20  # rows
LARGE = 4_000  # learned rows above which one repeat is enough: large parts differ little


def queue(store: Store, run: TrainingRun) -> Job:
    """Measure it in the background; the result is `run.evaluation.learning`. Raises NotFound."""
    return explain_jobs.queue(store, run, LEARN)


def measure(store: Store, settings: Settings, run_id: int, task: Task = SILENT) -> dict:
    """Learn from growing parts of the rows that are not held out and judge on the same held-out rows.

    A fine-tuned model is measured by Quick, whose curve has the same shape at a hundredth of the time.
    Raises CannotTrain when the rows, or those of its test dataset, are not those of the run any more,
    NotFound, JobStopped.
    """
    from threadpoolctl import threadpool_limits

    from core.evaluation.held_out import decide
    from core.evaluation.learning import curve
    from core.evaluation.scores import macro_f1
    from core.models.device import use_threads
    from core.training import modes

    run = finished(store, run_id)
    check_data(store, run)
    use_threads(settings.threads)
    task.progress(1, "Reading the comments of this run")
    selection, _ = select(store, run)
    check_test(store, run, selection)
    mode = QUICK if run.options.mode in (QUICK, BETTER) else TFIDF
    material = _material(store, settings, run, selection, mode, task)
    train, validation, test = _parts(selection)
    learned = np.concatenate([train, validation])
    done = [0]

    def fit_and_score(rows: np.ndarray) -> float:
        done[0] += 1
        task.progress(min(95, 10 + 6 * done[0]), f"Learning from {len(rows):,} comments")
        tools = modes.Tools(
            settings.runs_dir, on_fit=lambda share, words: task.progress(min(95, 10 + 6 * done[0]), words)
        )
        trained = modes.fit(mode, material, *_to_learn(rows, validation), tools)
        probabilities = trained.answers.both(test)[0]
        return macro_f1(material.truth[test], decide(probabilities, material.multi))

    with threadpool_limits(limits=1, user_api="blas"):
        repeats = 1 if len(learned) > LARGE else REPEATS
        points = curve(fit_and_score, material.truth, learned, repeats=repeats, seed=run.options.seed)
    store.runs.update(run_id, evaluation=replace(run.evaluation, learning=points))
    return {"run": run_id, "points": len(points)}


def _material(store: Store, settings: Settings, run: TrainingRun, selection, mode: str, task: Task):
    from core.models.catalog import open_encoder
    from core.models.device import choose_device
    from core.training.material import Material
    from core.workflow import vectors

    texts, read, opened = selection.texts, None, None
    if mode == QUICK:
        device, options = choose_device(settings.device), run.options
        encoder = open_encoder(options.encoder, device, options.max_tokens, settings.hub_timeout_s)
        encoder = encoder.reading_without(options.without)
        read = vectors.embed(store, encoder, texts, task, 2, 10)

        def opened():  # nothing is fine-tuned: one encoder serves every fit
            return encoder

    return Material(
        texts,
        selection.truth,
        selection.labels,
        selection.multi,
        replace(run.options, mode=mode),
        read,
        opened,
    )


def _to_learn(rows: np.ndarray, validation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A part as rows to fit on and to tune on. The model that stays learns from both, so a part may bring
    no tuning rows but its own; where they are few, all are fitted on."""
    tuned = np.isin(rows, validation)
    if tuned.sum() < FEWEST_TUNED:
        return rows, rows[:0]
    return rows[~tuned], rows[tuned]


def _parts(selection) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to learn from, to tune on and to judge on; of a K-fold the first fold."""
    from core.training.split import fold_parts

    parts = selection.parts
    if selection.in_folds:
        parts = np.full(len(parts), "", dtype=object)
        parts[selection.labelled] = fold_parts(selection.split, 0, 0, selection.options.split_seed)
    return tuple(np.flatnonzero(parts == part) for part in ("train", "validation", "test"))


def sentence(points: Sequence[LearningPoint]) -> str:
    """What a learning curve says, for the person."""
    from core.evaluation.learning import sentence as in_words

    return in_words(points)
