import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from core.insights.segments import discoveries, joined_values, over_marks, segments, shrunk, upper_tail


def test_shrinking_by_hand():
    """10 of 20 rows where the overall share is .1: (10 + 20 x .1) / 40."""
    assert shrunk(np.array([10.0]), 20, np.array([0.1]), 20)[0] == pytest.approx(0.3)


def test_tail_is_the_exact_hypergeometric_one():
    rng = np.random.default_rng(0)
    total = 5000
    marked, drawn = rng.integers(1, 2000, 200), rng.integers(1, 2000, 200)
    hits = np.rint(marked * drawn / total * rng.uniform(0.5, 2, 200) + rng.integers(0, 4, 200))
    hits = np.minimum(hits, np.minimum(marked, drawn))
    found = upper_tail(hits, total, marked.astype(float), drawn.astype(float))
    above = hits > marked * drawn / total
    exact = hypergeom.sf(hits - 1, total, marked, drawn)
    assert above.sum() > 50
    assert found[above] == pytest.approx(exact[above], rel=1e-7, abs=1e-300)
    assert (found[~above] == 1).all()


def test_tail_of_the_tea_cups():
    """All 4 of 4 marked among 8 drawn 4: 1 / 70."""
    four = np.array([4.0])
    assert upper_tail(four, 8, four, four)[0] == pytest.approx(1 / 70)


def test_benjamini_hochberg_by_hand():
    """Limits .02 .04 .06 .08 .10: .055 passes the third, so .05 (over its own .04) passes too."""
    found = discoveries(np.array([0.9, 0.05, 0.01, 0.055, 0.5]), 0.10)
    assert found.tolist() == [False, True, True, True, False]
    assert not discoveries(np.array([0.2, 0.3]), 0.10).any()
    assert discoveries(np.zeros(0), 0.10).tolist() == []


def test_values_beyond_the_largest_are_joined(settings):
    column = pd.Series([f"v{i:02}" for i in range(14) for _ in range(20 - i)] + ["", None, " v00 "])
    sizes = joined_values(column, settings).value_counts()
    assert sizes["v00"] == 21
    assert sizes["other"] == 8 + 7  # the two smallest of 14
    assert sizes["(none)"] == 2
    assert len(sizes) == 14


def test_cells_by_hand(labelled_rows, settings):
    """Plan pro: 30 of 40 are a; free: 10 of 60; overall 40%."""
    given = [0] * 30 + [1] * 10 + [0] * 10 + [1] * 50
    plan = pd.Series(["pro"] * 40 + ["free"] * 60)
    cells, notes = segments(labelled_rows(given, ("a", "b")), {"Plan": plan}, settings)
    assert notes == ()
    assert [(cell.value, cell.theme) for cell in cells] == [
        ("free", "a"),
        ("free", "b"),
        ("pro", "a"),
        ("pro", "b"),
    ]
    pro = cells[2]
    assert pro.share.mid == pytest.approx((30 + 20 * 0.4) / 60)
    assert pro.share.low < 0.6 < pro.share.mid < 0.75 < pro.share.high
    assert (pro.total, pro.share.n, pro.over, pro.small) == (40, 40, True, False)
    assert pro.ids == tuple(range(1, 31))
    assert not cells[0].over
    assert sum(cell.share.mid for cell in cells[:2]) == pytest.approx(1)


def test_few_rows_are_small_and_never_marked(labelled_rows, settings):
    given = [0] * 19 + [1] * 300
    column = pd.Series(["tiny"] * 19 + ["large"] * 300)
    cells, _ = segments(labelled_rows(given, ("a", "b")), {"Plan": column}, settings)
    tiny = [cell for cell in cells if cell.value == "tiny"]
    assert all(cell.small and not cell.over for cell in tiny)
    assert not any(cell.small for cell in cells if cell.value == "large")


def test_columns_that_tell_nothing_are_named(labelled_rows, settings):
    rows = labelled_rows([0, 1] * 20, ("a", "b"))
    columns = {
        "same": pd.Series(["x"] * 40),
        "blank": pd.Series([""] * 40),
        "name": pd.Series([f"customer {i}" for i in range(40)]),
    }
    cells, notes = segments(rows, columns, settings)
    assert cells == ()
    assert [note.split()[1] for note in notes[:2]] == ["same", "blank"]
    assert "fewer than 20 rows" in notes[2]


SIZES = [(400, 200, 100, 60, 30), (100, 100, 100, 100), (2000, 1000, 500, 250, 100, 50)]


@pytest.mark.parametrize("themes", [8, 20])
@pytest.mark.parametrize("sizes", SIZES)
def test_g1_independent_tables_are_seldom_marked(settings, sizes, themes):
    rng = np.random.default_rng(0)
    marked = 0
    for _ in range(200):
        mix = rng.dirichlet(np.full(themes, 2.0))
        table = np.array([rng.multinomial(size, mix) for size in sizes], dtype=float)
        marked += over_marks(table, np.array(sizes), settings).any()
    assert marked <= 20  # 10 %


@pytest.mark.parametrize("themes", [8, 20])
@pytest.mark.parametrize("sizes", SIZES)
def test_g1_a_doubled_cell_is_found(settings, sizes, themes):
    """Base 20%, 40% in a segment value of 100 rows."""
    rng = np.random.default_rng(1)
    place, found = sizes.index(100), 0
    for _ in range(600):
        rest = rng.dirichlet(np.full(themes - 1, 2.0))
        table = np.array([rng.multinomial(size, np.r_[0.2, 0.8 * rest]) for size in sizes], dtype=float)
        table[place] = rng.multinomial(100, np.r_[0.4, 0.6 * rest])
        found += over_marks(table, np.array(sizes), settings)[place, 0]
    assert found >= 450  # 75 %
