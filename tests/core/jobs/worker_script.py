"""A worker with kinds made for the tests; run as `python worker_script.py DATA_DIR [LANE]`."""

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
    return {"steps": params["steps"]}


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


def in_child(params, context):
    """Notes the number of a limited child that sleeps, or gives back what it answers."""
    from core.jobs import limited

    def on_line(line):
        note(params, line["message"])
        context.progress(line["pct"], "sleeping")

    command = [sys.executable, str(Path(__file__).with_name("child_script.py"))]
    request = {"do": params["do"][min(context.job.attempt, len(params["do"])) - 1], "words": "all of them"}
    bounds = {"memory_bytes": 2**27, "cpu_s": 10}
    return limited.run(
        command, request, on_line, should_stop=context.should_stop, log=context.log, **bounds
    ).result


KINDS = {function.__name__: function for function in (count, stuck, obedient, crash, break_down, in_child)}

if __name__ == "__main__":
    from core.config import Settings
    from core.jobs.worker import run_worker
    from core.store.store import open_store

    settings = Settings(data_dir=Path(sys.argv[1]), worker_idle_s=0.3)
    store = open_store(settings.url, settings.data_dir)
    sys.exit(0 if run_worker(store, settings, KINDS, *sys.argv[2:]) else 2)
