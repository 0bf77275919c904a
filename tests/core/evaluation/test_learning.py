import numpy as np
import pytest

from core.domain import Estimate, LearningPoint
from core.evaluation.learning import curve, fitted, sentence, sizes_of, spread

TRUTH = np.repeat([0, 1, 2], [600, 300, 100])
ROWS = np.arange(1000)


def law(size):
    return 0.9 - 1.5 * size**-0.5


def point(labels, mid, doubt=0.005):
    return LearningPoint(labels, Estimate(mid, mid - 1.645 * doubt, mid + 1.645 * doubt, labels, ""))


def test_a_known_curve_is_measured_and_goes_on():
    *measured, ahead = curve(lambda rows: law(len(rows)), TRUTH, ROWS)
    assert [one.labels for one in measured] == [100, 200, 350, 600, 1000]
    assert [one.macro_f1.mid for one in measured] == pytest.approx([law(one.labels) for one in measured])
    assert ahead.forecast and ahead.labels == 1200
    assert ahead.macro_f1.mid == pytest.approx(law(1200), abs=0.002)
    assert ahead.macro_f1.low <= law(1200) <= ahead.macro_f1.high


def test_parts_are_nested_and_keep_the_shares_of_the_labels():
    seen = []
    curve(lambda rows: seen.append(rows) or 0.5, TRUTH, ROWS, sizes=(30, 100, 400), repeats=2)
    for smaller, larger in ((seen[0], seen[1]), (seen[1], seen[2]), (seen[3], seen[4])):
        assert set(smaller) < set(larger)
    assert set(seen[0]) != set(seen[3])
    for rows in seen:
        assert np.bincount(TRUTH[rows]) / len(rows) == pytest.approx([0.6, 0.3, 0.1], abs=0.06)


def test_every_label_is_there_from_the_smallest_size_on():
    truth = np.repeat(np.arange(40), 25)
    order = spread(truth, np.arange(1000), seed=4)
    assert set(truth[order[:40]]) == set(range(40))


def test_rows_with_several_labels_count_for_the_rarest():
    truth = np.zeros((100, 2), dtype=bool)
    truth[:, 0] = True
    truth[:10, 1] = True
    order = spread(truth, np.arange(100), seed=0)
    assert truth[order[:20], 1].sum() == pytest.approx(2, abs=1)


def test_sizes():
    assert sizes_of(1000, 3) == (100, 200, 350, 600, 1000)
    assert sizes_of(20, 5) == (10, 12, 20)
    assert sizes_of(6, 5) == (6,)


def test_all_rows_are_learned_from_once():
    calls = []
    curve(lambda rows: calls.append(len(rows)) or 0.5, TRUTH, ROWS, sizes=(100, 1000), repeats=3)
    assert sorted(calls) == [100, 100, 100, 1000]


def test_a_flat_or_short_curve_has_no_forecast():
    flat = curve(lambda rows: 0.7, TRUTH, ROWS)
    assert not any(one.forecast for one in flat) and "nothing can be said" in sentence(flat)
    falling = curve(lambda rows: 0.9 - len(rows) / 5000, TRUTH, ROWS)
    assert not any(one.forecast for one in falling)
    two = curve(lambda rows: law(len(rows)), TRUTH, ROWS, sizes=(100, 1000))
    assert not any(one.forecast for one in two)
    noise = np.random.default_rng(0)
    noisy = curve(lambda rows: 0.7 + 0.1 * noise.normal(), TRUTH, ROWS)
    assert not any(one.forecast for one in noisy)


def test_a_forecast_never_falls_or_passes_one():
    points = curve(lambda rows: min(1.0, 0.5 + len(rows) / 1800), TRUTH, ROWS, more=100_000)
    last, ahead = points[-2:]
    assert last.macro_f1.mid <= ahead.macro_f1.mid <= ahead.macro_f1.high <= 1
    found = fitted(points)
    assert (np.diff([found.at(size) for size in (100, 1000, 10_000)], axis=0) >= 0).all()


def test_forecast_ranges_hold_what_comes():
    """Curves measured with noise 0.01; in at least 8 of 10 the range holds the score at 200 more."""
    inside = 0
    for number in range(40):
        noise = np.random.default_rng(number)
        made = [point(size, law(size) + 0.01 * noise.normal(), 0.01) for size in (100, 200, 350, 600, 1000)]
        gains = fitted(made, seed=number).at(1200)
        low, high = np.quantile(gains[1:], [0.05, 0.95])
        inside += low <= law(1200) <= high
    assert inside >= 32


def test_the_sentence_names_the_numbers():
    points = curve(lambda rows: law(len(rows)), TRUTH, ROWS)
    assert "200 more labels" in sentence(points) and "0.85" in sentence(points)
    assert "not measured" in sentence(())


def test_a_forecast_that_rounds_to_nothing_is_said_to_bring_hardly_anything():
    points = (
        LearningPoint(700, Estimate(0.741, 0.733, 0.749, 700, "")),
        LearningPoint(900, Estimate(0.744, 0.734, 0.752, 700, ""), True),
    )
    assert sentence(points).startswith(
        "200 more labels would bring hardly anything: macro F1 stays at about 0.74"
    )
