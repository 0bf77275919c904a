import numpy as np
import pandas as pd
import pytest

from core.errors import AppError
from core.insights.build import OVERLAP, build_insights
from core.insights.codec import from_json, to_json
from core.insights.counts import bootstrap_weights
from core.insights.several import adapt_one, adapted_share, condensed, label_shares
from core.insights.summary import sentences


def counted(probabilities, settings, *, prior, accuracy, given=None, labelled=None):
    probabilities = np.array(probabilities, dtype=float)
    n, k = probabilities.shape
    given = np.zeros((n, k), dtype=bool) if given is None else np.array(given, dtype=bool)
    labelled = np.zeros(n, dtype=bool) if labelled is None else np.array(labelled)
    return label_shares(probabilities, given, labelled, np.array(prior), np.array(accuracy), settings)


def test_one_step_of_em_by_hand(settings):
    """prior 0.2, share 0.5: 0.5 becomes (0.5 x 2.5) / (0.5 x 2.5 + 0.5 x 0.625) = 0.8."""
    assert adapt_one(np.array([0.5]), 0.2, 0.5, settings)[0] == pytest.approx(0.8)


def test_em_finds_its_fixed_point(settings):
    """One half of the rows at odds 4, one half at 1/4, prior 1/2: the share is 1/2; with three in four
    at odds 4 the share s solves s = .75 x 4s/(1 + 3s) + .25 x s/(4 - 3s), which is s = 11/12."""
    even, more = np.array([0.8, 0.2] * 50), np.array([0.8, 0.8, 0.8, 0.2] * 25)
    many = type(settings)(label_em_steps=2000)
    assert adapted_share(even, np.ones((100, 1)), 0.5, many)[0] == pytest.approx(0.5)
    assert adapted_share(more, np.ones((100, 1)), 0.5, many)[0] == pytest.approx(11 / 12, abs=1e-4)


def test_a_weak_theme_keeps_its_probabilities_beside_a_strong_one(settings):
    found = counted([[0.8, 0.8]] * 3 + [[0.2, 0.2]], settings, prior=[0.5, 0.5], accuracy=[0.9, 0.69])
    assert [estimate.method for estimate in found.estimates] == ["EMQ", "PCC"]
    assert found.estimates[1].mid == pytest.approx(0.65)  # (3 x 0.8 + 0.2) / 4
    assert found.estimates[0].mid > 0.85  # towards 11/12
    assert found.estimates[0].low <= 0.65 <= found.estimates[0].high


def test_labels_count_as_given_and_shares_pass_one(settings):
    """Two labelled rows (both themes; the second alone) and two that the model gives 0.5 and 1.0."""
    found = counted(
        [[0.0, 0.0], [0.9, 0.9], [0.5, 1.0], [0.5, 1.0]],
        settings,
        prior=[0.5, 0.5],
        accuracy=[0.6, 0.6],
        given=[[1, 1], [0, 1], [0, 0], [0, 0]],
        labelled=[True, True, False, False],
    )
    assert [estimate.mid for estimate in found.estimates] == pytest.approx([0.5, 1.0])  # (1+0+.5+.5)/4
    assert found.method == "labels+PCC"


def test_many_rows_are_condensed_without_moving_the_share(settings):
    rng = np.random.default_rng(0)
    probabilities, weights = rng.beta(0.5, 1.0, 20_000), rng.poisson(1.0, (20_000, 5)).astype(float)
    points, summed = condensed(probabilities, weights, settings)
    assert len(points) <= 1024
    assert summed.sum(axis=0) == pytest.approx(weights.sum(axis=0))
    whole = adapted_share(probabilities, weights, 0.2, settings)
    assert adapted_share(points, summed, 0.2, settings) == pytest.approx(whole, abs=1e-4)


def test_no_rows_and_bad_shapes(settings):
    none = counted(np.zeros((0, 2)), settings, prior=[0.5, 0.5], accuracy=[0.9, 0.9])
    assert [(e.low, e.high) for e in none.estimates] == [(0.0, 1.0)] * 2
    with pytest.raises(AppError):
        counted([[0.5, 0.5]], settings, prior=[0.5], accuracy=[0.9, 0.9])
    with pytest.raises(AppError):
        counted([[np.nan, 0.5]], settings, prior=[0.5, 0.5], accuracy=[0.9, 0.9])


def test_the_range_spans_the_draws_of_each_method(settings):
    rng = np.random.default_rng(3)
    said = rng.beta(0.6, 0.9, (200, 1))
    drawn = bootstrap_weights(200, settings.bootstrap_draws, settings.seed, 0, None)
    found = counted(said, settings, prior=[0.1], accuracy=[0.9]).estimates[0]
    each = {
        "CC": drawn.T @ (said[:, 0] >= 0.5) / 200,
        "PCC": drawn.T @ said[:, 0] / 200,
        "EM": adapted_share(said[:, 0], drawn, 0.1, settings),
    }
    ends = {name: np.quantile(draws, [0.05, 0.95]) for name, draws in each.items()}
    assert found.low == pytest.approx(min(low for low, _ in ends.values()))
    assert found.high == pytest.approx(max(high for _, high in ends.values()))
    assert ends["EM"][1] > max(ends["CC"][1], ends["PCC"][1])  # the one that reaches furthest here


