"""A list of names, with what the browser would send back."""

from streamlit.testing.v1 import AppTest


def _script(names):
    import streamlit as st

    from pages.parts import name_list

    chosen = name_list.choose(st, "Label", st.session_state.get("names", names), "label", "(no label)")
    st.text(repr(chosen))


def test_each_name_can_be_chosen_and_one_that_is_gone_is_forgotten():
    names = ["price", "speed", "speed\u200b", "speed "]
    app = AppTest.from_function(_script, args=(names,)).run()
    assert app.selectbox[0].options == ["price", "speed", "speed (3)", "speed (2)"]
    for name in names:
        app.selectbox[0].set_value(name).run()
        assert not app.exception and app.text[0].value == repr(name)
    app.session_state["names"] = ["", "price"]
    app.run()
    assert app.selectbox[0].options == ["(no label)", "price"] and app.text[0].value == "''"
