import numpy as np

from core.evaluation.held_out import decide


def test_decide_takes_the_likeliest_or_every_label_from_one_half():
    chances = np.array([[0.2, 0.5, 0.3], [0.5, 0.5, 0.6]])
    assert decide(chances, multi=False).tolist() == [[False, True, False], [False, False, True]]
    assert decide(chances, multi=True).tolist() == [[False, True, False], [True, True, True]]


def test_right_with_several_labels_needs_all_and_none_too_many(held_of):
    held = held_of([[1, 1], [1, 0]], [[0.9, 0.8], [0.9, 0.8]], multi=True)
    assert held.right.tolist() == [True, False]


def test_repeats_are_aligned_by_id(sure_of):
    held = sure_of([0, 1, 1, 0], [0, 1, 1, 0], ids=[9, 4, 4, 9], repeat=np.array([0, 0, 1, 1]))
    assert [part.ids.tolist() for part in held.repeats] == [[4, 9], [4, 9]]
    assert [part.classes.tolist() for part in held.repeats] == [[1, 0], [1, 0]]
    assert held.once.ids.tolist() == [4, 9]
    assert held.places.tolist() == [1, 0, 0, 1]
