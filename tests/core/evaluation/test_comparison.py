import numpy as np
import pytest

from core.errors import CannotTrain
from core.evaluation.comparison import compare


def by_name(found):
    return {item.measure: item for item in found.measures}


def test_flipped_rows_and_figures_by_hand(sure_of):
    truth = [0, 0, 0, 1, 1, 2]
    first = sure_of(truth, [0, 0, 1, 1, 0, 1])
    second = sure_of(truth, [0, 1, 0, 1, 1, 0])
    found = compare(first, second)
    assert found.rows == 6 and found.labels == ("a", "b", "c")
    assert (found.lost, found.won, found.moved) == ((101,), (102, 104), (105,))
    assert found.chance == 1  # one against two
    accuracy = by_name(found)["Accuracy"]
    assert (accuracy.first, accuracy.second) == (pytest.approx(3 / 6), pytest.approx(4 / 6))
    assert accuracy.change.mid == pytest.approx(1 / 6) and not accuracy.clear
    f1 = by_name(found)["Macro F1"]
    # first: a 4/6, b 2/5; second: a 4/6, b 4/5; c never found
    assert f1.change.mid == pytest.approx((4 / 5 - 2 / 5) / 3)
    assert f1.change.low <= f1.change.mid <= f1.change.high


def test_a_model_beside_itself_differs_in_nothing(random_held):
    found = compare(random_held(), random_held())
    assert all(item.change.low == item.change.high == 0 and not item.clear for item in found.measures)
    assert found.lost == found.won == found.moved == () and found.chance == 1


def test_a_much_better_model_is_better_by_more_than_chance(random_held):
    found = compare(random_held(strength=1.0), random_held(strength=3.0, seed=2))
    assert all(item.clear and item.change.low > 0 for item in found.measures)
    assert found.chance < 1e-6 and "second model is better" in found.words
    back = compare(random_held(strength=3.0, seed=2), random_held(strength=1.0))
    assert all(item.clear and item.change.high < 0 for item in back.measures)
    assert "first model is better" in back.words


def test_equal_models_are_seldom_told_apart(random_held):
    """90 % ranges: of 40 pairs of models of one strength about 4 exclude zero."""
    clear = sum(
        by_name(compare(random_held(n=150, seed=pair), random_held(n=150, seed=pair + 500), draws=300))[
            "Macro F1"
        ].clear
        for pair in range(40)
    )
    assert clear <= 9


def test_few_flips_are_never_more_than_chance(sure_of):
    truth = [0] * 20 + [1] * 20
    four = truth.copy()
    four[:4] = [1] * 4
    assert not any(item.clear for item in compare(sure_of(truth, four), sure_of(truth, truth)).measures)
    six = truth.copy()
    six[:6] = [1] * 6
    assert all(item.clear for item in compare(sure_of(truth, six), sure_of(truth, truth)).measures)


def test_rows_and_labels_that_only_one_model_has_are_left_out(sure_of):
    first = sure_of([0, 1, 2, 0], [0, 1, 2, 2], labels="abc", ids=[1, 2, 3, 4])
    second = sure_of([1, 0, 1], [1, 0, 0], labels="bad", ids=[1, 2, 4], size=3)
    found = compare(first, second)
    assert set(found.labels) == {"a", "b"} and found.rows == 3
    assert "Only the 2 labels that both know" in found.words and "of 4" in found.words
    # row 4: the first said c, of a and b it gives both 0.05, so a, which is right; the second said b
    assert found.lost == (4,) and found.won == ()


def test_a_label_corrected_since_leaves_its_row_out(sure_of):
    found = compare(sure_of([0, 1, 1], [0, 1, 1]), sure_of([0, 1, 0], [0, 1, 0]))
    assert found.rows == 2 and "Left out: 1 comment with" in found.words


def test_nothing_in_common_is_a_sentence(sure_of, random_held):
    with pytest.raises(CannotTrain, match="same split"):
        compare(sure_of([0, 1], [0, 1], ids=[1, 2]), sure_of([0, 1], [0, 1], ids=[3, 4]))
    with pytest.raises(CannotTrain, match="one kind"):
        compare(random_held(), random_held(multi=True))


def test_groups_widen_the_range(random_held):
    """Each row stands four times under one person: the difference is known no better."""
    one, two = random_held(n=60, strength=1.5), random_held(n=60, strength=2.2, seed=2)
    rows = np.repeat(np.arange(60), 4)

    def often(held):
        return type(held)(held.labels, False, np.arange(240), held.truth[rows], held.probabilities[rows])

    def width(**more):
        change = by_name(compare(often(one), often(two), **more))["Accuracy"].change
        return change.high - change.low

    assert width(groups=[f"person {row}" for row in rows]) > 1.6 * width()
    assert width(groups=[""] * 240) == width()  # nobody known: each row stands for itself


def test_several_labels_a_row(random_held):
    found = compare(random_held(multi=True, strength=1.0), random_held(multi=True, strength=3.0, seed=2))
    assert by_name(found)["Macro F1"].clear and len(found.won) > len(found.lost)
