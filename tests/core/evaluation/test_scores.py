import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, roc_auc_score

from core.errors import CannotTrain
from core.evaluation.ranges import wilson
from core.evaluation.scores import macro_f1, score

CELLS = np.array([[8, 2, 0], [1, 4, 0], [0, 1, 4]])  # [true][said]


def rows_of(cells):
    truth, said = np.divmod(np.repeat(np.arange(cells.size), cells.ravel()), len(cells))
    return truth.tolist(), said.tolist()


def test_scores_worked_out_by_hand(sure_of):
    found = score("quick", sure_of([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 0]))
    assert found.accuracy == pytest.approx(3 / 6)
    a, b, c = found.per_label
    assert (a.precision, a.recall, a.support) == (pytest.approx(2 / 4), pytest.approx(2 / 3), 3)
    assert (b.precision, b.recall, b.f1) == (pytest.approx(1 / 2), pytest.approx(1 / 2), pytest.approx(1 / 2))
    assert (c.precision, c.recall, c.f1) == (0, 0, 0)
    assert found.macro_f1 == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)
    assert found.weighted_f1 == pytest.approx((3 * 4 / 7 + 2 * 1 / 2 + 0) / 6)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found.confusion == ((2, 1, 0), (1, 1, 0), (1, 0, 0))
    assert found.calibration_error == pytest.approx(0.9 - 0.5)
    assert found.n == 6 and not found.multi


def test_several_labels_a_row_worked_out_by_hand(held_of):
    truth = [[1, 1], [1, 0], [0, 0], [0, 1]]
    found = score("better", held_of(truth, [[0.9, 0.8], [0.6, 0.7], [0.2, 0.1], [0.5, 0.4]], multi=True))
    a, b = found.per_label
    assert (a.precision, a.recall) == (pytest.approx(2 / 3), 1)  # given to rows 0, 1 and, at 0.5, 3
    assert (b.precision, b.recall) == (pytest.approx(1 / 2), pytest.approx(1 / 2))
    assert found.accuracy == pytest.approx(2 / 4)  # rows 0 and 2: all right and none too many
    assert found.macro_f1 == pytest.approx((0.8 + 0.5) / 2)
    assert found.balanced_accuracy == pytest.approx(((1 + 1 / 2) / 2 + (1 / 2 + 1 / 2) / 2) / 2)
    assert found.confusion == () and found.multi


@pytest.mark.parametrize("multi", [False, True])
def test_scikit_learn_agrees(random_held, multi):
    held = random_held(multi=multi)
    found = score("x", held)
    if multi:
        truth, said = held.truth, held.decided
        assert found.accuracy == pytest.approx((truth == said).all(axis=1).mean())
    else:
        truth, said = held.classes, held.said
        assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, said))
    assert found.macro_f1 == pytest.approx(f1_score(truth, said, average="macro"))
    assert found.weighted_f1 == pytest.approx(f1_score(truth, said, average="weighted"))
    aucs = [roc_auc_score(held.truth[:, k], held.probabilities[:, k]) for k in range(4)]
    assert [label.auc for label in found.per_label] == pytest.approx(aucs)
    assert found.macro_auc == pytest.approx(np.mean(aucs))
    precise = [average_precision_score(held.truth[:, k], held.probabilities[:, k]) for k in range(4)]
    assert [label.average_precision for label in found.per_label] == pytest.approx(precise)


def test_every_range_holds_its_score_and_repeats(random_held):
    found = score("x", random_held())
    assert found == score("x", random_held())
    names = {"accuracy", "macro_f1", "weighted_f1", "balanced_accuracy", "macro_auc", "calibration_error"}
    assert set(found.ranges) == names
    for name, (low, high) in found.ranges.items():
        assert 0 <= low <= getattr(found, name) <= high <= 1 and low < high, name
    for label in found.per_label:
        for name in ("precision", "recall", "f1"):
            low, high = getattr(label, f"{name}_range")
            assert low <= getattr(label, name) <= high and low < high


