from core.domain import Estimate, Mover, SegmentCell, Theme, Trend, TrendPoint
from core.reports import findings


def theme(name, low, mid, high):
    return Theme(name, Estimate(mid, low, high, 100, "m"), None, ())


def trend(name, *ranges):
    points = (TrendPoint(f"2024-01-0{day}", Estimate(*r, 10, "m"), 10, ()) for day, r in enumerate(ranges, 1))
    return Trend(name, tuple(points))


def test_a_clear_leader_is_named_with_its_range():
    words = findings.themes([theme("b", 0.05, 0.1, 0.15), theme("a", 0.18, 0.2, 0.22)])
    assert words == "“a” is 20% of feedback (likely 18% to 22%), more than any other theme"


def test_overlapping_leaders_are_not_ordered():
    assert "too close to call" in findings.themes([theme("a", 0.1, 0.2, 0.3), theme("b", 0.1, 0.19, 0.3)])


def mover(name, before, after, clear):
    ends = [Estimate(mid, mid, mid, 10, "m") for mid in (before, after, after - before)]
    return Mover(name, *ends, clear)


def test_only_a_clear_move_is_a_finding():
    trends = [trend("v", (0.1, 0.05, 0.3), (0.25, 0.1, 0.5))]
    vague, clear = mover("v", 0.1, 0.4, False), mover("c", 0.3, 0.1, True)
    assert findings.trend(trends, [vague], "week") == "No theme clearly rose or fell over 2 weeks"
    assert findings.trend(trends, [vague, clear], "week") == (
        "“c” fell from 30% in the first third of 2 weeks to 10% in the last"
    )


def test_segment_without_a_mark_claims_no_difference():
    cell = SegmentCell("Plan", "Pro", "a", Estimate(0.4, 0.3, 0.5, 9, "m"), 50, False, False, ())
    assert findings.segment("Plan", [cell], {"a": 0.1}) == "No clear difference between the values of Plan"


def test_small_cells_make_no_headline():
    cell = SegmentCell("Plan", "Pro", "a", Estimate(0.4, 0.3, 0.5, 9, "m"), 5, True, True, ())
    assert "No clear difference" in findings.segment("Plan", [cell], {"a": 0.1})
