import pytest

from core.domain import Estimate, Insights, SegmentCell, Theme, Trend, TrendPoint
from core.insights.summary import likely, sentences
from core.insights.trends import movers


def share(mid, low, high, n=1000, method="labels+EMQ"):
    return Estimate(mid, low, high, n, method)


BILLING = Theme("Billing", share(0.23, 0.21, 0.25), None, ())
LOGIN = Theme("Login", share(0.12, 0.10, 0.15), None, ())


def insights(**changes) -> Insights:
    parts = {
        "run_id": 1,
        "dataset": "D",
        "label_set": "topic",
        "rows": 1000,
        "labelled": 300,
        "first_date": "2024-01-01",
        "last_date": "2024-06-30",
        "period": "week",
        "counting": "",
        "themes": (BILLING, LOGIN),
        "trends": (),
        "segments": (),
        "quotes": (),
        "notes": (),
    }
    changes.setdefault("movers", movers(changes.get("trends", ())))
    return Insights(**{**parts, **changes})


def rising(theme, mids, half):
    points = [TrendPoint("2024-01-01", share(mid, mid - half, mid + half, 100), 100, ()) for mid in mids]
    return Trend(theme, tuple(points))


def test_largest_theme_with_its_range():
    lines = sentences(insights())
    assert lines == (
        "1,000 comments from 2024-01-01 to 2024-06-30, sorted into 2 themes by topic.",
        "Billing is the largest theme: 23% of comments (likely 21-25%).",
        "Nobody has checked these counts against random comments yet; "
        "least certain is Login: 12%, likely 10-15%.",
    )


def test_ranges_that_meet_are_too_close_to_call():
    close = Theme("Login", share(0.20, 0.18, 0.22), None, ())
    line = sentences(insights(themes=(BILLING, close)))[1]
    assert line.startswith("Billing (23%, likely 21-25%) and Login (20%, likely 18-22%) are the largest")
    assert line.endswith("too close to call.")


def test_a_rise_is_told_only_when_clear():
    clear = insights(trends=(rising("Login", [0.08, 0.1, 0.15], 0.02), rising("Billing", [0.2] * 3, 0.02)))
    assert (
        "Login rose from 8% of comments in the first third of the time to 15% in the last (likely 13-17%)."
        in (sentences(clear))
    )
    vague = insights(trends=(rising("Login", [0.08, 0.1, 0.15], 0.06), rising("Billing", [0.2] * 3, 0.02)))
    assert "No theme clearly rose or fell." in sentences(vague)


def test_marked_segment_comes_before_ratings():
    cell = SegmentCell("Plan", "pro", "Login", share(0.3, 0.25, 0.36, 200), 200, True, False, ())
    rated = (
        Theme("Billing", BILLING.share, Estimate(2.1, 1.9, 2.3, 50, "mean", "rating"), ()),
        Theme("Login", LOGIN.share, Estimate(4.0, 3.8, 4.2, 50, "mean", "rating"), ()),
    )
    marked = sentences(insights(themes=rated, segments=(cell,)))
    assert "Login comes up more where Plan is pro: 30% (likely 25-36%) against 12% overall." in marked
    assert "Billing has the lowest ratings: 2.1 on average (likely 1.9-2.3)." in sentences(
        insights(themes=rated)
    )
    assert 3 <= len(marked) <= 5


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"labelled": 1000}, "All comments were labelled by people"),
        ({"rows": 5000}, "Only the labelled comments, 300 of 5,000"),
        ({"labelled": 0}, "Nobody has checked"),
    ],
)
def test_last_line_is_the_doubt(changes, start):
    assert sentences(insights(**changes))[-1].startswith(start)


def test_narrow_ranges_keep_a_decimal():
    assert likely(share(0.052, 0.049, 0.055)) == ("5.2%", "likely 4.9-5.5%")
    assert likely(share(0.23, 0.21, 0.25)) == ("23%", "likely 21-25%")


def test_nothing_counted_says_what_to_do():
    assert sentences(insights(rows=0, themes=(), notes=("Upload a file.",))) == ("Upload a file.",)
