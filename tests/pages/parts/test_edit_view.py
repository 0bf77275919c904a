"""Edit and see on a model of words, and what it says."""

import pytest
from streamlit.testing.v1 import AppTest

from core.explain.editing import Robustness
from core.workflow import label_drivers
from core.workflow.editing import Compared
from pages.parts.edit_view import verdict
from tests.pages import trained

TEXT = "slow loading today @handle"


def page(run_id, text):
    from pages.parts import edit_view, resources

    edit_view.show(resources.store().runs.get(run_id), text)


@pytest.fixture
def visit(data_folder):
    run = trained.train_now(trained.add_dataset(90))
    return lambda text=TEXT: AppTest.from_function(page, args=(run.id, text), default_timeout=60).run(), run


def test_words_change_and_the_answer_with_them(visit):
    visit, _ = visit
    at = visit()
    assert not at.exception
    assert "The model says speed" in trained.texts(at) and trained.charts(at) == 1
    at.text_area[0].set_value("invoice refund").run()
    assert "Now billing" in trained.texts(at) and "before speed" in trained.texts(at)
    trained.press(at, "Back to the comment")
    assert at.text_area[0].value == TEXT and "The model says speed" in trained.texts(at)
    at.text_area[0].set_value("slow mail joe@example.com").run()
    assert "Personal data is masked" in trained.texts(at)


def test_the_smallest_change_can_be_tried(visit):
    visit, run = visit
    from pages.parts import resources

    content = label_drivers.content(9, 3, [], [], Robustness("speed", 3, 0.5, 1 / 3), 1.0)
    resources.store().explanations.keep_finding(run.id, "drivers", "speed", content, "")
    at = visit("slow timeout invoice")
    trained.press(at, "Find the smallest change")
    said = trained.texts(at)
    assert "Without " in said and "of the words) the model says" in said
    assert "50% of the words must go" in said and "is enough in 1 of 3 comments" in said
    trained.press(at, "Try it")
    assert at.text_area[0].value in (
        "invoice",
        "slow invoice",
        "timeout invoice",
    ) and "Now " in trained.texts(at)


def test_any_text_can_be_edited(visit):
    for text in ("", " ", "\x00", "<b>x</b> **y** \u202e z " + "w" * 10_000, "a " * 11_000):
        at = visit[0](text)
        assert not at.exception and len(at.text_area) == 1


@pytest.mark.parametrize(
    ("before", "after", "said_before", "said_after", "words"),
    [
        ({"a": 0.92}, {"a": 0.71}, ("a",), ("a",), "Still **a**, 92% → 71%"),
        ({"a": 1.0}, {"a": 0.999}, ("a",), ("a",), "Still **a**, over 99% → over 99%"),
        ({"a": 0.6, "b": 0.4}, {"a": 0.005, "b": 0.9}, ("a",), ("b",),
         "Now **b** (90%); before a (60% → under 1%)"),
        ({"a": 0.6}, {"a": 0.4}, ("a",), (), "Now **no label**; before a (60% → 40%)"),
        ({"a": 0.4}, {"a": 0.45}, (), (), "Still **no label**"),
    ],
)  # fmt: skip
def test_before_and_now_in_words(before, after, said_before, said_after, words):
    assert verdict(Compared(before, after, said_before, said_after), "text") == words
    assert "Nothing is left" in verdict(Compared(before, after, said_before, said_after), " ")
