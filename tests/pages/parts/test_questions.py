"""One question at a time, and the answers given so far."""

import pytest
from streamlit.testing.v1 import AppTest

from core.domain import Answer, Question
from pages.parts.kept_upload import KeptUpload
from pages.parts.questions import Answered

ROWS = (("when", "![x](http://a.example)"), ("03/04/2026", "=1+1"), ("05/06/2026", "<b>no</b>"))
DATES = Question(
    "dates:when",
    "Is 03/04/2026 the *third* of April?",
    (Answer("day", "Yes, day first", ROWS), Answer("month", "No, month first", ROWS)),
)
LETTERS = Question(
    "encoding", "Which letters?", (Answer("cp1252", "Café"), Answer("cp1251", "Cafй")), free=True
)


def ask() -> None:
    import streamlit as st

    from pages.parts import kept_upload, questions

    question = st.session_state["question"]
    questions.ask(kept_upload.current().answered, (question, question), kept_upload.keep_answers)


def asked(question: Question, **upload: object) -> AppTest:
    app = AppTest.from_function(ask)
    app.session_state["question"] = question
    app.session_state["upload"] = KeptUpload("a" * 64, "file.csv", **upload)
    return app.run()


def button(app: AppTest, label: str):
    (found,) = [item for item in app.button if item.label == label]
    return found


def given(app: AppTest) -> dict[str, str]:
    return app.session_state["upload"].answers


def test_the_answers_stand_in_a_list_with_the_rows_each_would_give():
    app = asked(DATES)
    assert not app.exception
    assert app.radio[0].options == [r"Yes\, day first  :gray-badge[likely]", r"No\, month first"]
    assert len(app.dataframe) == 2
    assert app.dataframe[1].value.to_numpy().tolist() == [list(row) for row in ROWS[1:]]
    assert app.markdown[0].value == r"**Is 03\/04\/2026 the \*third\* of April\?**"


def test_continue_keeps_the_chosen_answer():
    app = asked(DATES)
    app.radio[0].set_value(1).run()
    assert given(app) == {}
    button(app, "Continue").click().run()
    assert given(app) == {"dates:when": "month"}


def test_another_value_may_be_typed_where_the_question_allows_it():
    app = asked(LETTERS)
    app.radio[0].set_value(-1).run()
    assert button(app, "Continue").disabled
    app.text_input[0].set_value(" utf-16 ").run()
    button(app, "Continue").click().run()
    assert given(app) == {"encoding": "utf-16"}


def test_only_a_question_that_is_free_has_something_else():
    assert len(asked(DATES).radio[0].options) == 2
    assert asked(LETTERS).radio[0].options[-1] == "Something else"


@pytest.mark.parametrize(("pressed", "left"), [("Back", {"encoding": "cp1252"}), ("Change", {})])
def test_an_answer_can_be_taken_back_with_those_after_it(pressed, left):
    first = Answered("Which letters?", "cp1252", "Café")
    second = Answered("Which sign?", ";", "semicolon")
    app = asked(DATES, answered={"encoding": first, "delimiter": second})
    next(item for item in app.button if item.label == pressed).click().run()
    assert given(app) == left


def test_what_was_chosen_for_the_columns_goes_with_a_changed_answer():
    app = asked(DATES)
    app.session_state["role_date"] = 3
    app.session_state["look"] = "what was seen before"
    button(app, "Continue").click().run()
    assert "role_date" not in app.session_state
    assert "look" not in app.session_state
