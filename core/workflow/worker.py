"""The worker process: `python -m core.workflow.worker` empties the queue of the data folder."""

import os

# Read by OpenMP when torch is imported: waiting threads sleep instead of spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from core.config import Settings, load_settings  # noqa: E402
from core.jobs.worker import JobContext, run_worker  # noqa: E402
from core.store.store import Store, open_store  # noqa: E402
from core.workflow.feedback import forget_old_uploads  # noqa: E402
from core.workflow.runs import TRAIN, forget_unfinished  # noqa: E402
from core.workflow.task import Task  # noqa: E402


def kinds(store: Store, settings: Settings) -> dict:
    """What this product knows to do outside the web process."""

    def run_training(params: dict, context: JobContext) -> None:
        from core.workflow.reports import freeze
        from core.workflow.train_job import train

        run = train(store, settings, int(params["run"]), Task(context.progress, context.fence))
        freeze(store, run.id)  # here, so that no page waits for it

    return {TRAIN: run_training}


def main() -> None:
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    forget_unfinished(store, settings)
    forget_old_uploads(settings)
    run_worker(store, settings, kinds(store, settings))


if __name__ == "__main__":
    main()
