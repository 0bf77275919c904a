import pandas as pd
import pytest

from core.domain import Columns
from core.errors import BadColumns
from core.ingest.columns import check_columns, guess_columns, preview_roles


def table(**columns):
    return pd.DataFrame(columns, dtype="str")


SENTENCES = [f"the app number {i} keeps crashing when it opens" for i in range(40)]


@pytest.mark.parametrize(
    ("text", "label", "date", "rating", "author"),
    [
        ("Comment", "Topic", "Created At", "Stars", "User Name"),
        ("Kommentar", "Kategorie", "Datum", "Bewertung", "Nutzer"),
        ("comentario", "etiqueta", "fecha", "puntuación", "usuario"),
        ("commentaire", "catégorie", "date", "note", "auteur"),
        ("评论", "标签", "日期", "评分", "用户"),
        ("feedbackText", "issue_type", "submitted_at", "nps_score", "customer_email"),
    ],
)
def test_roles_by_name_in_several_languages_and_any_order(text, label, date, rating, author):
    frame = table(
        **{
            rating: [str(1 + i % 5) for i in range(40)],
            author: [f"u{i % 30}" for i in range(40)],
            label: [("slow", "broken")[i % 2] for i in range(40)],
            text: SENTENCES,
            "plan": [("free", "team", "pro")[i % 3] for i in range(40)],
            date: [f"2024-01-{1 + i % 28:02d}" for i in range(40)],
        }
    )
    for names in (list(frame.columns), list(frame.columns)[::-1]):
        assert guess_columns(frame[names]) == Columns(text, label, date, rating, author, segments=("plan",))


def test_contents_decide_when_names_say_nothing():
    frame = table(
        c1=[f"https://x.example/{i:030d}" for i in range(40)],
        c2=[f"2024-01-{1 + i % 28:02d}" for i in range(40)],
        c3=SENTENCES,
        c4=["★★★", "★"] * 20,
        c5=["north", "south"] * 20,
        c6=[str(i * 7) for i in range(40)],
    )
    assert guess_columns(frame) == Columns("c3", date="c2", rating="c4", segments=("c5",))


def test_measures_of_a_label_and_empty_columns_are_no_roles():
    frame = table(
        sentiment_confidence=[f"0.{i:03d}" for i in range(40)],
        sentiment=["good", "bad"] * 20,
        sentiment_gold=["good"] + [""] * 39,
        retweet_count=["0", "1"] * 20,
        text=SENTENCES,
    )
    assert guess_columns(frame) == Columns("text", label="sentiment")


def test_at_most_six_segments():
    frame = table(text=SENTENCES, **{f"s{i}": ["a", "b"] * 20 for i in range(9)})
    assert guess_columns(frame).segments == tuple(f"s{i}" for i in range(6))


def test_text_is_always_named():
    assert guess_columns(table(a=["1", "2"], b=["", ""])).text == "a"
    with pytest.raises(BadColumns):
        guess_columns(pd.DataFrame())


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (Columns("nope"), "no column 'nope'. It has 't', 'l', 'e'"),
        (Columns("e"), "'e' is empty"),
        (Columns("t", label="t"), "'t' is chosen for text and for label"),
        (Columns("t", label="l", segments=("l",)), "'l' is chosen for label and for segment"),
        (Columns(""), "Choose one under 'Columns'"),
    ],
)
def test_choices_that_do_not_fit(columns, says):
    with pytest.raises(BadColumns) as error:
        check_columns(table(t=["x"], l=["y"], e=[" "]), columns)
    assert says in str(error.value)


def test_preview():
    frame = table(t=["x" * 80, "b", "b", ""], l=["", "", "", ""])
    preview = preview_roles(frame, Columns("t"))
    assert list(preview.columns) == ["column", "role", "example values", "share filled"]
    assert preview.iloc[0].tolist() == ["t", "text", "x" * 59 + "… · b", 0.75]
    assert preview.iloc[1].tolist() == ["l", "", "", 0.0]
