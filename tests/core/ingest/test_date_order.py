import csv

import pandas as pd
import pytest

from core.ingest.date_order import OrderEvidence, read_dates


def read(*cells, answer=None, chunks=1):
    column = pd.Series(cells, dtype="str")
    evidence = OrderEvidence("d")
    step = max(1, -(-len(column) // chunks))
    for start in range(0, len(column), step):
        evidence.add(column.iloc[start : start + step])
    reading = evidence.reading(answer)
    return reading, read_dates(column, reading)


def test_one_unambiguous_cell_decides_the_order_of_the_column():
    reading, dates = read("01/02/2024", "13/02/2024")
    assert dates.values.tolist() == [pd.Timestamp(2024, 2, 1), pd.Timestamp(2024, 2, 13)]
    assert (reading.warnings, reading.question) == ((), None)
    assert read("01/02/2024", "02/13/2024")[1].values[0] == pd.Timestamp(2024, 1, 2)


@pytest.mark.parametrize("chunks", [1, 2, 5])
def test_ambiguous_cell_follows_the_other_dates_and_says_so(chunks):
    cells = ("2024-03-08", "2024-03-09", "03/10/2024", "2024-03-11", "2024-03-12")
    reading, dates = read(*cells, chunks=chunks)
    assert dates.values[2] == pd.Timestamp(2024, 3, 10)
    assert "Month before day was assumed" in reading.warnings[0]
    assert "'03/10/2024' was read as 10 March 2024" in reading.warnings[0]


def test_all_dates_of_the_file_of_mixed_formats_are_read(data):
    with open(data / "nasty_csv" / "duckdb__mixed_dates.csv", newline="") as file:
        cells = [row["B"] for row in csv.DictReader(file)]
    reading, dates = read(*cells)
    assert dates.values.dt.strftime("%m-%d").tolist() == ["03-08", "03-09", "03-10", "03-11", "03-12"]
    assert reading.question is None


@pytest.mark.parametrize("chunks", [1, 3])
def test_dates_that_never_go_backwards_tell_the_order(chunks):
    cells = ["05/03/2024", "06/03/2024", "02/04/2024", "03/05/2024", "04/06/2024"]
    reading, dates = read(*cells, chunks=chunks)
    assert dates.values.is_monotonic_increasing
    assert "Day before month was assumed, because its dates then never go backwards" in reading.warnings[0]
    assert read(*cells[::-1])[1].values.is_monotonic_decreasing


def test_what_nothing_tells_is_asked_with_both_readings():
    reading, dates = read("01/02/2024", "08/02/2024", "03/02/2024")
    question = reading.question
    assert question.key == "dates:d"
    assert [answer.value for answer in question.answers] == ["day", "month"]  # the shorter time first
    assert question.answers[1].rows[:2] == (("d", "read as"), ("01/02/2024", "2 January 2024"))
    assert dates.values.dt.month.tolist() == [2, 2, 2]
    answered, dates = read("01/02/2024", "08/02/2024", answer="month")
    assert answered.question is None
    assert dates.values.dt.month.tolist() == [1, 8]


def test_both_orders_in_one_column_are_asked_about():
    reading, _ = read("13/02/2024", "14/02/2024", "02/13/2024", "03/04/2024")
    assert reading.question.answers[0].value == "day"
    assert "others with the month first" in reading.question.words


def test_points_mean_day_first_with_a_warning():
    reading, dates = read("03.04.2024")
    assert dates.values[0] == pd.Timestamp(2024, 4, 3)
    assert reading.question is None and "written with points" in reading.warnings[0]
    assert read("03.04.2024", "13.04.2024")[0].warnings == ()


def test_spreadsheet_days_count_only_when_the_column_is_made_of_them():
    reading, dates = read("44927", "44928.25", "")
    assert dates.values.tolist()[:2] == [pd.Timestamp(2023, 1, 1), pd.Timestamp(2023, 1, 2, 6)]
    assert "days of a spreadsheet: 2" in reading.warnings[0]
    _, dates = read("44927", "2024-01-01", "2024-01-02")
    assert dates.unreadable.tolist() == [True, False, False]


def test_zones_become_utc_and_are_told():
    reading, dates = read("2024-03-08T10:00:00+02:00", "2024-03-08 10:00", "2024-03-08 10:00 IST")
    assert dates.values.dt.hour.tolist() == [8, 10, 10]
    assert [warning.rpartition(": ")[2] for warning in reading.warnings] == ["1.", "1.", "1."]


def test_unreadable_cells_are_counted_and_empty_ones_are_not():
    _, dates = read("2024-03-08", "soon", "", "  ")
    assert dates.unreadable.tolist() == [False, True, False, False]
    assert dates.values.isna().tolist() == [False, True, True, True]
    assert str(dates.values.dtype) == "datetime64[us]"


def test_years_of_two_digits_are_taken_to_stand_last_and_that_is_said():
    reading, dates = read("17-04-01", "18-04-01")
    assert dates.values[0] == pd.Timestamp(2001, 4, 17)
    assert "taken to end with it: 2." in reading.warnings[0]
    assert read("17-04-01", "18-04-99")[0].warnings == ()


def test_no_rows():
    reading, dates = read()
    assert (len(dates.values), reading.warnings) == (0, ())