def test_perfect_on_few_rows_keeps_doubt(sure_of):
    found = score("x", sure_of([0, 0, 1, 1], [0, 0, 1, 1]))
    assert found.macro_f1 == found.accuracy == found.macro_auc == 1
    for name in ("accuracy", "macro_f1", "weighted_f1", "balanced_accuracy", "macro_auc"):
        assert found.ranges[name][0] < 0.75, name
        assert found.ranges[name][1] == 1
    assert found.per_label[0].recall_range[0] < 0.5


def test_a_macro_range_rests_on_the_rows_of_the_rarest_label(sure_of):
    """996 and 4 rows, all right: macro F1 1 says little, for half of it rests on four rows."""
    truth = [0] * 996 + [1] * 4
    found = score("x", sure_of(truth, truth))
    assert found.ranges["accuracy"][0] > 0.99
    assert found.ranges["macro_f1"][0] < 0.87


def test_macro_f1_ranges_cover_the_truth(sure_of):
    """300 rows drawn from a known table, 120 times."""
    random, share = np.random.default_rng(5), CELLS / CELLS.sum()
    hits, true, said = np.diag(share), share.sum(axis=1), share.sum(axis=0)
    answer = np.mean(2 * hits / (true + said))
    inside = 0
    for _ in range(120):
        cells = random.multinomial(300, share.ravel()).reshape(3, 3)
        low, high = score("x", sure_of(*rows_of(cells), size=3), draws=200).ranges["macro_f1"]
        inside += low <= answer <= high
    assert 0.83 <= inside / 120 <= 0.97


def test_a_label_without_rows_or_answers_is_left_out_of_the_macro_figures(sure_of):
    found = score("x", sure_of([0, 0, 1], [0, 1, 1], size=3))
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3) / 2)
    c = found.per_label[2]
    assert (c.support, c.auc, c.average_precision, c.recall_range) == (0, None, None, (0, 1))
    assert found.macro_auc is not None


def test_repeats_are_averaged_and_their_rows_count_once(sure_of):
    ids, repeat = [5, 6, 7, 8, 8, 7, 6, 5], np.repeat([0, 1], 4)
    held = sure_of([0, 0, 1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 0, 1, 0, 0], ids=ids, repeat=repeat)
    found = score("x", held)
    assert found.n == 4 and [label.support for label in found.per_label] == [2, 2]
    assert found.accuracy == pytest.approx((1 + 3 / 4) / 2)
    assert found.macro_f1 == pytest.approx((1 + (4 / 5 + 2 / 3) / 2) / 2)
    assert found.per_label[1].recall == pytest.approx((1 + 1 / 2) / 2)
    assert found.confusion == ((2, 0), (0, 2))


def test_repeats_do_not_pretend_to_be_more_rows(random_held):
    held = random_held(n=120)
    three = np.tile(np.arange(120), 3)
    again = held.take(three)
    again = type(held)(
        held.labels, False, again.ids, again.truth, again.probabilities, repeat=np.repeat([0, 1, 2], 120)
    )
    one, many = score("x", held), score("x", again)
    for name, (low, high) in one.ranges.items():
        assert many.ranges[name] == (pytest.approx(low), pytest.approx(high)), name


def test_no_rows_is_a_sentence(held_of):
    with pytest.raises(CannotTrain, match="held out"):
        score("x", held_of(np.zeros((0, 2)), np.zeros((0, 2))))


def test_macro_f1_of_matrices():
    truth = np.array([[1, 0], [1, 0], [0, 1]], dtype=bool)
    said = np.array([[1, 0], [0, 1], [0, 1]], dtype=bool)
    assert macro_f1(truth, said) == pytest.approx(2 / 3)


def test_ten_thousand_rows_of_77_labels_take_under_3_cpu_seconds():
    from core.evaluation.held_out import HeldOut

    random = np.random.default_rng(0)
    truth = random.integers(0, 77, 10_000)
    probabilities = random.dirichlet(np.ones(77), 10_000)
    matrix = truth[:, None] == np.arange(77)
    labels = tuple(f"l{k}" for k in range(77))
    held = HeldOut(labels, False, np.arange(10_000), matrix, probabilities)
    start = time.process_time()
    score("x", held)
    assert time.process_time() - start < 3


def width(ends):
    return ends[1] - ends[0]


