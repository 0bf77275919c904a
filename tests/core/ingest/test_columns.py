import pandas as pd
import pytest

from core.domain import Columns
from core.errors import BadColumns
from core.ingest.column_names import names_people
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


@pytest.mark.parametrize(
    ("text", "label", "date", "rating", "author"),
    [
        ("Comentário", "Categoria", "Data", "Nota", "Usuário"),
        ("Recensione", "Etichetta", "Data", "Valutazione", "Utente"),
        ("Opmerking", "Categorie", "Datum", "Beoordeling", "Gebruiker"),
        ("Komentarz", "Kategoria", "Data", "Ocena", "Użytkownik"),
        ("Отзыв", "Категория", "Дата", "Оценка", "Автор"),
        ("Yorum", "Etiket", "Tarih", "Puan", "Kullanıcı"),
        ("コメント", "カテゴリ", "日付", "評価", "ユーザー名"),
        ("리뷰", "카테고리", "작성일", "평점", "작성자"),
    ],
)
def test_roles_by_name_in_more_languages(text, label, date, rating, author):
    frame = table(
        **{
            date: [f"2024-01-{1 + i % 28:02d}" for i in range(40)],
            text: SENTENCES,
            rating: [str(1 + i % 5) for i in range(40)],
            label: [("slow", "broken")[i % 2] for i in range(40)],
            author: [f"u{i % 30}" for i in range(40)],
        }
    )
    assert guess_columns(frame) == Columns(text, label, date, rating, author)


def test_titles_ids_scores_and_several_label_sets():
    frame = table(
        ticket_id=[f"T-{900 + i}" for i in range(40)],
        subject=[f"Problem {i} with the app" for i in range(40)],
        description=SENTENCES,
        sentiment=["good", "bad"] * 20,
        tags=["bug; billing", "bug", "billing; praise", "praise"] * 10,
        effort=[str(1 + i % 7) for i in range(40)],
        agent=["Kim", "Lee"] * 20,
    )
    found = guess_columns(frame)
    assert (found.id, found.text, found.more_text) == ("ticket_id", "description", ("subject",))
    assert (set(found.labels), found.multi) == ({"sentiment", "tags"}, ("tags",))
    assert found.numbers == ("effort",)


def test_numbers_that_count_the_rows_are_no_ids():
    assert guess_columns(table(id=[str(i) for i in range(1, 41)], text=SENTENCES)).id is None
    assert guess_columns(table(id=[str(7 * i) for i in range(1, 41)], text=SENTENCES)).id == "id"
    assert guess_columns(table(id=["7"] * 40, text=SENTENCES)).id is None


def test_a_short_title_of_few_values_is_not_joined():
    assert guess_columns(table(text=SENTENCES, title=["Bug", "Praise"] * 20)).more_text == ()


def test_at_most_six_segments():
    frame = table(text=SENTENCES, **{f"s{i}": ["a", "b"] * 20 for i in range(9)})
    assert guess_columns(frame).segments == tuple(f"s{i}" for i in range(6))


def test_days_of_a_spreadsheet_are_dates_only_by_their_name():
    days = [str(44927 + i) for i in range(40)]
    assert guess_columns(table(text=SENTENCES, Created=days)).date == "Created"
    assert guess_columns(table(text=SENTENCES, amount=days)).date is None


def test_dates_are_the_last_to_be_taken_for_text():
    found = guess_columns(table(A=["1", "2", "3"], B=["2024-03-08", "2024-03-09", "03/10/2024"]))
    assert (found.text, found.date) == ("A", "B")


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
        (Columns("t", more_text=("t",)), "'t' is chosen for text and for text"),
        (Columns("t", more_labels=("x",)), "no column 'x'"),
        (Columns("t", id="l", numbers=("l",)), "'l' is chosen for id and for number"),
        (Columns("t", multi=("l",)), "Choose it as a label column too"),
    ],
)
def test_choices_that_do_not_fit(columns, says):
    with pytest.raises(BadColumns) as error:
        check_columns(table(t=["x"], l=["y"], e=[" "]), columns)
    assert says in str(error.value)


def test_one_of_several_text_columns_may_be_empty():
    check_columns(table(t=["x"], e=[" "]), Columns("e", more_text=("t",)))


def test_preview_names_every_role():
    columns = Columns("t", id="i", more_text=("u",), more_labels=("l",), multi=("l",), numbers=("n",))
    frame = table(**{name: ["x"] for name in "tuiln"})
    assert preview_roles(frame, columns)["role"].tolist() == [
        "text",
        "text",
        "id",
        "label (several in a cell)",
        "number",
    ]


def test_preview():
    frame = table(t=["x" * 80, "b", "b", ""], l=["", "", "", ""])
    preview = preview_roles(frame, Columns("t"))
    assert list(preview.columns) == ["column", "role", "example values", "share filled"]
    assert preview.iloc[0].tolist() == ["t", "text", "x" * 59 + "… · b", 0.75]
    assert preview.iloc[1].tolist() == ["l", "", "", 0.0]


@pytest.mark.parametrize(
    "name", ["Phone Number", "Telefonnummer", "customer_phone", "手机号", "Full Name", "Reported By"]
)
def test_columns_that_say_whom_or_how_to_call_name_people(name):
    assert names_people(name)


@pytest.mark.parametrize(
    "name", ["Phone", "phone_model", "Product owner team", "mobile", "Device", "country"]
)
def test_columns_of_devices_name_nobody(name):
    assert not names_people(name)
