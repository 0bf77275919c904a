import time

import numpy as np
import pytest

from benchmarks.insight_counts import airline_cases, banking, banking_batches, measure
from core.errors import AppError
from core.insights.counts import adapt, adapted_counts, class_counts, probability_counts, shares, wilson

HALF = np.array([0.5, 0.5])


def mids(counted):
    return [estimate.mid for estimate in counted.estimates]


def random_case(n, k, seed=0, labelled=0.2):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(k, 0.3), n)
    truth = np.array([rng.choice(k, p=row) for row in probabilities])
    return probabilities, np.where(rng.random(n) < labelled, truth, -1), rng.dirichlet(np.full(k, 5.0))


def test_counts_of_two_rows_by_hand():
    probabilities = np.array([[0.6, 0.4], [0.1, 0.9]])
    weights = np.array([[1.0, 3.0], [1.0, 1.0]])  # two draws: each row once; the first row three times
    assert class_counts(probabilities, weights) == pytest.approx(np.array([[0.5, 0.5], [0.75, 0.25]]))
    assert probability_counts(probabilities, weights) == pytest.approx(
        np.array([[0.35, 0.65], [1.9 / 4, 2.1 / 4]])
    )


def test_emq_finds_the_mix_that_explains_the_rows():
    """70 rows at P=.8, 30 at P=.2 under a 50:50 prior: .8 p + .2 (1 - p) = .7, so p = 5/6."""
    probabilities = np.array([[0.8, 0.2]] * 70 + [[0.2, 0.8]] * 30)
    found = adapted_counts(probabilities, np.ones((100, 1)), HALF, 5000, 1e-12)
    assert found[0] == pytest.approx([5 / 6, 1 / 6], abs=1e-6)


def test_emq_with_weights_equals_repeated_rows():
    probabilities, _, prior = random_case(40, 3)
    weights = np.random.default_rng(1).integers(0, 3, (40, 2)).astype(float)
    both = adapted_counts(probabilities, weights, prior, 60, 1e-7)
    for draw in range(2):
        repeated = np.repeat(probabilities, weights[:, draw].astype(int), axis=0)
        alone = adapted_counts(repeated, np.ones((len(repeated), 1)), prior, 60, 1e-7)
        assert both[draw] == pytest.approx(alone[0], abs=1e-6)


def test_adapted_probabilities_by_hand():
    """Odds 1:1 times a mix of 3:1 over a prior of 1:1 is 3:1."""
    assert adapt(np.array([[0.5, 0.5]]), HALF, np.array([0.75, 0.25]))[0] == pytest.approx([0.75, 0.25])


def test_labels_overrule_the_model(settings):
    counted = shares(np.array([[0.0, 1.0]] * 4), np.array([0, 0, 1, 0]), HALF, 0.9, settings)
    assert mids(counted) == [0.75, 0.25]
    assert counted.method == "labels"
    assert counted.estimates[0].n == 4
    assert not counted.estimates[0].checked


def test_weak_model_counts_labels_and_mean_probability(settings):
    """One row labelled a, the other .5: (1 + .5) / 2."""
    counted = shares(np.array([[0.1, 0.9], [0.5, 0.5]]), np.array([0, -1]), HALF, 0.69, settings)
    assert mids(counted) == pytest.approx([0.75, 0.25])
    assert counted.method == "labels+PCC"


def test_good_model_corrects_the_unlabelled_part(settings):
    """100 rows of the 5/6 case and 100 labelled b: half of 5/6."""
    probabilities = np.array([[0.8, 0.2]] * 70 + [[0.2, 0.8]] * 130)
    given = np.array([-1] * 100 + [1] * 100)
    counted = shares(probabilities, given, HALF, 0.70, settings)
    assert counted.method == "labels+EMQ"
    assert mids(counted)[0] == pytest.approx(5 / 12, abs=1e-3)
    assert counted.mix == pytest.approx([5 / 6, 1 / 6], abs=2e-3)


