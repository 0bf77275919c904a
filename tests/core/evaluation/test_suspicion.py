import numpy as np
import pytest

from core.evaluation.suspicion import suspects


def test_a_sure_other_answer_is_suspicious(held_of):
    """Label b is given 0.9 on its five rows, so 0.9 and 0.95 on rows labelled a are suspicious, 0.6 not."""
    a = [[0.8, 0.2]] * 5 + [[0.05, 0.95], [0.4, 0.6], [0.1, 0.9]]
    held = held_of([0] * 8 + [1] * 5, a + [[0.1, 0.9]] * 5)
    found = suspects(held)
    assert [(item.id, item.given, item.said) for item in found] == [(105, "a", "b"), (107, "a", "b")]
    assert found[0].confidence == pytest.approx(0.05) and found[0].margin == pytest.approx(0.9)
    assert len(suspects(held, most=1)) == 1


def test_a_label_with_few_rows_accuses_nobody(held_of):
    assert suspects(held_of([0] * 6 + [1] * 2, [[0.1, 0.9]] * 8)) == ()


def test_planted_mistakes_come_first(random_held):
    held = random_held(n=400, k=3, strength=4.0)
    truth = held.truth.copy()
    planted = np.arange(0, 400, 20)
    truth[planted] = np.roll(truth[planted], 1, axis=1)
    wrong = type(held)(held.labels, False, held.ids, truth, held.probabilities)
    found = {item.id for item in suspects(wrong, most=20)}
    assert len(found & set(held.ids[planted].tolist())) >= 15


def test_several_labels_may_lack_one_or_have_one_too_many(held_of):
    truth = [[1, 0]] * 6 + [[0, 0]] * 6
    chances = [[0.9, 0.1]] * 5 + [[0.05, 0.1]] + [[0.05, 0.1]] * 5 + [[0.97, 0.1]]
    found = suspects(held_of(truth, chances, multi=True))
    assert [(item.id, item.given, item.said) for item in found] == [(111, "", "a"), (105, "a", "")]
    assert found[0].margin == pytest.approx(0.97 - 0.03)


def test_repeats_are_averaged(sure_of):
    truth, said = [0] * 6 + [1] * 6, [1] + [0] * 5 + [1] * 6
    again = [0] * 6 + [1] * 6
    ids, repeat = list(range(12)) * 2, np.repeat([0, 1], 12)
    assert [item.id for item in suspects(sure_of(truth, said))] == [100]
    assert suspects(sure_of(truth * 2, said + again, ids=ids, repeat=repeat)) == ()


def test_no_rows(held_of):
    assert suspects(held_of(np.zeros((0, 2)), np.zeros((0, 2)))) == ()
