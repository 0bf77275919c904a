import numpy as np
import pandas as pd
import pytest

from core.errors import AppError
from core.insights.build import build_insights
from core.insights.codec import from_json, to_json
from core.insights.summary import sentences

LABELS = ("a", "b", "c")


def predictions(n, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=[0.2, 0.5, 0.3])
    probabilities = rng.dirichlet([1.0, 1.0, 1.0], n) * 0.3 + 0.7 * np.eye(3)[truth]
    return truth, probabilities


def full(feedback, n, seed=0):
    """n rows with every column, and the arguments of build_insights."""
    rng = np.random.default_rng(seed)
    truth, probabilities = predictions(n, seed)
    frame = feedback(
        n,
        date=pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 180, n), unit="D"),
        rating=rng.integers(1, 6, n).astype(float),
        account=[f"account {i}" for i in rng.integers(0, max(n // 3, 1), n)],
        author=["secret author"] * n,
        channel=rng.choice(["app", "web"], n),
        language=rng.choice(["en", "de"], n),
        segment_Plan=rng.choice(["free", "pro"], n),
    )
    given = np.where(rng.random(n) < 0.1, truth, -1)
    values = {
        "given": given,
        "probabilities": probabilities,
        "balanced_accuracy": 0.9,
        "prior": np.full(3, 1 / 3),
    }
    return frame, values


def build(frame, values):
    return build_insights(1, "Sample", "topic", frame, LABELS, **values)


@pytest.mark.parametrize("n", [0, 1, 30, 3000])
def test_any_number_of_rows(feedback, n):
    found = build(*full(feedback, n))
    assert found.rows == n
    assert from_json(to_json(found)) == found
    assert sentences(found)
    assert found.counting and found.settings["seed"] == 0
    assert sorted(id for theme in found.themes for id in theme.ids) == list(range(1, n + 1))
    assert [theme.share.mid for theme in found.themes] == sorted(
        (theme.share.mid for theme in found.themes), reverse=True
    )
    if n:
        assert sum(theme.share.mid for theme in found.themes) == pytest.approx(1)


def test_every_field_is_filled(feedback):
    found = build(*full(feedback, 3000))
    assert (found.period, found.labelled > 200) == ("week", True)
    assert found.first_date == "2024-01-01"
    assert [theme.name for theme in found.themes] == ["b", "c", "a"]
    assert [trend.theme for trend in found.trends] == ["b", "c", "a"]
    assert {cell.segment for cell in found.segments} == {"Plan", "channel", "language"}
    assert all(theme.rating for theme in found.themes)
    assert 9 <= len(found.quotes) <= 15
    assert "corrected for the model's mistakes (the model is right 9 times in 10" in found.counting


def test_quotes_are_stored_rows_without_author(feedback):
    frame, values = full(feedback, 200)
    found = build(frame, values)
    texts = dict(zip(frame["id"], frame["text"], strict=True))
    assert all(quote.text == texts[quote.id] for quote in found.quotes)
    assert all("Plan: " in quote.context and "2024-" in quote.context for quote in found.quotes)
    assert "secret author" not in to_json(found)
    assert "account 1" not in to_json(found)


def test_bare_file_names_what_is_missing(feedback):
    _, probabilities = predictions(40)
    values = {
        "given": np.full(40, -1),
        "probabilities": probabilities,
        "balanced_accuracy": 0.5,
        "prior": None,
    }
    found = build(feedback(40), values)
    assert (found.period, found.trends, found.segments) == ("", (), ())
    assert [note.split(":")[0] for note in found.notes[:4]] == [
        "No dates",
        "No ratings",
        "No accounts",
        "No segments",
    ]
    assert found.counting.startswith("No comment has a label from a person; all are estimated from")


def test_without_a_model_only_labelled_rows_count(feedback):
    """2 a, 1 b labelled of 5 rows."""
    values = {
        "given": np.array([0, -1, 1, 0, -1]),
        "probabilities": None,
        "balanced_accuracy": float("nan"),
        "prior": None,
    }
    found = build(feedback(5), values)
    assert (found.rows, found.labelled) == (5, 3)
    assert [(theme.name, theme.ids) for theme in found.themes] == [("a", (1, 4)), ("b", (3,)), ("c", ())]
    assert found.themes[0].share.mid == pytest.approx(2 / 3)
    assert found.themes[0].share.n == 3
    assert found.notes[0].startswith("No trained model: only the 3 labelled of 5 comments")
    assert {quote.id for quote in found.quotes} == {1, 3, 4}


def test_no_model_and_no_label(feedback):
    values = {"given": np.full(5, -1), "probabilities": None, "balanced_accuracy": 0.0, "prior": None}
    found = build(feedback(5), values)
    assert found.themes == ()
    assert "Train a model" in sentences(found)[0]


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.91, "corrected for the model's mistakes (the model is right 9 times in 10"),
        (0.31, "without a correction for a changed mix, because the model is right 3 times in 10"),
        (float("nan"), "because how often the model is right is not known"),
    ],
)
def test_counting_is_explained(feedback, accuracy, words):
    _, probabilities = predictions(4)
    given = np.array([0, -1, -1, -1])
    values = {"given": given, "probabilities": probabilities, "balanced_accuracy": accuracy, "prior": None}
    counting = build(feedback(4), values).counting
    assert counting.startswith("Labels from people count for 1 of 4 comments, the rest is estimated")
    assert words in counting


