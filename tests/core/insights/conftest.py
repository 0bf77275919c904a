import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.insights.rows import CountedRows, count_rows
from core.insights.settings import InsightSettings


@pytest.fixture
def settings() -> InsightSettings:
    return InsightSettings()


@pytest.fixture
def real_data() -> Path:
    """The folder of real feedback; a machine that checks every change must have it."""
    folder = Path(__file__).resolve().parents[3] / "../shared/data"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"No real data at {folder}.")
        pytest.skip(f"No real data at {folder}.")
    return folder


@pytest.fixture
def labelled_rows(settings) -> Callable[..., CountedRows]:
    """Rows that a person labelled, ids from 1: labelled_rows([0, 1, 0], ("a", "b"))."""

    def make(given: list[int], labels: tuple[str, ...]) -> CountedRows:
        themes = np.array(given)
        return count_rows(
            labels,
            np.arange(len(themes)) + 1,
            given=themes,
            probabilities=np.eye(len(labels))[themes],
            prior=np.full(len(labels), 1 / len(labels)),
            balanced_accuracy=0.9,
            accounts=None,
            settings=settings,
        )

    return make


@pytest.fixture
def feedback() -> Callable[..., pd.DataFrame]:
    """n rows with nothing but an id and a text; keyword columns replace the empty ones."""

    def make(n: int, **columns: object) -> pd.DataFrame:
        empty = {name: [""] * n for name in ("row", "text_hash", "author", "account", "channel")}
        frame = pd.DataFrame(
            {
                "id": np.arange(n) + 1,
                "text": [f"comment number {i} says a thing or two" for i in range(n)],
                "date": pd.Series([pd.NaT] * n, dtype="datetime64[ns]"),
                "rating": np.full(n, np.nan),
                "language": ["en"] * n,
                **empty,
            }
        )
        for name, values in columns.items():
            frame[name.replace("segment_", "segment:")] = values
        return frame

    return make
