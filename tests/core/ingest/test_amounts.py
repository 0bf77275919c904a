import math

import pandas as pd
import pytest

from core.ingest.amounts import assumed_thousands, read_amounts


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["$1,234.50", "1,000", "12"], [1234.5, 1000, 12]),
        (["1.234,50 €", "2.000", "7"], [1234.5, 2000, 7]),
        (["1.5", "2.25"], [1.5, 2.25]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1,234", "5,678"], [1234, 5678]),
        (["1,234", "0,500"], [1.234, 0.5]),
        (["1.234.567", "1.000"], [1234567, 1000]),
        (["12,34,567"], [1234567]),
        (["1 234", "1\u202f234\u202f567", "CHF 1'200"], [1234, 1234567, 1200]),
        (["12k", "1.2M", "3 Mio", "2 MIO EUR"], [12e3, 1.2e6, 3e6, 2e6]),
        (["(500)", "-7", "−8", "+9"], [-500, -7, -8, 9]),
        (["USD 5,000.00", "EUR 1.50", "US$ 7"], [5000, 1.5, 7]),
        (["１２３"], [123]),
    ],
)
def test_amounts_are_read_by_what_the_column_does(cells, numbers):
    assert read_amounts(pd.Series(cells, dtype="str")).tolist() == numbers


@pytest.mark.parametrize("cell", ["", "abc", "nan", "1e400", "1.2.3,4,5", "12 apples", "5 k m", "9" * 40])
def test_what_is_no_amount_is_missing(cell):
    assert math.isnan(read_amounts(pd.Series([cell], dtype="str"))[0])


def test_a_frame_without_rows_stays_empty():
    assert read_amounts(pd.Series([], dtype="str")).tolist() == []


@pytest.mark.parametrize(
    ("cells", "assumed"),
    [
        (["7", "1.234", "5.678"], "1.234"),
        (["1,234"], ""),
        (["1.234", "1.234.567"], ""),
        (["1,234.50", "1,000"], ""),
        (["1.5", "1.234"], ""),
        (["1234"], ""),
    ],
)
def test_a_point_that_only_its_three_digits_explain_is_said(cells, assumed):
    assert assumed_thousands(pd.Series(cells, dtype="str")) == assumed
