"""Small datasets and finished trainings for the tests of pages; TF-IDF, so that no test loads an encoder."""

import logging

from core.domain import TFIDF, Columns, Dataset, TrainingOptions, TrainingRun
from core.errors import AppError
from core.jobs.worker import JobContext
from core.workflow import feedback, runs
from core.workflow.worker import LANES
from pages.parts import resources

TOPICS = {
    "speed": "slow loading timeout lag",
    "billing": "invoice price refund charge",
    "login": "password account locked reset",
}
TALK = "today please again since monday everywhere always really never maybe often".split()
WORDS = TrainingOptions(mode=TFIDF)


def comments(count: int, several: bool = False, plain: bool = False) -> bytes:
    """Each says words of its topic; every fifth carries the next topic's label, so that no model is perfect.
    `plain`: no date and nobody who wrote it."""
    names = list(TOPICS)
    lines = ["comment,topic" if plain else "comment,topic,created,who,plan"]
    for number in range(count):
        at = number % len(names)
        words = TOPICS[names[at]].split()
        label = names[(at + (number % 5 == 4)) % len(names)]
        if several and number % 4 == 0:
            label += f"; {names[(at + 1) % len(names)]}"
        text = f"{words[number % 4]} {words[number // 4 % 4]} {TALK[number % 7]} {TALK[number % 11]} {number}"
        more = (
            f",2026-0{1 + number % 6}-{10 + number % 18},person {number % 23},{('free', 'team')[number % 2]}"
        )
        lines.append(f'{text},"{label}"' + ("" if plain else more))
    return "\n".join(lines).encode()


def add_dataset(
    count: int = 180, name: str = "Comments", several: bool = False, plain: bool = False
) -> Dataset:
    store, settings = resources.store(), resources.settings()
    columns = Columns("comment", label="topic", multi=("topic",) if several else ())
    if not plain:
        columns = Columns(
            "comment",
            label="topic",
            multi=columns.multi,
            date="created",
            author="who",
            segments=("plan",),
        )
    done = feedback.import_bytes(store, settings, comments(count, several, plain), "c.csv", columns, name)
    return store.datasets.get(done.dataset_id)


def train_now(dataset: Dataset, options: TrainingOptions = WORDS) -> TrainingRun:
    """As the worker would, in this process."""
    store = resources.store()
    label_set = store.labels.sets(dataset.id)[0]
    run, _ = runs.start_training(store, resources.settings(), dataset.id, label_set.id, options)
    do_jobs("")
    return store.runs.get(run.id)


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
