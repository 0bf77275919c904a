"""The roles of the columns as widgets, and back as Columns."""

import pytest
from streamlit.testing.v1 import AppTest

from core.domain import Columns
from core.workflow.importing import Look

HEADER = ("id", "when", "stars", "title", "body", "topic", "plan")
GUESS = Columns(
    text="body",
    label="topic",
    date="when",
    rating="stars",
    segments=("plan",),
    id="id",
    more_text=("title",),
)


def look(**changes: object) -> Look:
    facts = {
        "format": "csv",
        "encoding": "utf-8",
        "delimiter": ",",
        "header": HEADER,
        "answers": {},
        "questions": (),
        "warnings": (),
        "columns": GUESS,
        "scale": "1-5",
    }
    return Look(**(facts | changes))


def ask() -> None:
    import streamlit as st

    from pages.parts import mapping_form

    st.session_state["mapping"] = mapping_form.ask(st.session_state["seen"], st.session_state["known"])


def asked(seen: Look, known: Columns | None = None) -> AppTest:
    app = AppTest.from_function(ask)
    app.session_state["seen"], app.session_state["known"] = seen, known
    app.run()
    assert not app.exception
    return app


def test_without_a_change_the_guess_comes_back_in_the_order_of_the_file():
    mapping = asked(look()).session_state["mapping"]
    assert mapping.columns == Columns(
        text="title",
        more_text=("body",),
        label="topic",
        date="when",
        rating="stars",
        segments=("plan",),
        id="id",
    )
    assert mapping.scale == ("stars", "1-5")
    assert mapping.twice == ()


def test_the_choices_of_a_first_try_come_before_the_guess():
    known = Columns(text="title", rating="id")
    mapping = asked(look(), known).session_state["mapping"]
    assert mapping.columns == known
    assert mapping.scale is None  # the scale that was found is that of another column


def test_several_label_columns_and_which_of_them_hold_several_labels():
    app = asked(look())
    app.multiselect(key="role_labels").set_value(["plan", "topic"]).run()
    assert app.multiselect(key="role_multi").options == ["topic", "plan"]
    app.multiselect(key="role_multi").set_value(["plan"])
    app.multiselect(key="role_segments").set_value([]).run()
    columns = app.session_state["mapping"].columns
    assert columns.labels == ("topic", "plan")
    assert columns.multi == ("plan",)


def test_a_column_in_two_places_is_named():
    app = asked(look())
    app.multiselect(key="role_numbers").set_value(["plan"]).run()
    assert app.session_state["mapping"].twice == ("plan",)
    app.selectbox(key="role_date").set_value(1 + HEADER.index("stars")).run()
    assert app.session_state["mapping"].twice == ("stars", "plan")


def test_a_segment_that_is_chosen_for_a_role_is_no_segment_any_more():
    app = asked(look())
    app.selectbox(key="role_author").set_value(1 + HEADER.index("plan")).run()
    mapping = app.session_state["mapping"]
    assert (mapping.columns.author, mapping.columns.segments, mapping.twice) == ("plan", (), ())
    assert "neither a segment nor a number" in app.caption[0].value


def test_without_a_text_column_there_is_nothing_to_import():
    app = asked(look())
    app.multiselect(key="role_texts").set_value([]).run()
    assert app.session_state["mapping"].columns is None


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({"scale": "0-10"}, ("stars", "0-10")),
        ({"scale": "2-6"}, ("stars", "2-6")),  # a scale that is not in our list
        ({"scale": ""}, None),
        ({"scale": "1-5", "answers": {"scale:stars": "1-7"}}, ("stars", "1-7")),
    ],
)
def test_the_scale_is_the_one_that_was_found_or_confirmed_before(changes, chosen):
    assert asked(look(**changes)).session_state["mapping"].scale == chosen


def test_another_rating_column_has_another_scale():
    app = asked(look())
    app.selectbox(key="role_rating").set_value(1 + HEADER.index("plan")).run()
    mapping = app.session_state["mapping"]
    assert (mapping.columns.rating, mapping.scale) == ("plan", None)
