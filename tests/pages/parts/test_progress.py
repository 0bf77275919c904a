"""What a pause costs, told for every way to train."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from core.store import tables
from core.store.database import transaction
from core.workflow import runs
from pages.parts import progress, resources
from tests.pages.trained import add_dataset, buttons, press, texts


def test_every_way_to_train_says_what_a_pause_keeps():
    assert set(progress.PAUSES) == set(runs.MODES)
    for kept, after in progress.PAUSES.values():
        assert kept.endswith(".") and after.startswith("It was paused or interrupted")


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def test_a_cancelled_training_is_told_for_some_minutes(open_page):
    add_dataset()
    app = press(press(open_page("train"), "Train"), "Cancel")
    assert "Run 1 was cancelled." in texts(app.run())
    resources.store().runs.update(1, finished_at=ago(11))
    assert "was cancelled" not in texts(app.run())


def test_a_training_that_went_on_for_long_is_cancelled_after_a_question(open_page):
    add_dataset()
    app = press(open_page("train"), "Train")
    store = resources.store()
    job = store.jobs.claim("worker", 60)
    app.run()
    assert "Cancel" in buttons(app) and "is lost" not in texts(app)
    with transaction(store.engine) as connection:
        connection.execute(update(tables.job).where(tables.job.c.id == job.id).values(started_at=ago(2)))
    app.run()
    assert "Cancel" not in buttons(app) and "Pause" in buttons(app)
    assert "Cancel the training? What it learned so far is lost." in texts(app)
    press(app, "Cancel the training")
    assert store.jobs.get(job.id).cancel_requested
