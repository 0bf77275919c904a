from dataclasses import replace

import numpy as np
import pytest
import torch

from core.domain import TrainingOptions
from core.errors import CannotTrain
from core.models.classifier import Head
from core.training import quick
from core.training.loop import Loop, Rows, learn
from core.training.optimiser import LARGEST_NORM
from core.training.trainer import fine_tune_material
from core.training.tuned import Tuned
from tests.core.training.tuning import LAST, OPTIONS, Killed, material, numbers, parts, start_head, tune

SWINGS = np.tile([-1.0, 1.0], 10) * np.sqrt(20)  # of 20 validation rows: mean 0, one standard error 1


def judged_by(monkeypatch, f1, surprise):
    """What the validation rows say, epoch by epoch from Quick on; returns what of `f1` was not asked for.
    A surprise is that of every row, or (rows,)."""
    f1, surprise = iter(f1), iter(surprise)
    monkeypatch.setattr("core.training.loop.macro_f1", lambda truth, said: next(f1))
    monkeypatch.setattr(
        "core.training.loop.surprises",
        lambda answers, truth, multi: np.broadcast_to(next(surprise), len(truth)),
    )
    return f1


def test_a_gpu_takes_as_many_rows_at_once_as_its_memory_holds(fresh, comments, tmp_path, monkeypatch):
    encoder = fresh()
    train, validation = parts(comments)
    head = start_head(encoder, train)
    monkeypatch.setattr(type(encoder.device), "on_gpu", True)
    monkeypatch.setattr(type(encoder), "tokens_at_once", lambda encoder, longest, training: 5 * longest + 1)
    loop = Loop(encoder, head, train, validation, OPTIONS, tmp_path)
    assert loop.at_once == 5 * max(map(len, loop.ids)) + 1


@pytest.mark.parametrize("averaging, times", [(0.0, 1), (0.6, 2)])
def test_what_quick_says_is_known_and_each_epoch_reads_the_validation_rows_once_with_each_of_its_weights(
    fresh, comments, tmp_path, monkeypatch, averaging, times
):
    rows = material(fresh, comments, options=replace(OPTIONS, averaging=averaging))
    train, validation = numbers()
    start = quick.fit(rows, train, validation)
    read, real = [], Loop._logits

    def logits(loop):
        read.append(real(loop))
        return read[-1]

    monkeypatch.setattr(Loop, "_logits", logits)
    found = fine_tune_material(rows, train, validation, start, tmp_path)
    assert len(read) == 3 * times, "three epochs"
    first = next(point for point in found.curve if point.epoch == 0)
    right = start.validation_logits.argmax(axis=1) == rows.classes[validation]
    assert first.accuracy == pytest.approx(right.mean())
    if found.best_epoch == 0:
        assert np.array_equal(found.validation_logits, start.validation_logits)
    else:
        of_the_best = read[times * (found.best_epoch - 1) : times * found.best_epoch]
        assert any(np.array_equal(found.validation_logits, logits) for logits in of_the_best)


