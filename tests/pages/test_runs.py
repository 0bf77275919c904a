"""The Runs page: history, two runs side by side, delete; and what comes after a training."""

from dataclasses import replace

import pytest

from core.domain import GateRule
from core.workflow import promotion
from pages.parts import resources
from tests.pages.trained import (
    WORDS,
    add_dataset,
    add_two_label_sets,
    append,
    buttons,
    do_jobs,
    press,
    texts,
    train_now,
)

EASY = GateRule(0.1, 0.1, 0.9)


@pytest.fixture
def two(data_folder):
    """Two finished runs of one dataset; the first answers."""
    dataset = add_dataset()
    first, second = train_now(dataset), train_now(dataset, replace(WORDS, without=("slow",)))
    promotion.set_rule(resources.store(), first.label_set_id, EASY)
    promotion.promote(resources.store(), resources.settings(), first.id)
    return first, second


def history(app):
    (found,) = [item for item in app.dataframe if item.proto.alt == "All runs"]
    return found


def choose(app, *rows: int):
    app.session_state[history(app).key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    app.run()
    assert not app.exception, app.exception
    return app


def test_without_runs_the_page_says_where_to_go(open_page):
    assert "No model was trained yet." in texts(open_page("runs"))


def test_the_history_marks_the_run_that_answers_and_gives_validation_scores(two, open_page):
    rows = history(open_page("runs")).value
    assert list(rows["Run"]) == [2, 1]
    assert list(rows["Answers"]) == ["", "✓ now"]
    assert set(rows["Judged by"]) == {"at random"}
    low, high = two[1].model.ranges["macro_f1"]
    assert rows["Likely"][0] == f"{low:.2f} to {high:.2f}"
    scores = [(run.model.macro_f1, run.evaluation.validation_f1) for run in reversed(two)]
    shown = list(zip(rows["Macro F1"], rows["Validation F1"], strict=True))
    assert shown == [tuple(round(score, 3) for score in pair) for pair in scores], (
        "no digit that is not shown"
    )


def test_one_row_opens_its_card_and_two_are_compared(two, open_page):
    app = choose(open_page("runs"), 1)
    assert "Run 1: TF-IDF" in texts(app)
    choose(app, 0, 1)
    assert "Run 1 and run 2" in texts(app)
    assert "points of macro F1 for run 2" in texts(app)
    assert "Run 1: TF-IDF" not in texts(app)


def test_the_list_is_of_the_chosen_dataset_or_of_all_and_drops_columns_that_say_nothing(two, open_page):
    others = add_dataset(90, name="Others")
    app = open_page("runs")
    assert app.sidebar.selectbox(key="dataset").value == f"Others · {others.id}"
    assert "No model was trained on Others yet." in texts(app) or app.toggle(key="runs_everywhere").value
    train_now(others)
    app = open_page("runs")
    assert list(history(app).value["Run"]) == [3]
    shown = list(history(app).proto.column_order)
    assert "Dataset" not in shown and "Status" not in shown and "Macro F1" in shown
    app.toggle(key="runs_everywhere").set_value(True).run()
    assert list(history(app).value["Run"]) == [3, 2, 1]
    assert "Dataset" in history(app).proto.column_order
    right = resources.store().runs.get(3).model.accuracy
    assert history(app).value["Right"][0] == round(100 * right)


def test_runs_of_different_labels_are_not_compared(two, open_page):
    train_now(add_dataset(90, name="Others"))
    app = open_page("runs")
    app.toggle(key="runs_everywhere").set_value(True).run()
    choose(app, 0, 1)
    assert "different labels" in texts(app)


def test_a_run_is_deleted_and_one_that_answers_says_so_first(two, open_page):
    app = choose(open_page("runs"), 1)
    said = (
        "It answers for its labels now. No other model was promoted for them: Insights and Report begin with"
    )
    assert f"{said} run 2 then." in texts(app)
    press(app, "Delete it")
    assert [run.id for run in resources.store().runs.list()] == [2]
    assert promotion.answering_run(resources.store(), two[0].dataset_id).id == 2


def test_the_model_that_was_promoted_before_answers_again_after_a_deletion(two, open_page):
    store = resources.store()
    third = train_now(store.datasets.get(two[0].dataset_id), replace(WORDS, seed=7))
    promotion.promote(store, resources.settings(), third.id)
    app = choose(open_page("runs"), 0)
    assert "Run 1, which answered before it, answers again." in texts(app), "not run 2, the newest"
    press(app, "Delete it")
    assert store.promotions.current(two[0].label_set_id).run_id == 1


def test_without_another_model_a_deletion_says_what_is_missing_then(open_page):
    run = train_now(add_dataset())
    promotion.promote(resources.store(), resources.settings(), run.id, anyway=True)
    app = choose(open_page("runs"), 0)
    assert "There is no other model: Insights and Report are empty until you train one." in texts(app)


def test_after_a_deletion_the_model_of_other_labels_is_what_the_pages_begin_with(open_page):
    dataset = add_two_label_sets()
    topic, mood, _ = (train_now(dataset, labels=name) for name in ("topic", "mood", "topic"))
    for run in (mood, topic):
        promotion.promote(resources.store(), resources.settings(), run.id, anyway=True)
    app = choose(open_page("runs"), 2)
    assert f"Insights and Report begin with run {mood.id} then." in texts(app)
    press(app, "Delete it")
    assert promotion.answering_run(resources.store(), dataset.id).id == mood.id


# ---- comments that come later -------------------------------------------------------------


def test_new_comments_are_counted_by_the_model_that_answers_without_a_press(two, open_page):
    store = resources.store()
    dataset = store.datasets.get(two[0].dataset_id)
    append(dataset, 40)
    app = open_page("insights")
    assert "Count the new comments with this model" not in buttons(app)
    assert "What the model says of them is compared once it has read them." in texts(app)
    assert do_jobs("model") == ["done"]
    app.run()
    assert not app.exception
    assert store.predictions.missing(1, dataset.id) == []
    counted = "40 comments came or changed after run 1 was trained and are counted as this model reads them."
    assert counted in texts(app)
    assert "220 comments, 180 labelled" in texts(app), "what was shown before is counted anew"
    assert "The 40 new comments are like" in texts(app)


def test_new_comments_that_nobody_counted_are_counted_at_a_press(two, open_page):
    store = resources.store()
    dataset = store.datasets.get(two[0].dataset_id)
    append(dataset, 40)
    for job in store.jobs.active("model"):
        store.jobs.cancel(job.id)
    app = open_page("insights")
    assert "40 comments came or changed after run 1 was trained and are not counted yet." in texts(app)
    press(app, "Count the new comments with this model")
    assert "Count the new comments with this model" not in buttons(app)
    assert do_jobs("model") == ["done"]
    assert store.predictions.missing(1, dataset.id) == []


def test_comments_unlike_the_older_ones_ask_for_another_training(two, open_page):
    store = resources.store()
    dataset = store.datasets.get(two[0].dataset_id)
    append(dataset, 60, words="a long story about something else entirely that nobody here ever wrote of ")
    for jobs in (["done"], []):
        app = open_page("insights")
        assert len(app.warning) == 1, texts(app)
        assert "The comments have become longer." in texts(app)
        assert do_jobs("model") == jobs


def test_what_takes_long_for_many_comments_is_read_once_a_rerun(two, open_page, monkeypatch):
    store = resources.store()
    append(store.datasets.get(two[0].dataset_id), 40)
    app = open_page("train")
    asked = []
    unread = store.predictions.missing
    monkeypatch.setattr(
        type(store.predictions), "missing", lambda self, *ids: asked.append(ids) or unread(*ids)
    )
    monkeypatch.setattr("core.store.labels._counts", lambda *ids: pytest.fail("labels are counted again"))
    app.run()
    assert not app.exception
    assert len(asked) == 1
