import numpy as np
import pandas as pd
import pytest

from core.domain import Estimate, Trend, TrendPoint
from core.insights.rows import count_rows
from core.insights.trends import choose_period, movers, period_starts, trends


def days(start: str, count: int, per_day: int) -> pd.Series:
    return pd.Series(np.repeat(pd.date_range(start, periods=count), per_day))


@pytest.mark.parametrize(
    ("dates", "period"),
    [
        (days("2024-01-01", 60, 3), "week"),  # 21 a week
        (days("2024-01-01", 150, 2), "month"),  # 14 a week, 60 a month
        (days("2024-01-01", 9, 20), "day"),
        (days("2024-01-01", 9, 19), ""),
        (days("2024-01-01", 10, 50), ""),  # too long for days, too short for weeks
        (days("2024-01-01", 20, 50), ""),
        (days("2024-01-01", 21, 50), "week"),
        (days("2024-01-01", 2, 50), ""),  # two points are no trend
        (days("2024-01-01", 30, 1), ""),  # months, and only one
        (pd.Series(pd.date_range("2020-01-01", periods=40, freq="30D")), ""),  # one a month
    ],
)
def test_period_fits_the_rows(dates, period):
    found, note = choose_period(dates)
    assert found == period
    assert bool(note) == (period == "")


def test_period_says_why_not():
    assert "With" not in choose_period(days("2024-01-01", 5, 1))[1]
    assert "cover 5 days" in choose_period(days("2024-01-01", 5, 1))[1]
    assert choose_period(pd.Series([pd.NaT, pd.NaT]))[0] == ""
    assert "No dates" in choose_period(pd.Series([], dtype="datetime64[ns]"))[1]
    some = pd.concat([days("2024-01-01", 60, 3), pd.Series([pd.NaT] * 4)])
    assert choose_period(some) == ("week", "4 comments have no date and are left out of the trends.")


def test_one_mistyped_year_does_not_hide_the_trend():
    dates = pd.concat([pd.Series([pd.Timestamp("1970-01-01")]), days("2024-01-01", 60, 3)])
    assert choose_period(dates)[0] == "week"


def test_starts_of_periods():
    dates = pd.Series(pd.to_datetime(["2024-02-29 13:00", "2024-03-03 00:00", "2024-03-04 00:00", None]))
    weeks = ["2024-02-26", "2024-02-26", "2024-03-04"]  # Thursday, Sunday, Monday
    assert [str(day) for day in period_starts(dates, "week")[:3]] == weeks
    assert np.isnat(period_starts(dates, "week")[3])
    assert [str(day) for day in period_starts(dates, "month")[:2]] == ["2024-02-01", "2024-03-01"]
    assert str(period_starts(dates, "day")[0]) == "2024-02-29"


def test_points_of_labelled_weeks(labelled_rows, settings):
    """Week 1: 6 of 8 are a; week 2: 2 of 8; the 3 rows of the cut-off week 3 are left out."""
    given = [0] * 6 + [1] * 2 + [0] * 2 + [1] * 6 + [0] * 3
    dates = pd.Series(pd.to_datetime(["2024-01-01"] * 8 + ["2024-01-08"] * 8 + ["2024-01-15"] * 3))
    first, second = trends(labelled_rows(given, ("a", "b")), dates, "week", settings)
    assert (first.theme, second.theme) == ("a", "b")
    assert [point.start for point in first.points] == ["2024-01-01", "2024-01-08"]
    assert [point.share.mid for point in first.points] == [0.75, 0.25]
    assert [point.total for point in first.points] == [8, 8]
    assert first.points[0].ids == (1, 2, 3, 4, 5, 6)
    assert second.points[1].ids == tuple(range(11, 17))
    assert first.points[0].share.low < 0.75 < first.points[0].share.high


