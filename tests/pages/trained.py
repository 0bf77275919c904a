"""Small datasets and finished trainings for the tests of pages; TF-IDF, so that no test loads an encoder."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.config import Settings
from core.domain import TFIDF, Columns, Dataset, TrainingOptions, TrainingRun
from core.errors import AppError
from core.evaluation.scores import score
from core.jobs.worker import JobContext
from core.store.database import transaction
from core.store.held_out import Answers, replace_held_out
from core.store.store import open_store
from core.workflow import feedback, importing, judging, runs
from core.workflow.import_file import Order, import_here
from core.workflow.uploads import keep_upload
from core.workflow.worker import LANES
from pages.parts import resources

TOPICS = {
    "speed": "slow loading timeout lag",
    "billing": "invoice price refund charge",
    "login": "password account locked reset",
}
TALK_WORDS = "today please again since monday everywhere always really never maybe often"
TALK = TALK_WORDS.split()
WORDS = TrainingOptions(mode=TFIDF)
COLUMNS = Columns("comment", label="topic", date="created", author="who", segments=("plan",))


def comments(count: int, first: int = 0, several: bool = False, plain: bool = False) -> bytes:
    """Each says words of its topic; every fifth carries the next topic's label, so that no model is perfect.
    `plain`: no date and nobody who wrote it."""
    names = list(TOPICS)
    lines = ["comment,topic" if plain else "comment,topic,created,who,plan"]
    for number in range(first, first + count):
        at = number % len(names)
        words = TOPICS[names[at]].split()
        label = names[(at + (number % 5 == 4)) % len(names)]
        if several and number % 4 == 0:
            label += f"; {names[(at + 1) % len(names)]}"
        text = f"{words[number % 4]} {words[number // 4 % 4]} {TALK[number % 7]} {TALK[number % 11]} {number}"
        more = (
            f",2026-0{1 + number % 6}-{10 + number % 18},person {number % 23},{('free', 'team')[number % 2]}"
        )
        lines.append(f"{text},{label}" + ("" if plain else more))
    return "\n".join(lines).encode()


def add_dataset(count: int = 180, name: str = "Comments", first: int = 0, **how: bool) -> Dataset:
    store, settings = resources.store(), resources.settings()
    data = comments(count, first, **how)
    columns = Columns("comment", label="topic") if how.get("plain") else COLUMNS
    columns = replace(columns, multi=("topic",) if how.get("several") else ())
    done = feedback.import_bytes(store, settings, data, "c.csv", columns, name)
    return store.datasets.get(done.dataset_id)


def store_comments(data_dir: Path, count: int) -> None:
    """Into the data folder of a server, without its pages."""
    settings = Settings(data_dir=data_dir)
    store = open_store(settings.url, settings.data_dir)
    feedback.import_bytes(store, settings, comments(count), "comments.csv", COLUMNS, "Comments")
    store.close()


def add_two_label_sets(count: int = 180) -> Dataset:
    """Each comment has a topic, and a mood that its words say nothing of."""
    store, settings = resources.store(), resources.settings()
    head, *lines = comments(count, plain=True).decode().splitlines()
    rows = [f"{line},{('good', 'bad')[number // 3 % 2]}" for number, line in enumerate(lines)]
    data = "\n".join([f"{head},mood", *rows]).encode()
    columns = Columns("comment", label="topic", more_labels=("mood",))
    done = feedback.import_bytes(store, settings, data, "c.csv", columns, "Comments")
    return store.datasets.get(done.dataset_id)


def append(dataset: Dataset, count: int, words: str = "") -> None:
    """More comments, without labels."""
    store, settings = resources.store(), resources.settings()
    lines = [line.split(",") for line in comments(count, first=5_000).decode().splitlines()[1:]]
    rows = [f"{words}{text},{created},{who},{plan}" for text, _, created, who, plan in lines]
    data = "\n".join(["comment,created,who,plan", *rows]).encode()
    columns = replace(COLUMNS, label=None)
    upload = keep_upload(settings, data)
    order = Order("later.csv", upload, columns, dataset_id=dataset.id, assume=True)
    outcome = import_here(store, settings, data, order)
    importing.merge(store, outcome.staged, dataset.id)


def train_now(
    dataset: Dataset, options: TrainingOptions = WORDS, tested: bool = False, labels: str = ""
) -> TrainingRun:
    """As the worker would, in this process; with `tested`, the test of its explanations stays queued."""
    store = resources.store()
    label_set = next(found for found in store.labels.sets(dataset.id) if labels in ("", found.name))
    run, _ = runs.start_training(store, resources.settings(), dataset.id, label_set.id, options)
    do_jobs("")
    for job in () if tested else store.jobs.active("model"):
        store.jobs.cancel(job.id)
    return store.runs.get(run.id)


def set_beside(run: TrainingRun, name: str, mended: int) -> None:
    """A simpler model that was measured beside the run, as good as its own but for so many mistakes less."""
    store = resources.store()
    held = judging.held_out(store, run)
    better = held.probabilities.copy()
    wrong = np.flatnonzero(~held.right)[:mended]
    better[wrong] = np.where(held.truth[wrong], 0.9, 0.05)
    rival = Answers(held.ids, held.repeat, held.fold, better.astype(np.float32))
    there = {model: store.held_out.get(run.id, model) for model in store.held_out.models(run.id)}
    with transaction(store.held_out.engines.write) as connection:
        replace_held_out(connection, run.id, {**there, name: rival})
    beside = score(name, replace(held, probabilities=better))
    store.runs.update(run.id, evaluation=replace(run.evaluation, baselines=(beside,)))


def do_jobs(lane: str) -> list[str]:
    """All that waits in a lane; the states that the jobs end in."""
    store, states = resources.store(), []
    kinds = LANES[lane](store, resources.settings())
    while job := store.jobs.claim("test", 60.0, lane):
        fence = (job.id, "test", job.attempt)
        context = JobContext(
            job,
            fence,
            lambda pct, message, fence=fence: store.jobs.beat(*fence, pct, message) and None,
            lambda: False,
            logging.getLogger("test"),
        )
        try:
            result = kinds[job.kind](dict(job.params), context)
            states.append("done")
            store.jobs.finish(*fence, "done", result=result)
        except AppError as error:
            states.append("failed")
            store.jobs.finish(*fence, "failed", str(error))
    return states


# ---- what a page says ---------------------------------------------------------------------


def texts(app) -> str:
    parts = [*app.markdown, *app.caption, *app.success, *app.info, *app.warning, *app.error, *app.subheader]
    return "\n".join(part.value.replace("\\", "").replace("\u2060", "").replace("**", "") for part in parts)


def buttons(app) -> list[str]:
    return [button.label for button in app.button]


def press(app, label: str):
    (found,) = [button for button in app.button if button.label == label]
    found.click().run()
    assert not app.exception, app.exception
    return app


def open_tab(app, name: str):
    app.session_state["run_view"] = name
    app.run()
    assert not app.exception, app.exception
    return app


def charts(app) -> int:
    return len(app.get("plotly_chart"))
