import pandas as pd

from core.workflow.judging import slice_columns


def test_a_column_of_ones_own_is_not_lost_behind_what_is_looked_at_anyway():
    rows = pd.DataFrame(
        {
            "text": ["a b", "c"],
            "segment:channel": ["gold", "silver"],
            "segment:Plan": ["free", "team"],
            "segment:month": ["x", "y"],
            "channel": ["web", "app"],
            "language": ["en", "de"],
            "date": pd.to_datetime(["2024-01-01", "2024-02-01"]),
        }
    )
    found = {name: column.tolist() for name, column in slice_columns(rows).items()}
    assert found["channel (column)"] == ["gold", "silver"] and found["channel"] == ["web", "app"]
    assert found["month (column)"] == ["x", "y"] and found["month"] == ["2024-01", "2024-02"]
    assert found["Plan"] == ["free", "team"]
