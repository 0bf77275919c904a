import numpy as np
import pytest
from scipy.stats import binomtest, hypergeom

from core.evaluation.ranges import (
    around,
    discoveries,
    even_split,
    f1_range,
    lower_tail,
    rows_in_effect,
    wilson,
)


def test_wilson_by_hand():
    low, high = wilson([8, 0, 5], [10, 0, 5])  # (0.8 + 0.1353 -+ 1.645 sqrt(.016 + .00676)) / 1.2706
    assert (low[0], high[0]) == (pytest.approx(0.541, abs=2e-3), pytest.approx(0.931, abs=2e-3))
    assert (low[1], high[1]) == (0, 1)
    assert high[2] == 1 and 0.6 < low[2] < 0.8
    exact = binomtest(8, 10).proportion_ci(0.90, "wilson")
    assert (low[0], high[0]) == (pytest.approx(exact.low), pytest.approx(exact.high))


def test_f1_range_follows_the_share_of_hits_among_all_rows_concerned():
    low, high = f1_range(6, 8, 7)  # 6 of 9 rows that carry the label or were given it
    ends = wilson(6, 9)
    assert low == pytest.approx(2 * ends[0] / (1 + ends[0]))
    assert low < 2 * 6 / 15 < high
    assert f1_range(3, 3, 3)[0] < 0.75


def test_f1_range_covers_what_it_should():
    """True precision and recall 0.8, 60 rows of a label among 300: 90 % of ranges hold F1."""
    random = np.random.default_rng(3)
    cells = random.multinomial(300, [0.16, 0.04, 0.04, 0.76], size=2000)  # TP, FN, FP, TN
    low, high = f1_range(cells[:, 0], cells[:, 0] + cells[:, 1], cells[:, 0] + cells[:, 2])
    assert 0.87 < np.mean((low <= 0.8) & (high >= 0.8)) < 0.94


def test_around_never_has_no_width():
    low, high = around(1.0, np.ones(50), 4)
    assert high == 1 and low == pytest.approx(float(wilson(4, 4)[0]))


def test_rows_in_effect_by_hand():
    assert rows_in_effect(np.array([25, 25, 25, 25])) == pytest.approx(100)
    assert rows_in_effect(np.array([90, 10, 0])) == pytest.approx(4 / (1 / 90 + 1 / 10))  # 36, not 100


@pytest.mark.parametrize("case", [(3, 10, 40, 100), (0, 5, 4, 12), (10, 10, 60, 100), (4, 6, 8, 10)])
def test_lower_tail_is_that_of_the_hypergeometric(case):
    hits, drawn, marked, total = case
    assert lower_tail(hits, drawn, marked, total) == pytest.approx(hypergeom.cdf(hits, total, marked, drawn))


def test_discoveries_by_hand():
    # at 10 % of 4 tests: .01 <= .025, .04 <= .05, .06 <= .075; .2 > .1
    assert discoveries(np.array([0.2, 0.01, 0.06, 0.04]), 0.1).tolist() == [False, True, True, True]
    assert discoveries(np.array([0.2, 0.3]), 0.1).tolist() == [False, False]
    assert discoveries(np.zeros(0), 0.1).tolist() == []


def test_even_split_is_the_two_sided_sign_test():
    assert even_split(5, 0) == pytest.approx(2 / 32)
    assert even_split(7, 2) == pytest.approx(binomtest(2, 9).pvalue)
    assert even_split(0, 0) == even_split(4, 4) == 1
