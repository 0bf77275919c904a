from datetime import datetime

import pandas as pd
import pytest

from core.ingest.dates import parse_date, read_dates


def read(*cells):
    return read_dates(pd.Series(cells, dtype="str"))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2015-02-24 11:15:59 -0800", datetime(2015, 2, 24, 11, 15, 59)),
        ("2024-03-08T10:11:12+01:00", datetime(2024, 3, 8, 10, 11, 12)),
        ("2024/3/8 10:11", datetime(2024, 3, 8, 10, 11)),
        ("20240308", datetime(2024, 3, 8)),
        ("Apr 01, 2017", datetime(2017, 4, 1)),
        ("March 5, 2021 10:05 PM", datetime(2021, 3, 5, 22, 5)),
        ("01-Apr-17", datetime(2017, 4, 1)),
        ("3 März 2020", datetime(2020, 3, 3)),
        ("1er janvier 2021", datetime(2021, 1, 1)),
        ("12 de mayo de 2022", datetime(2022, 5, 12)),
        ("2023年5月6日", datetime(2023, 5, 6)),
        ("Wed Jul 26 10:03:43 PDT 2017", datetime(2017, 7, 26, 10, 3, 43)),
        ("Tue, 24 Feb 2015 11:15:59 +0000", datetime(2015, 2, 24, 11, 15, 59)),
        ("1501088623", datetime(2017, 7, 26, 17, 3, 43)),
        ("1501088623000", datetime(2017, 7, 26, 17, 3, 43)),
        ("24.12.2023", datetime(2023, 12, 24)),
        ("12/24/23", datetime(2023, 12, 24)),
        ("05/05/2020", datetime(2020, 5, 5)),
    ],
)
def test_one_date(text, date):
    assert parse_date(text) == date


@pytest.mark.parametrize(
    "text", ["", "soon", "12", "2017", "2020-02-30", "32/01/2020", "1e400", "03/04/2020", "4.5"]
)
def test_no_date_or_not_one_alone(text):
    assert parse_date(text) is None


def test_one_unambiguous_cell_decides_the_order_of_the_column():
    dates = read("01/02/2024", "13/02/2024")
    assert dates.values.tolist() == [pd.Timestamp(2024, 2, 1), pd.Timestamp(2024, 2, 13)]
    assert dates.warnings == ()
    assert read("01/02/2024", "02/13/2024").values[0] == pd.Timestamp(2024, 1, 2)


def test_ambiguous_cell_follows_the_other_dates_and_says_so():
    dates = read("2024-03-08", "2024-03-09", "03/10/2024", "2024-03-11")
    assert dates.values[2] == pd.Timestamp(2024, 3, 10)
    assert "Month before day" in dates.warnings[0]
    assert "'03/10/2024' was read as 10 March 2024" in dates.warnings[0]


def test_ambiguous_column_is_read_as_the_shorter_time():
    dates = read("01/02/2024", "03/02/2024", "08/02/2024")
    assert dates.values.dt.month.tolist() == [2, 2, 2]
    assert "Day before month" in dates.warnings[0]


def test_unreadable_cells_are_counted_and_empty_ones_are_not():
    dates = read("2024-03-08", "soon", "", "  ")
    assert dates.unreadable == 1
    assert dates.values.isna().tolist() == [False, True, True, True]
    assert str(dates.values.dtype) == "datetime64[us]"


def test_no_rows():
    assert len(read().values) == 0
