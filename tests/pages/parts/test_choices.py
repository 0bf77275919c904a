"""Which run a person looks at: the one they chose, else the newest of the labels they train."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.domain import TrainingRun
from core.workflow import runs
from pages.parts import progress, resources
from pages.parts.progress import WATCHED
from tests.pages.trained import (
    WORDS,
    add_dataset,
    add_two_label_sets,
    do_jobs,
    press,
    texts,
    train_now,
)


def chosen(app: AppTest) -> str:
    return app.sidebar.selectbox(key="run").value


def choose(app: AppTest, name: str) -> AppTest:
    app.sidebar.selectbox(key="run").set_value(name).run()
    assert not app.exception
    return app


def ends(app: AppTest, run: TrainingRun) -> AppTest:
    """This visitor's page saw the run end; the page is drawn anew."""
    app.session_state[WATCHED] = {run.id}
    app.run()
    assert not app.exception
    return app


@pytest.fixture
def three(data_folder):
    """Finished runs of one label set."""
    dataset = add_dataset()
    return [train_now(dataset, replace(WORDS, seed=seed)) for seed in (1, 2, 3)]


def one_more(run: TrainingRun, **changed) -> TrainingRun:
    return train_now(resources.store().datasets.get(run.dataset_id), replace(WORDS, **changed))


def test_a_run_that_is_done_is_shown_to_who_looks_at_the_newest(three, open_page):
    app = open_page("train")
    assert chosen(app) == "Run 3 · TF-IDF"
    ends(app, one_more(three[0], seed=4))
    assert chosen(app) == "Run 4 · TF-IDF" and not app.toast


def test_who_chose_another_run_keeps_it_and_is_told(three, open_page):
    app = choose(open_page("train"), "Run 1 · TF-IDF")
    ends(app, one_more(three[0], seed=4))
    assert "Run 1: TF-IDF" in texts(app) and chosen(app) == "Run 1 · TF-IDF"
    assert [toast.value for toast in app.toast] == ["Run 4 is finished."]
    assert "Run 4 · TF-IDF" in app.sidebar.selectbox(key="run").options


def test_who_goes_back_to_the_newest_is_shown_the_next_one(three, open_page):
    app = choose(choose(open_page("train"), "Run 1 · TF-IDF"), "Run 3 · TF-IDF")
    assert chosen(ends(app, one_more(three[0], seed=4))) == "Run 4 · TF-IDF"


def test_a_press_on_train_asks_for_what_it_gives(three, open_page):
    app = press(choose(open_page("train"), "Run 1 · TF-IDF"), "Train")
    assert "Run 3: TF-IDF" in texts(app), "the newest, until it is done"
    for job in resources.store().jobs.active(""):
        resources.store().jobs.cancel(job.id)
    assert "Run 5: TF-IDF" in texts(ends(app, one_more(three[0], seed=4)))


def test_an_address_that_names_a_run_is_a_choice(three, open_page):
    app = open_page("home")
    app.query_params["run"] = "Run 1 · TF-IDF"
    app.switch_page("pages/train.py").run()
    assert "Run 1: TF-IDF" in texts(app)
    assert "Run 1: TF-IDF" in texts(ends(app, one_more(three[0], seed=4)))


def test_a_trial_that_is_done_leaves_the_page_as_it_is(three, open_page):
    app, store = open_page("train"), resources.store()
    run, _ = queued(three[0], balance="weights", trial_of=three[2].id)
    assert "trial for run 3" in texts(app.run())
    assert not app.session_state[WATCHED]
    do_jobs("")
    assert store.runs.get(run.id).status == "done"
    assert chosen(app.run()) == "Run 3 · TF-IDF"


def test_a_training_that_ends_while_the_page_is_drawn_is_shown_all_the_same(three, open_page, monkeypatch):
    app = open_page("train")
    run, _ = queued(three[0], seed=4)
    app.run()
    assert app.session_state[WATCHED] == {run.id} and chosen(app) == "Run 3 · TF-IDF"
    tell = progress.tell_failure

    def meanwhile(dataset_id):  # after the run is chosen, before those that go on are drawn
        do_jobs("")
        tell(dataset_id)

    with monkeypatch.context() as patched:
        patched.setattr(progress, "tell_failure", meanwhile)
        app.run()
    assert chosen(app) == f"Run {run.id} · TF-IDF" and not app.session_state[WATCHED]


def test_the_one_that_was_pressed_is_shown_though_another_ended_meanwhile(open_page):
    """Nobody drew this page between the two ends."""
    dataset = add_dataset()
    app = press(open_page("train"), "Train")
    (own,) = resources.store().runs.list(dataset.id)
    other = train_now(dataset, replace(WORDS, seed=9))
    assert resources.store().runs.get(own.id).status == "done" and other.id > own.id
    assert chosen(app.run()).startswith(f"Run {own.id} ·")


def queued(run: TrainingRun, **changed):
    store = resources.store()
    place = run.dataset_id, run.label_set_id
    return runs.start_training(store, resources.settings(), *place, replace(WORDS, **changed))


# ---- several label sets -------------------------------------------------------------------


@pytest.fixture
def two_sets(data_folder):
    """A run of the topics, then one of the moods."""
    dataset = add_two_label_sets()
    return train_now(dataset, labels="topic"), train_now(dataset, labels="mood")


def test_runs_of_several_label_sets_are_told_apart(two_sets, open_page):
    app = open_page("train")
    assert app.sidebar.selectbox(key="run").options == ["Run 2 · mood · TF-IDF", "Run 1 · topic · TF-IDF"]


def test_the_form_stands_on_the_labels_of_the_run_that_is_shown(two_sets, open_page):
    app = open_page("train")
    assert app.selectbox(key="label_set").value == "mood"
    choose(app, "Run 1 · topic · TF-IDF")
    assert app.selectbox(key="label_set").value == "topic"
    assert "topic · judged on" in texts(app)


def test_other_labels_bring_their_own_newest_run(two_sets, open_page):
    app = open_page("train")
    app.selectbox(key="label_set").set_value("topic").run()
    assert not app.exception
    assert chosen(app) == "Run 1 · topic · TF-IDF" and "topic · judged on" in texts(app)
    app.run()
    assert app.selectbox(key="label_set").value == "topic"


def test_labels_without_a_run_show_none(open_page):
    train_now(add_two_label_sets(), labels="mood")
    app = open_page("train")
    assert "mood · judged on" in texts(app)
    app.selectbox(key="label_set").set_value("topic").run()
    assert "No model of topic was trained yet." in texts(app) and "judged on" not in texts(app)
    press(app, "Train")
    assert app.selectbox(key="label_set").value == "topic"
    assert "judged on" not in texts(app)


def test_a_run_of_other_labels_does_not_take_over_the_page(two_sets, open_page):
    app = open_page("train")
    app.selectbox(key="label_set").set_value("topic").run()
    dataset = resources.store().datasets.get(two_sets[0].dataset_id)
    ends(app, train_now(dataset, replace(WORDS, seed=4), labels="mood"))
    assert chosen(app) == "Run 1 · topic · TF-IDF"
    assert [toast.value for toast in app.toast] == ["Run 3 is finished."]
