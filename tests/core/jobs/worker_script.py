"""A worker with kinds made for the tests; run as `python worker_script.py DATA_DIR`."""

import os
import signal
import sys
import time
from pathlib import Path

SECRET = "the private words of a customer"


def note(params, line):
    with Path(params["file"]).open("a") as file:
        file.write(f"{line}\n")


def count(params, context):
    """Steps 1..n, each noted in a file; goes on after the last noted one."""
    file = Path(params["file"])
    done = len(file.read_text().splitlines()) if file.exists() else 0
    for step in range(done + 1, params["steps"] + 1):
        time.sleep(params["pause"])
        note(params, step)
        context.progress(100 * step / params["steps"], f"step {step}")


def stuck(params, context):
    note(params, os.getpid())
    time.sleep(60)


def obedient(params, context):
    note(params, os.getpid())
    while not context.should_stop():
        time.sleep(0.01)


def crash(params, context):
    note(params, context.job.attempt)
    os.kill(os.getpid(), signal.SIGKILL)


def break_down(params, context):
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        raise KeyError(SECRET) from error


KINDS = {function.__name__: function for function in (count, stuck, obedient, crash, break_down)}

if __name__ == "__main__":
    from core.config import Settings
    from core.jobs.worker import run_worker
    from core.store.store import open_store

    settings = Settings(data_dir=Path(sys.argv[1]), worker_idle_s=0.3)
    sys.exit(0 if run_worker(open_store(settings.url, settings.data_dir), settings, KINDS) else 2)