def test_unsure_rows_are_a_note_and_still_counted(feedback):
    probabilities = np.array([[0.4, 0.3, 0.3]] * 3 + [[0.9, 0.05, 0.05]])
    values = {
        "given": np.array([-1, -1, 2, -1]),
        "probabilities": probabilities,
        "balanced_accuracy": 0.5,
        "prior": np.full(3, 1 / 3),
    }
    found = build(feedback(4), values)
    assert any(note.startswith("Unsorted: 2 of 4 comments") for note in found.notes)  # the third is labelled
    assert {theme.name: theme.ids for theme in found.themes} == {"a": (1, 2, 4), "b": (), "c": (3,)}


def test_language_is_a_segment_from_twenty_rows_of_two_languages(feedback):
    _, probabilities = predictions(60)
    values = {
        "given": np.full(60, -1),
        "probabilities": probabilities,
        "balanced_accuracy": 0.5,
        "prior": None,
    }
    few = build(feedback(60, language=["en"] * 41 + ["de"] * 19), values)
    enough = build(feedback(60, language=["en"] * 40 + ["de"] * 20), values)
    assert few.segments == ()
    assert {cell.segment for cell in enough.segments} == {"language"}


def test_what_does_not_fit_is_said(feedback):
    frame, values = full(feedback, 10)
    for name, wrong in (
        ("given", np.zeros(9, int)),
        ("given", np.full(10, 3)),
        ("probabilities", np.ones((10, 2))),
    ):
        with pytest.raises(AppError, match="do not fit"):
            build(frame, {**values, name: wrong})


def test_the_same_input_gives_the_same_bytes(feedback):
    assert to_json(build(*full(feedback, 500))) == to_json(build(*full(feedback, 500)))


def test_one_cell_of_sixty_thousand_rows_shows(feedback):
    """Nothing may be decided from a sample of the rows."""
    frame, values = full(feedback, 60_000)
    before = to_json(build(frame, values))
    row = 31_234
    changes = {
        "rating": 5.0 if frame["rating"][row] < 5 else 1.0,
        "segment:Plan": "team",
        "date": "2024-12-31",
    }
    for column, value in changes.items():
        changed = frame.copy()
        changed.loc[row, column] = pd.Timestamp(value) if column == "date" else value
        assert to_json(build(changed, values)) != before, column
    probabilities = values["probabilities"].copy()
    probabilities[row] = probabilities[row][[1, 2, 0]]
    assert to_json(build(frame, {**values, "probabilities": probabilities})) != before
