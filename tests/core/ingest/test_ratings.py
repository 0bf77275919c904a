import pandas as pd
import pytest

from core.ingest.ratings import Rating, ScaleEvidence, parse_rating, parse_scale, read_ratings


def read(*cells, name="rating", answer=None):
    column = pd.Series(cells, dtype="str")
    evidence = ScaleEvidence(name)
    evidence.add(column)
    reading = evidence.reading(answer)
    return reading, read_ratings(column, reading)


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("4", Rating(4)),
        ("4,5", Rating(4.5)),
        ("4/5", Rating(4, 5)),
        ("5 out of 5", Rating(5, 5)),
        ("4 von 5", Rating(4, 5)),
        ("★★★★", Rating(4, 5)),
        ("★★★☆☆", Rating(3, 5)),
        ("⭐⭐", Rating(2, 5)),
        ("4 stars", Rating(4)),
        ("3 Sterne", Rating(3)),
        ("five", Rating(5)),
        ("80%", Rating(80, 100)),
        ("-1", Rating(-1)),
        ("☆☆☆☆☆", Rating(0, 5)),
    ],
)
def test_one_rating(text, rating):
    assert parse_rating(text) == rating


@pytest.mark.parametrize("text", ["", "good", "1e400", "inf", "nan", "4 of the best stars I know"])
def test_no_rating(text):
    assert parse_rating(text) is None


@pytest.mark.parametrize(
    ("cells", "scale"),
    [
        (["0", "1", "0.5"], (0, 1)),
        (["-0.3", "0.9"], (-1, 1)),
        (["1", "3", "5"], (1, 5)),
        (["2", "4"], (1, 5)),
        (["0", "5"], (0, 5)),
        (["1", "7"], (1, 7)),
        (["1", "10"], (1, 10)),
        (["0", "9"], (0, 10)),
        (["3", "88"], (0, 100)),
        (["-40", "88"], (-100, 100)),
        (["4/5", "2/5"], (1, 5)),
        (["0/5", "2/5"], (0, 5)),
        (["★", "★★★"], (1, 5)),
        (["80%", "35%"], (0, 100)),
        (["4", "4"], None),
        (["3", "888"], None),
        (["", "x"], None),
    ],
)
def test_scale(cells, scale):
    assert read(*cells)[0].scale == scale


def test_recommendation_goes_from_zero_to_ten():
    assert read("7", "10", name="NPS score")[0].scale == (0, 10)


def test_a_typing_error_does_not_stretch_the_scale():
    reading, ratings = read(*["1", "5"] * 50, "55")
    assert reading.scale == (1, 5)
    assert ratings.off_scale.tolist() == [False] * 100 + [True]
    assert ratings.values.isna().tolist() == [False] * 100 + [True]


def test_an_answer_decides():
    reading, ratings = read("1", "5", "9", answer="1-5")
    assert (reading.scale, reading.warnings) == ((1, 5), ())
    assert ratings.values.fillna(-9).tolist() == [1, 5, -9]


def test_ratings_of_another_scale_are_left_out():
    reading, ratings = read("5/5", "4/5", "1/5", "4/10")
    assert reading.scale == (1, 5)
    assert ratings.off_scale.tolist() == [False, False, False, True]


def test_unreadable_cells_are_counted_and_empty_ones_are_not():
    _, ratings = read("5", "", "great", "1")
    assert ratings.unreadable.tolist() == [False, False, True, False]
    assert ratings.values.fillna(-1).tolist() == [5, -1, -1, 1]


@pytest.mark.parametrize(
    ("answer", "scale"),
    [("1-5", (1, 5)), ("-1..1", (-1, 1)), ("0 to 10", (0, 10)), ("5-1", None), ("all", None)],
)
def test_scales_as_answers(answer, scale):
    assert parse_scale(answer) == scale
