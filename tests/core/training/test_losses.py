import numpy as np
import pytest
import torch

from core.training.losses import Loss

LOGITS = torch.tensor([[0.0, 0.0], [np.log(3.0), 0.0]])


def test_one_label_a_row():
    # -log of 1/2 and of 3/4
    found = Loss(multi=False)(LOGITS, torch.tensor([0, 0]))
    assert found.item() == pytest.approx((np.log(2) + np.log(4 / 3)) / 2)


def test_rare_labels_weigh_more():
    # -log 1/2 with weight 1 and -log 1/4 with weight 3, over the sum of weights
    found = Loss(multi=False, weights=np.array([1.0, 3.0]))(LOGITS, torch.tensor([0, 1]))
    assert found.item() == pytest.approx((np.log(2) + 3 * np.log(4)) / 4)


def test_smoothing_spreads_a_share_over_all_labels():
    # target (.9, .1) on probabilities (3/4, 1/4)
    found = Loss(multi=False, smoothing=0.2)(LOGITS[1:], torch.tensor([0]))
    assert found.item() == pytest.approx(0.9 * np.log(4 / 3) + 0.1 * np.log(4))


def test_several_labels_a_row_are_summed_over_labels():
    truth = torch.tensor([[True, False]])
    logits = torch.tensor([[0.0, np.log(3.0)]])  # probabilities 1/2 and 3/4
    assert Loss(multi=True)(logits, truth).item() == pytest.approx(np.log(2) + np.log(4))
    weighed = Loss(multi=True, weights=np.array([2.0, 5.0]))(logits, truth)
    assert weighed.item() == pytest.approx(2 * np.log(2) + np.log(4)), "only what carries the label"
    smoothed = Loss(multi=True, smoothing=0.2)(logits[:, 1:], truth[:, 1:])
    assert smoothed.item() == pytest.approx(0.1 * np.log(4 / 3) + 0.9 * np.log(4))