def test_quick_is_kept_when_no_epoch_is_better(fresh, comments, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "core.training.loop.surprises", lambda answers, truth, multi: np.full(len(truth), 0.5)
    )
    rows = material(fresh, comments)
    train, validation = numbers()
    start = quick.fit(rows, train, validation)
    found = fine_tune_material(rows, train, validation, start, tmp_path)
    assert found.best_epoch == 0
    assert found.model.head is start.final and found.model.calibration is start.calibration
    for left, right in zip(found.model.encoder.model.parameters(), fresh().model.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize(
    ("f1", "surprise", "best"),
    [
        ([0.5, 0.7, 0.9, 0.8], [0.9, 0.5, 0.4, 0.3], 3),  # likelier, though a little fewer found
        ([0.5, 0.7, 0.4, 0.6], [0.9, 0.5, 0.1, 0.6], 2),  # the likelihood decides, not F1
        ([0.5, 0.5, 0.4, 0.6], [0.1, 0.05, 0.1, 0.6], 1),
        ([0.5, 0.5, 0.5, 0.4], [0.9, 0.1, 0.1, 0.1], 3),  # the later of equal ones
        ([0.5, 0.5, 0.4, 0.1], [0.1, 0.3, 0.2, 0.1], 0),  # Quick: none finds more or is likelier
        ([0.5, 0.5, 0.6, 0.4], [0.1, 0.4, 0.3, 0.2], 2),  # more found than by Quick
    ],
)
def test_the_likeliest_epoch_is_kept(fresh, comments, tmp_path, monkeypatch, f1, surprise, best):
    judged_by(monkeypatch, f1, surprise)
    found = tune(fresh(), comments, tmp_path, LAST)
    assert (found.best_epoch, found.validation_f1) == (best, f1[best])


@pytest.mark.parametrize(
    ("second", "third", "best"),
    [
        (0.20 + 0.02 * SWINGS, 0.9, 2),  # mean .02 worse, two standard errors are .04
        (0.20 + 0.005 * SWINGS, 0.9, 1),  # the same, two standard errors are .01
        (
            0.20 + 0.02 * SWINGS,
            0.26 + 0.02 * SWINGS,
            2,
        ),  # as good as the second, not as the first
        (0.20 + 0.02 * SWINGS, 0.21 + 0.02 * SWINGS, 3),
    ],
)
def test_a_later_epoch_is_kept_until_much_speaks_against_it(
    fresh, comments, tmp_path, monkeypatch, second, third, best
):
    judged_by(monkeypatch, f1=[0.5] * 4, surprise=[0.5, 0.18, second, third])
    assert tune(fresh(), comments, tmp_path, LAST).best_epoch == best


def test_an_encoder_learns_at_the_rate_of_its_width_where_none_is_set(fresh, comments, tmp_path):
    train, validation = parts(comments)
    for asked, rate in ((0.0, 1.5e-4), (2e-5, 2e-5)):
        encoder, options = fresh(), TrainingOptions(mode="better", epochs=1, body_rate=asked)
        loop = Loop(encoder, start_head(encoder, train), train, validation, options, tmp_path)
        assert {group["base"] for group in loop.optimiser.param_groups} == {rate, options.head_rate}
    rows = material(fresh, comments, options=TrainingOptions(mode="better", epochs=1))
    pick = numbers()
    found = fine_tune_material(rows, *pick, quick.fit(rows, *pick), tmp_path / "whole")
    assert found.facts["Learning rates"].startswith("0.00015 encoder")


def test_the_mean_answers_where_the_last_weights_are_no_numbers(fresh, comments, tmp_path, monkeypatch):
    judged_by(monkeypatch, f1=[0.5, 0.6], surprise=[0.9, np.nan, 0.3])
    found = tune(fresh(), comments, tmp_path, replace(OPTIONS, epochs=1))
    assert found.best_epoch == 1 and np.isfinite(found.head.weight).all()


@pytest.mark.parametrize("mean_surprised, mean_answers", [(0.3, True), (0.4, True), (0.5, False)])
def test_the_mean_of_the_weights_answers_unless_the_last_ones_make_the_validation_rows_likelier(
    fresh, comments, tmp_path, monkeypatch, mean_surprised, mean_answers
):
    judged_by(monkeypatch, f1=[0.5, 0.6], surprise=[0.9, 0.4, mean_surprised])  # Quick, last, mean
    train, validation = parts(comments)
    encoder = fresh()
    options = replace(OPTIONS, epochs=1)
    loop = Loop(encoder, start_head(encoder, train), train, validation, options, tmp_path)
    progress = learn(loop, lambda step, steps, curve: None, 1e9)
    last = {name: weight.detach().clone() for name, weight in loop.model.named_parameters()}
    mean = {name: weight.clone() for name, weight in loop.average.weights.items()}
    assert not torch.equal(last["head.weight"], mean["head.weight"])
    found = loop.best(progress)
    wanted = mean if mean_answers else last
    assert found.best_epoch == 1 and np.array_equal(found.head.weight, wanted["head.weight"].numpy())
    weight = encoder.model.encoder.layer[0].output.dense.weight
    assert torch.equal(weight, wanted["encoder.encoder.layer.0.output.dense.weight"])


def test_patience_stops_and_keeps_the_best_epoch(fresh, comments, tmp_path, monkeypatch):
    judged_by(monkeypatch, f1=[0.1, 0.5, 0.4, 0.5, 0.9], surprise=[0.5, 0.2, 0.3, 0.25, 0.1])
    found = tune(fresh(), comments, tmp_path, replace(LAST, epochs=4, patience=2))
    judged = [point.epoch for point in found.curve if point.macro_f1 is not None]
    assert (judged, found.best_epoch, found.stopped_early) == ([0, 1, 2, 3], 1, True)


def test_patience_counts_again_after_a_kill(fresh, comments, tmp_path, monkeypatch):
    scores = judged_by(monkeypatch, f1=[0.1, 0.5, 0.4, 0.3, 0.9], surprise=[0.5, 0.2, 0.3, 0.4, 0.1])
    options = replace(LAST, epochs=4, patience=2)

    def kill(step, steps, curve):
        if step == steps // 2 + 1:
            raise Killed

    with pytest.raises(Killed):
        tune(fresh(), comments, tmp_path, options, on_step=kill, save_seconds=-1.0)
    found = tune(fresh(), comments, tmp_path, options)
    assert (found.best_epoch, found.stopped_early) == (1, True)
    assert next(scores) == 0.9, "the fourth epoch was not begun"


def test_weights_make_the_loss_of_a_rare_label_count_more(fresh, comments, tmp_path):
    texts, truth = comments[0][:44], np.array(comments[1][:44])  # 40 of one label, 4 of the other
    train, validation = Rows(texts, truth), parts(comments)[1]
    rare_missed = Head(np.zeros((2, 32)), np.array([2.0, -2.0]))
    loss = [
        Loop(fresh(), rare_missed, train, validation, replace(OPTIONS, balance=name), tmp_path).train(
            np.arange(44), 1
        )
        for name in ("none", "weights")
    ]
    # -log P of the two labels under logits (2, -2) is log(1 + e^-4) and log(1 + e^4)
    common, rare = np.log1p(np.exp(-4)), np.log1p(np.exp(4))
    assert loss[0] == pytest.approx((40 * common + 4 * rare) / 44, rel=1e-4)
    assert loss[1] == pytest.approx((common + rare) / 2, rel=1e-4)


def test_smoothing_is_part_of_the_loss(fresh, comments, tmp_path):
    train, validation = parts(comments)
    sure = Head(np.zeros((2, 32)), np.array([2.0, -2.0]))
    options = replace(OPTIONS, label_smoothing=0.2)
    loop = Loop(fresh(), sure, train, validation, options, tmp_path)
    rows = np.flatnonzero(train.truth == 0)[:5]
    expected = 0.9 * np.log1p(np.exp(-4)) + 0.1 * np.log1p(np.exp(4))
    assert loop.train(rows, 1) == pytest.approx(expected, rel=1e-4)


def test_a_batch_too_large_for_the_memory_is_cut_in_halves(fresh, comments, tmp_path, monkeypatch):
    train, validation = parts(comments)
    options = replace(OPTIONS, batch_tokens=256)
    encoder = fresh()
    loop = Loop(encoder, start_head(encoder, train), train, validation, options, tmp_path)
    whole, sizes = Tuned.forward, []

    def small(model, rows):
        if len(rows) > 8:
            raise torch.OutOfMemoryError("too much")
        sizes.append(len(rows))
        return whole(model, rows)

    rows = np.arange(20)
    expected = Loop(fresh(), start_head(fresh(), train), train, validation, options, tmp_path)
    loss = expected.train(rows, 1)
    monkeypatch.setattr(Tuned, "forward", small)
    assert loop.train(rows, 1) == pytest.approx(loss, rel=1e-5)
    assert sizes == [5, 5, 5, 5] and loop.at_once == 5 * max(len(loop.ids[row]) for row in rows)
    for left, right in zip(loop.model.parameters(), expected.model.parameters(), strict=True):
        assert torch.allclose(left, right, atol=1e-5)


def test_long_comments_that_do_not_fit_leave_short_ones_in_large_batches(
    fresh, comments, tmp_path, monkeypatch
):
    train, validation = parts(comments)
    encoder = fresh()
    loop = Loop(encoder, start_head(encoder, train), train, validation, OPTIONS, tmp_path)
    loop.ids = [ids[:4] if row >= 4 else (ids * 4)[:16] for row, ids in enumerate(loop.ids)]
    whole, sizes = Tuned.forward, []

    def small(model, rows):
        if len(rows) * max(map(len, rows)) > 40:
            raise torch.OutOfMemoryError("too much")
        sizes.append(len(rows))
        return whole(model, rows)

    monkeypatch.setattr(Tuned, "forward", small)
    loop.train(np.arange(4), 1)
    loop.train(np.arange(4, 14), 2)
    assert sizes == [2, 2, 8, 2], "32 tokens at a time are 2 long comments or 8 short ones"


def test_memory_that_runs_out_when_the_weights_move_is_a_sentence_too(fresh, comments, tmp_path, monkeypatch):
    train, validation = parts(comments)
    encoder = fresh()
    loop = Loop(encoder, start_head(encoder, train), train, validation, OPTIONS, tmp_path)

    def never():
        raise torch.OutOfMemoryError("the moments do not fit")

    monkeypatch.setattr(loop.optimiser, "step", never)
    with pytest.raises(CannotTrain, match="too small for one comment"):
        loop.train(np.arange(6), 1)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_rare_labels_weigh_as_much_in_a_batch_that_is_cut(fresh, comments, tmp_path, smoothing):
    texts, truth = comments[0][:44], np.array(comments[1][:44])  # 40 of one label, 4 of the other
    options = replace(OPTIONS, balance="weights", label_smoothing=smoothing)
    rows = np.arange(33, 44)
    loops, losses = [], []
    for at_once in (44, 3):
        head = Head(np.zeros((2, 32)), np.array([1.0, -1.0]))
        loop = Loop(fresh(), head, Rows(texts, truth), parts(comments)[1], options, tmp_path)
        loop.at_once = at_once * max(map(len, loop.ids))
        losses.append(loop.train(rows, 1))
        loops.append(loop)
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    for whole, cut in zip(*(loop.model.parameters() for loop in loops), strict=True):
        assert torch.allclose(whole, cut, atol=1e-5)


def test_one_comment_too_large_for_the_memory_is_a_sentence(fresh, comments, tmp_path, monkeypatch):
    train, validation = parts(comments)
    encoder = fresh()
    loop = Loop(encoder, start_head(encoder, train), train, validation, OPTIONS, tmp_path)

    def never(model, rows):
        raise torch.OutOfMemoryError("too much")

    monkeypatch.setattr(Tuned, "forward", never)
    with pytest.raises(CannotTrain, match="too small for one comment"):
        loop.train(np.arange(6), 1)


@pytest.mark.parametrize(("size", "norm"), [(1e4, LARGEST_NORM), (1e-3, None)])
def test_long_gradients_are_cut_and_short_ones_stay(fresh, comments, tmp_path, size, norm):
    encoder, (train, validation) = fresh(), parts(comments)
    loop = Loop(encoder, start_head(encoder, train), train, validation, OPTIONS, tmp_path)
    learned = [weight for weight in loop.model.parameters() if weight.requires_grad]
    for number, weight in enumerate(learned):
        weight.grad = torch.full_like(weight, size * (number + 1) / sum(map(torch.numel, learned)))
    before = torch.cat([weight.grad.flatten() for weight in learned])
    loop._clip()
    after = torch.cat([weight.grad.flatten() for weight in learned])
    if norm is None:
        assert before.norm() < LARGEST_NORM and torch.equal(before, after)
    else:
        assert before.norm() > 10 * norm and after.norm().item() == pytest.approx(norm, rel=1e-3)
        assert torch.allclose(after / after.norm(), before / before.norm(), rtol=1e-3), "the same direction"


def test_a_step_moves_by_gradients_that_are_cut(fresh, comments, tmp_path, monkeypatch):
    encoder, (train, validation) = fresh(), parts(comments)
    loop = Loop(encoder, start_head(encoder, train), train, validation, OPTIONS, tmp_path)
    monkeypatch.setattr(loop, "loss", huge(loop.loss))
    norms = seen_norms(monkeypatch, loop)
    loop.train(np.arange(6), 1)
    assert norms == [pytest.approx(LARGEST_NORM, rel=1e-3)]


def huge(loss):
    return lambda *given: 1e6 * loss(*given)


def seen_norms(monkeypatch, loop):
    """Length of the gradients by which each step moves the weights."""
    norms, step = [], loop.optimiser.step

    def stepped(*given):
        grads = [weight.grad for group in loop.optimiser.param_groups for weight in group["params"]]
        norms.append(torch.nn.utils.get_total_norm([grad for grad in grads if grad is not None]).item())
        return step(*given)

    monkeypatch.setattr(loop.optimiser, "step", stepped)
    return norms


def test_every_step_is_told(fresh, comments, tmp_path):
    told = []
    found = tune(fresh(), comments, tmp_path, on_step=lambda step, steps, curve: told.append((step, steps)))
    assert told == [(step, found.steps) for step in range(1, found.steps + 1)]
