import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from core.insights.ratings import mean_rating, ratings


def test_mean_and_t_range_by_hand(settings):
    """1 2 3 4 5: mean 3, squares 10 + 2 x 2 (overall variance 2) over 6 = 7/3; error sqrt(7/15)."""
    found = mean_rating(np.array([1.0, 2, 3, 4, 5]), 2.0, (0, 10), settings)
    half = t.ppf(0.95, 4) * np.sqrt(7 / 15)
    assert (found.mid, found.low, found.high) == pytest.approx((3, 3 - half, 3 + half))
    assert (found.n, found.unit) == (5, "rating")


def test_equal_ratings_are_no_certainty_and_stay_on_the_scale(settings):
    found = mean_rating(np.full(5, 5.0), 1.5, (1, 5), settings)
    assert found.low < 5 == found.mid == found.high


def test_rating_of_each_theme(labelled_rows, settings):
    """a: five rated rows, mean 2; b: four rated rows, too few."""
    rows = labelled_rows([0] * 6 + [1] * 5, ("a", "b"))
    rating = pd.Series([1, 1, 2, 3, 3, np.nan, 5, 5, 5, 5, np.nan])
    first, second = ratings(rows, rating, settings)
    assert (first.mid, first.n) == (2, 5)
    assert second is None


def test_no_ratings_at_all(labelled_rows, settings):
    assert ratings(labelled_rows([0, 1], ("a", "b")), pd.Series([np.nan, np.nan]), settings) == [None, None]
