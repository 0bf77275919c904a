"""The worker process: `python -m core.workflow.worker [import]` empties one lane of the queue."""

import sys
from functools import partial

from core.config import Settings, load_settings, settle_libraries

settle_libraries()  # nothing has imported torch yet

from core.errors import FULL, DiskFull, Paused, ran_full  # noqa: E402
from core.jobs.worker import Function, JobContext, run_worker  # noqa: E402
from core.store.store import Store, open_store  # noqa: E402
from core.workflow import exporting, vectors  # noqa: E402
from core.workflow.explain_jobs import DRIVERS, FAITHFULNESS, MAP, TRUST, queue  # noqa: E402
from core.workflow.explain_work import measures  # noqa: E402
from core.workflow.learning import LEARN  # noqa: E402
from core.workflow.leftovers import sweep  # noqa: E402
from core.workflow.promotion import LANE as MODELS  # noqa: E402
from core.workflow.promotion import PREDICT  # noqa: E402
from core.workflow.runs import TRAIN, forget_unfinished  # noqa: E402
from core.workflow.task import Task  # noqa: E402
from core.workflow.uploads import forget_old_uploads  # noqa: E402


def training_kinds(store: Store, settings: Settings) -> dict[str, Function]:
    def run_training(params: dict, context: JobContext) -> None:
        from core.workflow.reports import freeze, model_of
        from core.workflow.train_job import train
        from core.workflow.tuning import within_budget

        with within_budget(store, params, Task(context.progress, context.fence), settings) as task:
            try:
                run = train(store, settings, int(params["run"]), task)
            except Exception as error:
                if not ran_full(error):
                    raise
                why = str(error) if isinstance(error, DiskFull) else f"{FULL}."
                raise Paused(f"{why} Then press Resume.") from error  # it goes on from what lies on the disk
        freeze(store, run.id, model=model_of(store, settings, run.id))  # here, so that no page waits for it
        queue(store, run, TRUST)

    return {TRAIN: run_training}


def model_kinds(store: Store, settings: Settings) -> dict[str, Function]:
    """Work on finished models."""

    def run_predictions(params: dict, context: JobContext) -> dict:
        from core.workflow.predicting import predict_new

        return predict_new(store, settings, int(params["run"]), Task(context.progress, context.fence))

    def run_learning(params: dict, context: JobContext) -> dict:
        from core.workflow import learning

        return learning.measure(store, settings, int(params["run"]), Task(context.progress, context.fence))

    def run_export(params: dict, context: JobContext) -> dict:
        task = Task(context.progress, context.fence)
        return exporting.write(store, settings, int(params["run"]), params["formats"], task=task)

    def run_look(kind: str, params: dict, context: JobContext) -> dict:
        task = Task(context.progress, context.fence)
        return measures()[kind](store, settings, int(params["run"]), params, task)

    looks = {kind: partial(run_look, kind) for kind in (TRUST, FAITHFULNESS, DRIVERS, MAP)}
    return {PREDICT: run_predictions, LEARN: run_learning, exporting.EXPORT: run_export, **looks}


def import_kinds(store: Store, settings: Settings) -> dict[str, Function]:
    from core.workflow import importing

    def run_import(params: dict, context: JobContext) -> dict:
        task = Task(context.progress, context.fence)
        control = {"should_stop": context.should_stop, "log": context.log}
        return importing.run_import(store, settings, params, task, **control)

    def run_merge(params: dict, context: JobContext) -> dict:
        return importing.run_merge(store, params, Task(context.progress, context.fence))

    def run_similar(params: dict, context: JobContext) -> dict:
        return importing.run_similar(store, params, Task(context.progress, context.fence))

    def run_retention(params: dict, context: JobContext) -> dict:
        from core.workflow import people

        context.progress(5, "Removing what is older than the retention limit")
        return {"rows": people.apply_retention(store, settings).rows}

    def run_removal(params: dict, context: JobContext) -> dict:
        return importing.run_removal(store, settings, params, Task(context.progress, context.fence))

    return {
        importing.UNDO: run_removal,
        importing.REMOVE: run_removal,
        importing.IMPORT: run_import,
        importing.MERGE: run_merge,
        importing.RETENTION: run_retention,
        importing.SIMILAR: run_similar,
    }


LANES = {"": training_kinds, "import": import_kinds, MODELS: model_kinds}


def main(lane: str = "") -> None:
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    if lane == "":
        forget_unfinished(store, settings)
    elif lane == "import":
        sweep(store, settings)
    forget_old_uploads(settings)
    vectors.sweep(settings)
    exporting.sweep(settings)
    # What a cancelled or killed import staged goes after the job: its end is not kept waiting.
    run_worker(store, settings, LANES[lane](store, settings), lane, tidy=lambda: _tidy(store, settings, lane))


def _tidy(store: Store, settings: Settings, lane: str) -> None:
    if lane == "import":
        sweep(store, settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
