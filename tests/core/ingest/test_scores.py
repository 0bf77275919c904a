import pandas as pd
import pytest

from core.ingest.scores import NumberEvidence, read_numbers


def read(*cells, chunks=1):
    column = pd.Series(cells, dtype="str")
    evidence = NumberEvidence()
    evidence.add(column)
    step = -(-len(column) // chunks)
    parts = [
        read_numbers(column.iloc[i : i + step].reset_index(drop=True), evidence.reading())
        for i in range(0, len(column), step)
    ]
    values = pd.concat([part.values for part in parts]).fillna(-99).tolist()
    return values, sum(int(part.unreadable.sum()) for part in parts)


@pytest.mark.parametrize(
    ("cells", "values", "unreadable"),
    [
        (["1", "-2.5", "", " 3 "], [1, -2.5, -99, 3], 0),
        (["4,5", "3"], [4.5, 3], 0),
        (["1.234,50", "2.000"], [1234.5, 2000], 0),
        (["1,234.50", "2"], [1234.5, 2], 0),
        (["soon", "1e400", "nan", "inf"], [-99] * 4, 4),
        (["$1,200.50"], [1200.5], 0),
    ],
)
def test_numbers(cells, values, unreadable):
    assert read(*cells) == (values, unreadable)


def test_a_comma_means_the_same_in_every_chunk():
    assert read("2.000", "1.234,50", chunks=2)[0] == [2000, 1234.5]
