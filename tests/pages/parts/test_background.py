"""Work on a finished model, in each state that its job can be in, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from core.workflow.explain_jobs import MAP, pending, queue
from pages.parts import resources
from tests.pages.trained import add_dataset, buttons, press, texts, train_now


def _script(run_id):
    import streamlit as st

    from core.workflow.explain_jobs import MAP
    from pages.parts import background, resources

    run = resources.store().runs.get(run_id)
    if not background.going_on(run, MAP, "Drawing"):
        st.caption("nothing goes on")
        background.offer(run, MAP, "Draw it", key="draw", icon=":material/map:")


@pytest.fixture
def run(data_folder):
    return train_now(add_dataset(30, plain=True))


@pytest.fixture
def see(run):
    def see() -> AppTest:
        app = AppTest.from_function(_script, args=(run.id,), default_timeout=30).run()
        assert not app.exception, app.exception
        return app

    return see


def end(state: str, error: str = "") -> None:
    store = resources.store()
    job = store.jobs.claim("test", 60.0, "model")
    store.jobs.finish(job.id, "test", job.attempt, state, error)


def bar(app: AppTest) -> tuple[str, int]:
    (progress,) = app.get("progress")
    return progress.proto.text, progress.proto.value


def test_a_press_queues_it_and_the_bar_stands_for_the_button(run, see):
    app = see()
    assert buttons(app) == ["Draw it"]
    press(app, "Draw it")
    assert pending(resources.store(), run, MAP).state == "queued"
    assert buttons(app) == ["Cancel"] and "nothing goes on" not in texts(app)
    assert bar(app) == ("Drawing: waiting for its turn", 0)


def test_at_work_it_says_what_the_worker_says(run, see):
    store = resources.store()
    queue(store, run, MAP)
    job = store.jobs.claim("test", 60.0, "model")
    store.jobs.beat(job.id, "test", job.attempt, 40.0, "Reading *all* comments")
    said, share = bar(see())
    assert said.replace("\\", "") == "Reading *all* comments" and share == 40
    store.jobs.finish(job.id, "test", job.attempt, "done")
    assert buttons(see()) == ["Draw it"]


def test_a_cancelled_one_can_be_started_again(run, see):
    queue(resources.store(), run, MAP)
    app = see()
    press(app, "Cancel")
    assert pending(resources.store(), run, MAP) is None
    assert buttons(see()) == ["Draw it"] and not app.error


def test_a_failed_one_says_why_until_a_newer_one_succeeds(run, see):
    queue(resources.store(), run, MAP)
    end("failed", "The disk is *full*.")
    app = see()
    assert "The disk is *full*." in texts(app) and buttons(app) == ["Draw it"]
    queue(resources.store(), run, MAP)
    end("done")
    assert not see().error


def test_work_that_ends_while_the_page_looks_draws_the_page_anew(run):
    """A page that saw the job before it looked for its result must not offer the work a second time."""
    queue(resources.store(), run, MAP)
    seen = pending(resources.store(), run, MAP)
    end("done")

    def script(run_id, job):
        import streamlit as st

        from core.workflow.explain_jobs import MAP
        from pages.parts import background, resources

        drawn = st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
        if drawn == 1 and not background.going_on(resources.store().runs.get(run_id), MAP, "Drawing", job):
            st.button("Draw it")

    app = AppTest.from_function(script, args=(run.id, seen), default_timeout=30).run()
    assert app.session_state["drawn"] == 2 and buttons(app) == []