def test_rows_without_a_date_are_in_no_period(labelled_rows, settings):
    dates = pd.Series(pd.to_datetime(["2024-01-01"] * 6 + [None] * 4))
    (trend,) = trends(labelled_rows([0] * 10, ("a",)), dates, "week", settings)
    assert [point.total for point in trend.points] == [6]
    assert trends(labelled_rows([0] * 10, ("a",)), dates, "", settings) == ()


def test_periods_average_to_the_share_of_the_run(settings):
    """With PCC the row-weighted mean of the periods is the share of the run."""
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([0.5, 0.5, 0.5], 300)
    rows = count_rows(
        ("a", "b", "c"),
        np.arange(300),
        given=np.full(300, -1),
        probabilities=probabilities,
        prior=np.array([0.5, 0.3, 0.2]),
        balanced_accuracy=0.5,
        accounts=None,
        settings=settings,
    )
    found = trends(rows, days("2024-01-01", 60, 5), "week", settings)
    for trend, estimate in zip(found, rows.shares.estimates, strict=True):
        mean = sum(point.share.mid * point.total for point in trend.points) / 300
        assert mean == pytest.approx(estimate.mid)


def flat(mids: list[float], half: float, total: int = 100) -> Trend:
    points = [
        TrendPoint(f"2024-01-{i + 1:02}", Estimate(mid, mid - half, mid + half, total, "EMQ"), total, ())
        for i, mid in enumerate(mids)
    ]
    return Trend("a", tuple(points))


def test_mover_by_hand():
    """Thirds .10 and .20, each point +-.02: half of the change .02 x sqrt(2 x 2 / 4) = .02."""
    (mover,) = movers((flat([0.1, 0.1, 0.15, 0.15, 0.2, 0.2], 0.02),))
    assert (mover.before.mid, mover.after.mid) == pytest.approx((0.1, 0.2))
    assert (mover.change.mid, mover.change.low, mover.change.high) == pytest.approx((0.1, 0.08, 0.12))
    assert mover.clear
    assert mover.change.n == 400


def test_scatter_inside_the_thirds_widens_the_range():
    calm = movers((flat([0.10, 0.10, 0.1, 0.1, 0.15, 0.15], 0.01),))[0]
    wild = movers((flat([0.05, 0.15, 0.1, 0.1, 0.20, 0.10], 0.01),))[0]
    assert calm.clear
    assert not wild.clear
    assert wild.change.mid == pytest.approx(calm.change.mid)


def test_few_rows_and_two_points_move_nothing():
    assert not movers((flat([0.1, 0.1, 0.9], 0.01, total=19),))[0].clear
    assert movers((flat([0.1, 0.1, 0.9], 0.01, total=20),))[0].clear
    assert movers((flat([0.1, 0.9], 0.01),)) == ()


def test_flat_themes_are_seldom_called_movers(labelled_rows, settings):
    """10 themes, 12 weeks of 40 rows, no change: any mark in at most 2 of 20 sets."""
    rng = np.random.default_rng(0)
    labels = tuple(f"theme {k}" for k in range(10))
    dates = pd.Series(np.repeat(pd.date_range("2024-01-01", periods=12, freq="7D"), 40))
    marked = 0
    for _ in range(20):
        rows = labelled_rows(rng.choice(10, 480, p=rng.dirichlet(np.full(10, 2.0))), labels)
        marked += any(mover.clear for mover in movers(trends(rows, dates, "week", settings)))
    assert marked <= 2


def test_a_doubled_theme_is_found(labelled_rows, settings):
    """From 15% to 30% after 6 of 12 weeks of 100 rows: found in at least 8 of 10 sets."""
    rng = np.random.default_rng(0)
    dates = pd.Series(np.repeat(pd.date_range("2024-01-01", periods=12, freq="7D"), 100))
    found = 0
    for _ in range(10):
        given = np.r_[rng.random(600) < 0.15, rng.random(600) < 0.30].astype(int)
        best = movers(trends(labelled_rows(given, ("rest", "grows")), dates, "week", settings))
        found += any(mover.clear and mover.theme == "grows" and mover.change.mid > 0 for mover in best)
    assert found >= 8