def test_the_comments_of_one_person_count_together(sure_of):
    """Ten people of ten comments, five of them all right and five all wrong: as much as ten comments tell."""
    truth, said = [0, 1] * 50, [0, 1] * 25 + [1, 0] * 25
    groups = [f"person {place // 10}" for place in range(100)]
    held = sure_of(truth, said)
    each, together = score("x", held), score("x", held, groups=groups)
    assert not each.by_person and together.by_person
    assert together.accuracy == each.accuracy == 0.5
    low, high = wilson(5, 10)
    assert together.ranges["accuracy"] == (pytest.approx(float(low)), pytest.approx(float(high)))
    low, high = wilson(50, 100)
    assert each.ranges["accuracy"] == (pytest.approx(float(low)), pytest.approx(float(high)))
    for name, ends in each.ranges.items():
        assert width(together.ranges[name]) > 1.5 * width(ends), name
    for one, other in zip(each.per_label, together.per_label, strict=True):  # five comments of each person
        low, high = wilson(25 / 5, 50 / 5)
        assert other.recall_range == (pytest.approx(float(low)), pytest.approx(float(high)))
        for name in ("precision_range", "recall_range", "f1_range"):
            assert width(getattr(other, name)) > 1.5 * width(getattr(one, name)), name


@pytest.mark.parametrize("multi", [False, True])
def test_people_of_one_comment_each_change_nothing(random_held, multi):
    held = random_held(multi=multi)
    each, together = score("x", held), score("x", held, groups=["", *map(str, range(1, 300))])
    assert replace(together, by_person=False) == each


def test_people_who_are_no_more_alike_than_others_change_little(random_held):
    each, together = (
        score("x", random_held()),
        score("x", random_held(), groups=[str(k // 3) for k in range(300)]),
    )
    for name, ends in each.ranges.items():
        assert width(together.ranges[name]) == pytest.approx(width(ends), rel=0.25), name


def test_people_are_kept_together_over_repeats(random_held):
    held, groups = random_held(n=120), [str(k // 12) for k in range(120)]
    again = held.take(np.random.default_rng(3).permutation(np.tile(np.arange(120), 2)))
    repeat = np.zeros(240, dtype=int)
    for key in np.unique(again.ids):
        repeat[np.flatnonzero(again.ids == key)[1]] = 1
    twice = replace(again, repeat=repeat)
    found = score("x", twice, groups=[groups[key - 100] for key in again.ids.tolist()])
    once = score("x", held, groups=groups)
    for name, (low, high) in once.ranges.items():
        assert found.ranges[name] == (pytest.approx(low), pytest.approx(high)), name


def test_a_hundred_thousand_rows_by_person_take_a_few_seconds():
    from core.evaluation.held_out import HeldOut

    random = np.random.default_rng(0)
    truth = random.integers(0, 77, 100_000)
    labels = tuple(f"l{k}" for k in range(77))
    matrix = truth[:, None] == np.arange(77)
    probabilities = random.random((100_000, 77)) + matrix
    held = HeldOut(
        labels, False, np.arange(100_000), matrix, probabilities / probabilities.sum(axis=1)[:, None]
    )
    start = time.process_time()
    score("x", held, groups=[f"p{k}" for k in random.integers(0, 20_000, 100_000)])
    assert time.process_time() - start < 15


@pytest.mark.parametrize("multi", [False, True])
def test_what_one_answer_to_all_finds_does_not_vary(held_of, multi):
    truth = np.arange(60) % 3
    matrix = truth[:, None] == np.arange(3)
    found = score("majority", held_of(matrix, [[0.6, 0.2, 0.2]] * 60, multi=multi))
    sure = 0.5 if multi else 1 / 3
    assert found.balanced_accuracy == pytest.approx(sure)
    assert found.ranges["balanced_accuracy"] == (found.balanced_accuracy,) * 2
    low, high = found.ranges["accuracy"]
    assert low < high
    other = score("quick", held_of(matrix, [[0.6, 0.2, 0.2]] * 60, multi=multi))
    assert other.ranges["balanced_accuracy"] != (other.balanced_accuracy,) * 2, "it answers others otherwise"
