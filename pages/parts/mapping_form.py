"""What is in which column of a file, and where its rows go."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.domain import Columns
from core.workflow.importing import Look
from pages.parts.plain import option, plain

NONE = "(none)"
WORDS = {
    "date": "Date",
    "rating": "Rating",
    "author": "Author",
    "account": "Account",
    "channel": "Channel",
    "language": "Language",
    "id": "ID in the source",
}
HELP = {
    "date": "Gives trends. Days, times and seconds since 1970 are read.",
    "rating": "Stars or a score. Gives the rating of each theme; without labels it serves as sentiment.",
    "author": "Who wrote it. Stored as a pseudonym only.",
    "account": "The customer organisation. Ranges allow for its many comments; it is quoted once a theme.",
    "channel": "Where it came from, such as support or app store.",
    "language": "Leave empty: Roadlens finds the language itself.",
    "id": "The number of the ticket, review or response. The same comment is then known again in the next "
    "file, even when its words have changed.",
}
LISTS = {  # role -> words, help
    "texts": (
        "Comment text",
        "The columns with what people wrote. Several, such as title and body, are joined. Required.",
    ),
    "labels": (
        "Labels",
        "Your own labels, such as topic or sentiment. Each column makes a label set, which a model can "
        "learn; empty cells are fine.",
    ),
    "multi": ("Several labels in a cell", "Label columns with cells such as “bug; billing”."),
    "segments": (
        "Segments to compare",
        "Columns with few different values, such as plan, region or version.",
    ),
    "numbers": ("Numbers to keep", "Scores and amounts, such as effort score or seats."),
}
FOUND = ""
SCALES = ("1-5", "0-5", "1-3", "1-4", "1-7", "1-10", "0-10", "0-100", "0-1")


@dataclass(frozen=True)
class Mapping:
    columns: Columns | None  # None: no text column yet
    scale: tuple[str, str] | None  # rating column, scale as a person confirmed it
    twice: tuple[str, ...]  # columns in more than one role


def ask(look: Look, known: Columns | None) -> Mapping:
    """Widgets for each role, filled with the guesses; `known` are the choices of a first try."""
    guess = known or look.columns
    left, right = st.columns(2)
    with left:
        texts = _several(look, "texts", guess.texts)
    with right:
        labels = _several(look, "labels", guess.labels)
    single: dict[str, str | None] = {}
    places = [*st.columns(4), *st.columns(4)]
    single["date"] = _one(places[0], look, "date", guess)
    single["rating"] = _one(places[1], look, "rating", guess)
    scale = _scale(places[2], look, single["rating"])
    for place, role in zip(places[3:], ("author", "account", "channel", "language", "id"), strict=True):
        single[role] = _one(place, look, role, guess)
    left, middle, right = st.columns(3)
    with left:
        segments = _several(look, "segments", guess.segments)
    with middle:
        numbers = _several(look, "numbers", guess.numbers)
    with right:
        multi = _several(look, "multi", guess.multi, labels) if labels else ()
    strong = [*texts, *labels, *filter(None, single.values())]
    if weak := [name for name in (*segments, *numbers) if name in strong]:
        st.caption(f"Chosen above, so neither a segment nor a number: {plain(', '.join(weak))}")
    segments = tuple(name for name in segments if name not in strong)
    numbers = tuple(name for name in numbers if name not in strong)
    columns = None
    if texts:
        columns = Columns(
            text=texts[0],
            more_text=texts[1:],
            label=labels[0] if labels else None,
            more_labels=labels[1:],
            multi=multi,
            segments=segments,
            numbers=numbers,
            **single,
        )
    return Mapping(columns, scale, _twice([*strong, *segments, *numbers]))


def _one(place, look: Look, role: str, guess: Columns) -> str | None:
    options = [NONE, *look.header]
    wanted = getattr(guess, role)
    chosen = place.selectbox(
        WORDS[role],
        range(len(options)),
        index=options.index(wanted) if wanted in look.header else 0,
        format_func=lambda number: option(options[number]),
        key=f"role_{role}",
        help=HELP[role],
    )
    return options[chosen] if chosen else None


def _several(
    look: Look, role: str, guess: Sequence[str], among: Sequence[str] | None = None
) -> tuple[str, ...]:
    """In the order of the file."""
    options = list(look.header if among is None else among)
    words, help = LISTS[role]
    chosen = st.multiselect(
        words,
        options,
        default=[name for name in guess if name in options],
        format_func=option,
        key=f"role_{role}",
        help=help,
        placeholder="Choose columns",
        select_all=False,
    )
    return tuple(sorted(chosen, key=options.index))


def _scale(place, look: Look, rating: str | None) -> tuple[str, str] | None:
    """The scale is confirmed here: all stars of a file may happen to be fours and fives."""
    found = look.scale if rating and rating == look.columns.rating else ""
    answered = look.answers.get(f"scale:{rating}", "")
    scales = [FOUND, *dict.fromkeys([*filter(None, (answered, found)), *SCALES])]
    wanted = answered or found
    chosen = place.selectbox(
        "Rating scale",
        scales,
        index=scales.index(wanted),
        format_func=lambda scale: "Find it in the column" if scale == FOUND else scale.replace("-", " to "),
        key=f"role_scale_{look.header.index(rating) if rating else 'none'}",
        help="From the worst to the best rating that can be given. Please check it: a file in which nobody "
        "gave the lowest rating looks like another scale.",
        disabled=rating is None,
    )
    return (rating, chosen) if rating and chosen else None


def _twice(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
