from datetime import datetime

import pandas as pd
import pytest

from core.ingest.dates import AMBIGUOUS, EMPTY, SERIAL, UNREADABLE, parse_date, read_cells
from core.ingest.text_array import from_list


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2015-02-24 11:15:59 -0800", datetime(2015, 2, 24, 19, 15, 59)),
        ("2024-03-08T10:11:12+01:00", datetime(2024, 3, 8, 9, 11, 12)),
        ("2024-03-08T10:11:12.123456789Z", datetime(2024, 3, 8, 10, 11, 12, 123456)),
        ("2024/3/8 10:11", datetime(2024, 3, 8, 10, 11)),
        ("20240308", datetime(2024, 3, 8)),
        ("20240308T101112Z", datetime(2024, 3, 8, 10, 11, 12)),
        ("Apr 01, 2017", datetime(2017, 4, 1)),
        ("March 5, 2021 10:05 PM", datetime(2021, 3, 5, 22, 5)),
        ("March 5, 2021 at 12:05\u202fAM", datetime(2021, 3, 5, 0, 5)),
        ("01-Apr-17", datetime(2017, 4, 1)),
        ("3 März 2020", datetime(2020, 3, 3)),
        ("1er janvier 2021", datetime(2021, 1, 1)),
        ("12 de mayo de 2022", datetime(2022, 5, 12)),
        ("12 października 2021", datetime(2021, 10, 12)),
        ("5 февраля 2021 г.", datetime(2021, 2, 5)),
        ("3 Ağustos 2022", datetime(2022, 8, 3)),
        ("2023年5月6日", datetime(2023, 5, 6)),
        ("２０２３年５月６日", datetime(2023, 5, 6)),
        ("2023년 5월 6일", datetime(2023, 5, 6)),
        ("Wed Jul 26 10:03:43 PDT 2017", datetime(2017, 7, 26, 17, 3, 43)),
        ("Tue, 24 Feb 2015 11:15:59 +0000", datetime(2015, 2, 24, 11, 15, 59)),
        ("24/Feb/2015:11:15:59 +0100", datetime(2015, 2, 24, 10, 15, 59)),
        ("5 Feb 2020 10:00 XYZ", datetime(2020, 2, 5, 10)),
        ("1501088623", datetime(2017, 7, 26, 17, 3, 43)),
        ("1501088623000", datetime(2017, 7, 26, 17, 3, 43)),
        ("1501088623000000000", datetime(2017, 7, 26, 17, 3, 43)),
        ("1501088623.5", datetime(2017, 7, 26, 17, 3, 43, 500000)),
        ("24.12.2023", datetime(2023, 12, 24)),
        ("03.04.2024", datetime(2024, 4, 3)),
        ("12/24/23", datetime(2023, 12, 24)),
        ("05/05/2020", datetime(2020, 5, 5)),
    ],
)
def test_one_date(text, date):
    assert parse_date(text) == date


@pytest.mark.parametrize(
    "text",
    ["", "soon", "12", "2017", "2020-02-30", "32/01/2020", "1e400", "03/04/2020", "4.5", "44927"]
    + ["2024-01-01 25:00", "2024-01-01 10:61", "13:00 PM 2024", "5 Foo 2020", "1/1/1960", "0000-00-00"]
    + ["9" * 19, "2024-13-01", "2024-01-01 10:00 +99:00", "x" * 500 + "2024-01-01"],
)
def test_no_date_or_not_one_alone(text):
    assert parse_date(text) is None


def test_states_of_cells():
    found = read_cells(from_list(["", "  ", "soon", "03/04/2024", "44927.5"]))
    assert found.state.tolist() == [EMPTY, EMPTY, UNREADABLE, AMBIGUOUS, SERIAL]
    assert [str(pd.Timestamp(cell, unit="us")) for cell in (found.day_first[3], found.month_first[3])] == [
        "2024-04-03 00:00:00",
        "2024-03-04 00:00:00",
    ]
    assert str(pd.Timestamp(found.day_first[4], unit="us")) == "2023-01-01 12:00:00"


def test_zones_are_counted():
    found = read_cells(
        from_list(["2024-01-01 10:00Z", "2024-01-01 10:00 IST", "2024-01-01 10:00", "x +01:00"])
    )
    assert (found.zoned, found.unknown_zones) == (1, 1)


def test_votes_for_the_order():
    found = read_cells(from_list(["13/02/2024", "02/13/2024", "02/14/2024", "13.02.2024", "01/02/2024"]))
    assert (found.votes, found.dotted_sure) == ((1, 2), 1)


def test_columns_equal_pandas():
    days = pd.Series(pd.date_range("1971-01-01", "2099-12-31", freq="41h17min3s"))
    for written in ("%Y-%m-%d %H:%M:%S", "%d %b %Y %H:%M:%S", "%A, %B %d, %Y %I:%M:%S %p", "%Y%m%d%H%M%S"):
        found = read_cells(from_list(days.dt.strftime(written).tolist()))
        assert (found.day_first.view("datetime64[us]") == days.to_numpy()).all(), written
