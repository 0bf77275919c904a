from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from core.evaluation.slices import slices


@pytest.fixture
def held(sure_of):
    """100 rows of "web" of which 90 are right, 30 of "phone" with 12, 10 of "fax" with 0."""
    right = [1] * 90 + [0] * 10 + [1] * 12 + [0] * 18 + [0] * 10
    return sure_of([0] * 140, [1 - hit for hit in right], size=2)


CHANNEL = pd.Series(["web"] * 100 + ["phone"] * 30 + ["fax"] * 10)


def test_the_worst_value_is_named_and_small_ones_are_left_out(held):
    phone, web = slices(held, {"channel": CHANNEL})
    assert (phone.value, phone.worse, phone.worst) == ("phone", True, True)
    assert (phone.accuracy.mid, phone.accuracy.n) == (0.4, 30)
    assert phone.accuracy.low < 0.4 < phone.accuracy.high
    assert len(phone.ids) == 30 and phone.ids[0] == 200
    assert phone.macro_f1 == pytest.approx((2 * 12 / (30 + 12) + 0) / 2)
    assert (web.value, web.worse, web.worst) == ("web", False, False)


def test_the_test_is_exact_against_the_other_rows(sure_of):
    """Of 40 rows each: 24 and 34 right; at one test of two, p = 0.0115 <= 0.05."""
    right = [1] * 24 + [0] * 16 + [1] * 34 + [0] * 6
    held = sure_of([0] * 80, [1 - hit for hit in right], size=2)
    assert hypergeom.cdf(24, 80, 58, 40) == pytest.approx(0.0115, abs=1e-4)
    column = pd.Series(["a"] * 40 + ["b"] * 40)
    assert [item.worse for item in slices(held, {"x": column})] == [True, False]
    many = {f"column {place}": column if place == 0 else pd.Series(["c", "d"] * 40) for place in range(9)}
    assert not any(item.worse for item in slices(held, many))  # one find in 18 tests is no find


def test_missing_values_and_columns_that_tell_nothing_apart(held):
    same = pd.Series(["en"] * 140)
    thin = pd.Series(["a"] * 130 + ["b"] * 10)
    gaps = CHANNEL.where(CHANNEL == "web", None)
    assert slices(held, {"same": same, "thin": thin, "gaps": gaps}) == ()


def test_chance_alone_rarely_marks_anything(sure_of):
    random, marked = np.random.default_rng(0), 0
    for _ in range(60):
        said = (random.random(200) > 0.8).astype(int).tolist()
        column = pd.Series(random.choice(["a", "b", "c", "d"], 200))
        marked += any(item.worse for item in slices(sure_of([0] * 200, said, size=2), {"x": column}))
    assert marked <= 9  # a tenth, and some


def test_repeats_count_once(sure_of):
    held = sure_of(
        [0] * 80, [0] * 40 + [1] * 40, size=2, ids=list(range(40)) * 2, repeat=np.repeat([0, 1], 40)
    )
    found = slices(held, {"x": pd.Series((["a"] * 20 + ["b"] * 20) * 2)})
    assert [(item.accuracy.n, item.accuracy.mid) for item in found] == [(20, 1), (20, 1)]


def test_many_comments_of_one_person_are_no_proof(sure_of):
    """All 30 comments from the phone are wrong; of one person they prove nothing, of 30 people they do."""
    right = [1] * 90 + [0] * 10 + [0] * 30
    held = sure_of([0] * 130, [1 - hit for hit in right], size=2)
    columns = {"channel": pd.Series(["web"] * 100 + ["phone"] * 30)}
    many = [f"person {place // 2}" for place in range(100)]
    phone, _ = slices(held, columns, groups=[*many, *["caller"] * 30])
    assert (phone.value, phone.worse) == ("phone", False)
    assert (phone.accuracy.mid, phone.accuracy.n) == (0, 30) and phone.accuracy.high > 0.5
    phone, _ = slices(held, columns, groups=[*many, *(f"caller {place}" for place in range(30))])
    assert phone.worse and phone.accuracy.high < 0.1
    of_nobody = slices(held, columns, groups=[""] * 130)
    for one, other in zip(of_nobody, slices(held, columns), strict=True):
        assert replace(one, accuracy=replace(one.accuracy, method=other.accuracy.method)) == other
