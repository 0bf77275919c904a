"""What cannot be trained is said in the form, before it waits in line."""

import pytest

from core.domain import Columns
from core.errors import ModelMissing
from core.workflow import feedback, runs
from pages.parts import resources
from tests.pages.trained import WORDS, add_dataset, press, texts, train_now


def train_button(app):
    return app.button(key="train")


def test_labels_with_too_few_comments_are_refused_before_the_press(open_page):
    data = "comment,topic\n" + "".join(f"a comment {n},{'abcde'[n % 5]}\n" for n in range(10))
    columns = Columns("comment", label="topic")
    feedback.import_bytes(resources.store(), resources.settings(), data.encode(), "c.csv", columns, "Few")
    app = open_page("train")
    assert "Training needs at least two labels with 4 different comments each." in texts(app)
    assert train_button(app).disabled and "GB of memory" not in texts(app), "no estimate of what cannot be"


def test_what_can_be_trained_is_not_held_up(open_page):
    add_dataset()
    app = open_page("train")
    assert not train_button(app).disabled and "GB of memory" in texts(app)


def test_labels_are_looked_at_once(open_page, monkeypatch):
    add_dataset()
    app = open_page("train")
    monkeypatch.setattr("core.workflow.selection.select", lambda *asked: pytest.fail("looked at again"))
    app.run()
    assert not app.exception and not train_button(app).disabled


def test_an_encoder_that_cannot_be_had_leaves_the_result_below(open_page, monkeypatch):
    run = train_now(add_dataset(), WORDS)
    app = open_page("train")

    def offline(*asked):
        raise ModelMissing("The encoder is not on this machine and *Hugging Face* cannot be reached.")

    monkeypatch.setattr(runs, "check_options", offline)
    press(app, "Train")
    assert "The encoder is not on this machine and *Hugging Face* cannot be reached." in texts(app)
    assert f"Run {run.id}: TF-IDF" in texts(app) and "Good enough?" in texts(app)