@pytest.mark.parametrize("accuracy", [0.5, 0.9])
@pytest.mark.parametrize(("n", "k"), [(1, 2), (2, 5), (37, 4), (400, 1), (500, 30)])
def test_ranges_hold_their_middle(settings, n, k, accuracy):
    counted = shares(*random_case(n, k, seed=n), accuracy, settings)
    assert sum(mids(counted)) == pytest.approx(1, abs=1e-9)
    assert counted.rows.mean(axis=0) == pytest.approx(mids(counted), abs=1e-9)
    assert counted.draws.shape == (settings.bootstrap_draws, k)
    for estimate in counted.estimates:
        assert 0 <= estimate.low <= estimate.mid <= estimate.high <= 1


def test_range_covers_all_three_methods(settings):
    probabilities = np.array([[0.8, 0.2]] * 700 + [[0.2, 0.8]] * 300)
    estimate = shares(probabilities, np.full(1000, -1), HALF, 0.9, settings).estimates[0]
    assert estimate.low < 0.62 < 0.7 < 5 / 6 < estimate.high  # PCC .8*.7+.2*.3 = .62, CC .7, EMQ .833


def test_one_row_is_no_certainty(settings):
    """Wilson at 1 of 1: 1 / (1 + 1.645 squared)."""
    estimate = shares(np.array([[1.0, 0.0]]), np.array([0]), HALF, 0.9, settings).estimates[0]
    assert (estimate.mid, estimate.high) == (1, 1)
    assert estimate.low == pytest.approx(1 / (1 + 1.6448536**2), abs=1e-6)
    assert wilson(np.array([0.5]), 100, 0.9)[0] == pytest.approx([0.41891], abs=1e-4)


def test_labels_only_range_is_the_sampling_range(settings):
    """500 of 1,000: 1.645 x sqrt(.25 / 1000) = .026 either side; 60 draws are rough."""
    given = np.array([0, 1] * 500)
    estimate = shares(np.full((1000, 2), 0.5), given, HALF, 0.9, settings).estimates[0]
    assert estimate.mid - estimate.low == pytest.approx(0.026, abs=0.008)
    assert estimate.high - estimate.mid == pytest.approx(0.026, abs=0.008)


def test_rows_of_few_accounts_are_less_certain(settings):
    given = np.repeat([0, 1, 0, 1], 25)
    case = np.full((100, 2), 0.5), given, HALF, 0.9, settings
    alone, joined = shares(*case), shares(*case, groups=np.repeat(np.arange(4), 25))
    width = [part.estimates[0].high - part.estimates[0].low for part in (alone, joined)]
    assert width[1] > 2 * width[0]


def test_no_rows_means_anything_is_possible(settings):
    estimate = shares(np.zeros((0, 2)), np.zeros(0, int), HALF, 0.9, settings).estimates[0]
    assert (estimate.mid, estimate.low, estimate.high, estimate.n) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("probabilities", "given"),
    [
        (np.full((2, 2), 0.5), np.array([0])),
        (np.full((2, 3), 0.5), np.array([0, 1])),
        (np.full((2, 2), 0.5), np.array([0, 2])),
        (np.array([[np.nan, 0.5], [0.5, 0.5]]), np.array([0, 1])),
    ],
)
def test_what_does_not_fit_is_said(settings, probabilities, given):
    with pytest.raises(AppError, match="Run the training again"):
        shares(probabilities, given, HALF, 0.9, settings)


def test_seventy_seven_themes_stay_quick(settings):
    case = random_case(2000, 77)
    probabilities, given, prior = np.tile(case[0], (5, 1)), np.tile(case[1], 5), case[2]
    start = time.process_time()
    shares(probabilities, given, prior, 0.9, settings)
    assert time.process_time() - start < 3


def test_q1_emq_beats_counting_on_a_changed_mix(real_data):
    model = banking(real_data)
    result = measure([(model, batch) for batch in banking_batches(model, 40)])
    assert result.method == "EMQ"
    assert result.rae["rule"] <= 0.18
    assert result.rae["rule"] <= 0.6 * result.rae["CC"]
    assert abs(result.bias["rule"]) <= 0.5


def test_q3_weak_model_in_a_real_storm(real_data):
    result = measure(airline_cases(real_data, range(2)))
    assert result.method == "PCC"
    assert result.mae["rule"] <= 0.013
    assert result.coverage >= 0.88
