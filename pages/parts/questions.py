"""One question about a file at a time, with what each answer would make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.domain import Answer, Question
from pages.parts.plain import plain

OTHER = -1
ROW_PX, HEAD_PX, MOST_PX = 35, 38, 220
CELL_CHARS = 200
SHOWN_COLUMNS = 30


@dataclass(frozen=True)
class Answered:
    question: str
    value: str
    words: str


Given = Mapping[str, Answered]  # key of the question -> its answer, in the order they were given


def values(given: Given) -> dict[str, str]:
    return {key: answer.value for key, answer in given.items()}


def ask(given: Given, open_questions: Sequence[Question], keep: Callable[[Given], None]) -> None:
    """The first open question; `keep` takes the answers after a press, and the file is read again."""
    question = open_questions[0]
    list_answers(given, keep)
    with st.container(border=True, key="question"):
        st.markdown(f"**{plain(question.words, 600)}**")
        more = f" {len(open_questions) - 1} more to come." if len(open_questions) > 1 else ""
        st.caption(f"The file alone does not tell. Nothing is stored yet.{more}")
        answer = _choose(f"{len(given)}_{question.key}", question)
        with st.container(horizontal=True):
            ready = bool(answer.value)
            pressed = st.button("Continue", type="primary", icon=":material/check:", disabled=not ready)
            if given and st.button("Back", icon=":material/undo:"):
                keep(_before(given, list(given)[-1]))
                st.rerun()
        if pressed:
            keep({**given, question.key: answer})
            st.rerun()
        _previews(question.answers)


def list_answers(given: Given, keep: Callable[[Given], None]) -> None:
    """What was answered so far, each with a way back."""
    for number, (key, answer) in enumerate(given.items()):
        with st.container(horizontal=True, vertical_alignment="center"):
            words = f"{plain(answer.question)} **{plain(answer.words)}**"
            st.markdown(f":material/check: {words}", width="content")
            if st.button("Change", type="tertiary", key=f"change_{number}"):
                keep(_before(given, key))
                st.rerun()


def _before(given: Given, key: str) -> Given:
    """Later answers may hang on this one, so they are asked again as well."""
    keys = list(given)
    return {name: given[name] for name in keys[: keys.index(key)]}


def _choose(place: str, question: Question) -> Answered:
    """Its value is empty while another one is being typed."""
    numbers = [*range(len(question.answers)), *([OTHER] if question.free else [])]
    number = st.radio(
        "Your answer",
        numbers,
        format_func=lambda number: "Something else" if number == OTHER else _words(question, number),
        key=f"answer_{place}",
        label_visibility="collapsed",
    )
    if number == OTHER:
        typed = st.text_input("Your own answer", max_chars=100, key=f"typed_{place}").strip()
        return Answered(question.words, typed, typed)
    chosen = question.answers[number]
    return Answered(question.words, chosen.value, chosen.words)


def _words(question: Question, number: int) -> str:
    """A radio reads Markdown."""
    return plain(question.answers[number].words) + ("  :gray-badge[likely]" if number == 0 else "")


def _previews(answers: Sequence[Answer]) -> None:
    shown = [answer for answer in answers if answer.rows]
    if not shown:
        return
    st.caption("How the file begins with each answer:")
    for start in range(0, len(shown), 2):
        pair = shown[start : start + 2]
        places = st.columns(2) if len(shown) > 1 else [st.container()]
        for place, answer in zip(places, pair, strict=False):
            with place:
                st.markdown(f"**{plain(answer.words)}**")
                rows_table(answer.rows[0], answer.rows[1:], alt=f"The file read as: {answer.words}")


def rows_table(names: Sequence[str], rows: Sequence[Sequence[str]], alt: str) -> None:
    """Cells of a file as they are; a table never reads Markdown."""
    places = range(min(len(names), SHOWN_COLUMNS))
    table = [{str(at): row[at][:CELL_CHARS] if at < len(row) else "" for at in places} for row in rows]
    st.dataframe(
        table,
        height=min(HEAD_PX + ROW_PX * max(len(table), 1), MOST_PX),
        hide_index=True,
        column_config={
            str(at): st.column_config.TextColumn(names[at][:80] or f"Column {at + 1}") for at in places
        },
        alt=alt,
    )
    if len(names) > SHOWN_COLUMNS:
        st.caption(f"The first {SHOWN_COLUMNS} of {len(names):,} columns.")
