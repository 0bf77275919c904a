import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charts.labels import shorten
from pages.parts.plain import JOINER, plain, told_apart

PIECES = [*string.punctuation, "www.", "https://x.y", "me@x.y", "->", "<->", ":red[", ":streamlit:", "a", " "]


def read(markdown: str) -> str:
    """What stays when escapes are resolved and invisible joiners are not seen."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace(JOINER, "")


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Login fails", "Login fails"),
        ("a*b_c", r"a\*b\_c"),
        (":red[x]", "\\:\u2060red\\[x\\]"),
        ("![x](y)", r"\!\[x\]\(y\)"),
        ("1. one", r"1\. one"),
        ("5 -> 6", "5 \\-\u2060\\> 6"),
        ("me@x.y", "me\\@\u2060x\\.y"),
        ("WWW.x.y", "WWW\u2060\\.x\\.y"),
        ("Note: $5", r"Note\: \$5"),
        ("two\nlines\tand  spaces", "two lines and spaces"),
        ("\u202egpj.exe\u0000\u200b", r"gpj\.exe"),
        ("👩\u200d🔧 café نامه\u200cها", "👩\u200d🔧 café نامه\u200cها"),
        (7, "7"),
    ],
)
def test_by_hand(text, markdown):
    assert plain(text) == markdown


def test_long_text_is_cut_with_an_ellipsis():
    assert plain("a" * 300) == "a" * 300
    assert plain("a" * 301) == "a" * 299 + "…"
    assert plain("one two three", limit=8) == "one two…"


@given(st.one_of(st.text(max_size=400), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)))
def test_it_reads_as_written_and_nothing_is_left_to_find(text):
    markdown = plain(text)
    assert read(markdown) == shorten(text, 300)
    assert (
        not re.search(r"(?<!\\)[^\w\s\\]", re.sub(r"\\.", "", markdown), re.ASCII) or not markdown.isascii()
    )
    bare = re.sub(r"\\(.)", r"\1", markdown)
    assert not re.search(
        r"https?://|www\.\S|\S@\w|(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)|:\w+[:\[]", bare, re.ASCII
    )


def test_names_that_look_alike_are_numbered():
    names = ["speed\u200b", "speed", " speed ", "speed (2)", "\u200b", "", "price"]
    assert told_apart(names, "(no label)") == {
        "speed": "speed",
        "speed\u200b": "speed (3)",
        " speed ": "speed (4)",
        "speed (2)": "speed (2)",
        "": "(no label)",
        "\u200b": "(no label) (2)",
        "price": "price",
    }


@given(st.sets(st.text("ab \u200b()2", max_size=8)))
def test_no_two_names_are_shown_alike(names):
    shown = told_apart(names)
    assert shown.keys() == names and len(set(shown.values())) == len(names) and all(shown.values())
