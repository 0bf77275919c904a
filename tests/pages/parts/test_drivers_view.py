"""What drives a label, on the screen, without a browser."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.domain import Estimate, TrainingOptions
from core.workflow import driving, explain_jobs, promotion
from pages.parts import resources
from tests.pages.trained import WORDS, add_dataset, buttons, charts, do_jobs, press, texts, train_now


def page() -> None:
    import streamlit as st

    from pages.parts import drivers_view, resources

    drivers_view.show(resources.store().runs.get(st.session_state["shown_run"]))


@pytest.fixture
def visit(monkeypatch):
    """The view by itself; links need a whole app, so they are told as captions."""
    monkeypatch.setattr(st, "page_link", lambda page, label, icon: st.caption(f"link: {label}"))

    def visit(run) -> AppTest:
        app = AppTest.from_function(page, default_timeout=30)
        app.session_state["shown_run"] = run.id
        app.run()
        assert not app.exception, app.exception
        return app

    return visit


@pytest.fixture
def run(data_folder):
    return train_now(add_dataset())


@pytest.fixture
def measured(run):
    driving.measure(resources.store(), resources.settings(), run.id, {})
    return run


def test_from_nothing_to_bars(run, visit):
    app = visit(run)
    assert "Which words make this model choose a label?" in texts(app)
    assert "About" in texts(app) and "copies of them with words left out" in texts(app)
    press(app, "Measure what drives each label")
    assert explain_jobs.pending(resources.store(), run, explain_jobs.DRIVERS) is not None
    assert "Cancel" in buttons(app) and charts(app) == 0
    do_jobs(promotion.LANE)
    app.run()
    assert charts(app) == 1 and "Measure again" not in buttons(app)
    assert "How firm is it?" in texts(app) and "of the words must go" in texts(app)
    open_a_word(app, run)


def test_what_is_done_is_shown_while_the_rest_goes_on(run, visit):
    store = resources.store()
    driving.measure(store, resources.settings(), run.id, {"labels": [run.labels[0]]})
    app = visit(run)
    assert "2 labels of 3 are not measured." in texts(app) and charts(app) == 1
    press(app, "Measure the rest")
    assert "Cancel" in buttons(app) and charts(app) == 1
    press(app, "Cancel")
    assert "Measure the rest" in buttons(visit(run))


def open_a_word(app, measured) -> None:
    app.selectbox(key="drivers_label").set_value("billing").run()
    number = list(driving.stored(resources.store(), measured)).index("billing")
    app.selectbox(key=f"drivers_word_{number}").set_value("refund").run()
    assert not app.exception, app.exception
    assert "refund · +" in texts(app) and "points for billing" in texts(app)
    table = app.dataframe[0].value
    assert len(table) and table["text"].str.contains("refund").all()
    assert "Choose a row to explain it" in buttons(app)
    app.segmented_control(key="driver_view").set_value("Quotes").run()
    press_first_quote(app)
    assert app.session_state["explain_feedback"] in table_ids(measured)
    for view, drawn in (("By segment", "Filled dots"), ("By month", "Filled dots")):
        app.segmented_control(key="driver_view").set_value(view).run()
        assert not app.exception and charts(app) == 2, drawn


def press_first_quote(app) -> None:
    quotes = [button for button in app.button if button.key and button.key.startswith("explain_quote_")]
    assert 0 < len(quotes) <= 3
    quotes[0].click().run()
    assert not app.exception, app.exception


def table_ids(run) -> set[int]:
    return set(resources.store().datasets.feedback(run.dataset_id)["id"].tolist())


def test_a_training_without_the_chosen_words(measured, visit, monkeypatch):
    effect = Estimate(0.12, 0.08, 0.16, 20, "")
    word = driving.ShortcutWord("today", "is a date or time", "billing", effect, ("speed",))
    monkeypatch.setattr(driving, "listed", lambda found: (word,))
    app = visit(measured)
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["Word"], row["Moves"], row["Points of confidence"]) == (
        "today",
        "billing and 1 more",
        "+12.0 (+8.0 to +16.0)",
    )
    (button,) = [item for item in app.button if item.key == "train_without"]
    assert button.disabled
    app.session_state[f"shortcuts_{measured.id}"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    press(app, "Train without this word")
    new = resources.store().runs.list(measured.dataset_id)[0]
    assert new.status == "queued" and new.options == TrainingOptions(mode=WORDS.mode, without=("today",))
    assert f"Run {new.id} is in the queue" in texts(app) and "link: Watch it" in texts(app)

    # Changed comments are told; what was measured stays to be read.
    real = driving.from_kept
    monkeypatch.setattr(driving, "from_kept", lambda label, kept, state: real(label, kept, "other"))
    app = visit(measured)
    assert "The comments or labels changed" in texts(app)
    assert "Measure again" in buttons(app) and charts(app) == 1


def test_several_labels_a_comment(data_folder, visit):
    run = train_now(add_dataset(90, several=True))
    driving.measure(resources.store(), resources.settings(), run.id, {})
    app = visit(run)
    assert len(app.selectbox(key="drivers_label").options) == len(run.labels)
    assert charts(app) == 1