def test_ranges_hold_the_truth_when_the_mix_changes(settings):
    """Training shares .2 and .4, the batch's other; calibrated at the training shares, d' = 2."""
    inside = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = rng.random((400, 2)) < rng.uniform(0.05, 0.6, 2)
        scores = rng.normal(np.where(truth, 2.0, 0.0))
        prior = np.array([0.2, 0.4])
        odds = np.exp(2.0 * scores - 2.0) * prior / (1 - prior)
        found = counted(odds / (1 + odds), settings, prior=prior, accuracy=[0.84, 0.84])
        real = truth.mean(axis=0)
        inside += [e.low <= value <= e.high for e, value in zip(found.estimates, real, strict=True)]
    assert np.mean(inside) >= 0.88


@pytest.fixture
def rows(feedback):
    """Six rows: 1 and 2 labelled (a+b; b), 3 both, 4 a, 5 and 6 neither by the model."""
    frame = feedback(
        6,
        rating=[5.0, 4.0, 3.0, 2.0, 1.0, 1.0],
        date=pd.Timestamp("2024-01-01") + pd.to_timedelta(range(6), unit="D"),
    )
    given = np.array([[1, 1], [0, 1], [0, 0], [0, 0], [0, 0], [0, 0]], dtype=bool)
    said = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.7], [0.8, 0.1], [0.2, 0.1], [0.3, 0.4]]
    return frame, {
        "given": given,
        "labelled": given.any(axis=1),
        "probabilities": np.array(said),
        "balanced_accuracy": np.array([0.6, 0.6]),
        "prior": np.array([0.4, 0.4]),
        "multi": True,
    }


def test_a_row_is_evidence_of_each_theme_it_carries(rows):
    frame, values = rows
    found = build_insights(1, "Sample", "topics", frame, ("a", "b"), **values)
    themes = {theme.name: theme for theme in found.themes}
    assert (themes["a"].ids, themes["b"].ids) == ((1, 3, 4), (1, 2, 3))
    assert themes["a"].share.mid == pytest.approx((1 + 0 + 0.9 + 0.8 + 0.2 + 0.3) / 6)
    assert themes["b"].share.mid == pytest.approx((1 + 1 + 0.7 + 0.1 + 0.1 + 0.4) / 6)
    assert found.labelled == 2
    assert {(quote.id, quote.theme) for quote in found.quotes} == {
        (1, "a"), (3, "a"), (4, "a"), (1, "b"), (2, "b"), (3, "b")
    }  # fmt: skip
    assert {q.id: q.probability for q in found.quotes if q.theme == "b"} == {1: 1.0, 2: 1.0, 3: 0.7}


def test_the_words_say_that_shares_overlap_and_rows_without_theme(rows):
    frame, values = rows
    found = build_insights(1, "Sample", "topics", frame, ("a", "b"), **values)
    assert found.counting.endswith(OVERLAP)
    assert any(note.startswith("Unsorted: 2 of 6 comments carry none") for note in found.notes)
    assert "each with any number of 2 themes by topics" in sentences(found)[0]
    assert from_json(to_json(found)) == found


def test_without_a_model_only_the_labelled_rows_count(rows):
    frame, values = rows
    found = build_insights(
        1, "Sample", "topics", frame, ("a", "b"), **values | {"probabilities": None, "prior": None}
    )
    assert [(theme.name, theme.share.mid, theme.share.n) for theme in found.themes] == [
        ("b", 1.0, 2), ("a", 0.5, 2)
    ]  # fmt: skip


def test_trends_and_segments_of_several_labels(feedback):
    """In the app every row carries both themes, on the web only b; a rises in the last third."""
    n = 1800
    late = np.arange(n) >= 1200
    app = np.arange(n) % 2 == 0
    carries_a = np.where(late, np.arange(n) % 10 < 8, app & (np.arange(n) % 10 < 4))
    said = np.stack([np.where(carries_a, 0.97, 0.03), np.full(n, 0.9)], axis=1)
    frame = feedback(
        n,
        date=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n) // 10, unit="D"),
        segment_Where=np.where(app, "app", "web"),
    )
    empty = np.zeros((n, 2), dtype=bool)
    found = build_insights(
        1, "S", "t", frame, ("a", "b"), given=empty, probabilities=said,
        balanced_accuracy=np.array([0.95, 0.6]), prior=np.array([0.3, 0.9]), multi=True,
    )  # fmt: skip
    mover = found.movers[0]
    assert (mover.theme, mover.clear, mover.change.mid > 0.4) == ("a", True, True)
    cells = {(cell.value, cell.theme): cell for cell in found.segments}
    assert len(cells["app", "b"].ids) == 900
    assert len(cells["app", "a"].ids) == int((app & carries_a).sum())
    assert not cells["app", "b"].over
    points = next(trend for trend in found.trends if trend.theme == "b").points
    assert sum(len(point.ids) for point in points) == n
