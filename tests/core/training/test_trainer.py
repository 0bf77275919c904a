from dataclasses import replace

import numpy as np
import pytest
import torch

from core.models.classifier import Calibration, Head, Platt
from core.training import quick
from core.training.trainer import fine_tune, fine_tune_material
from tests.core.training.tuning import OPTIONS, material, numbers, parts, start_head, tune


def test_fine_tuning_learns_and_never_ends_below_quick(fresh, comments, tmp_path):
    found = tune(fresh(), comments, tmp_path)
    by_epoch = {point.epoch: point.macro_f1 for point in found.curve if point.macro_f1 is not None}
    assert set(by_epoch) == {0.0, 1.0, 2.0, 3.0}
    assert by_epoch[found.best_epoch] == found.validation_f1 > by_epoch[0.0]
    assert max(by_epoch.values()) > 0.9
    losses = [point.loss for point in found.curve if point.loss is not None]
    assert losses[-1] < losses[0]
    assert not found.stopped_early


def test_better_answers_with_calibrated_probabilities(fresh, comments, tmp_path):
    rows = material(fresh, comments)
    train, validation = numbers()
    weak = replace(quick.fit(rows, train, validation), start=Head(np.zeros((2, 32)), np.zeros(2)))
    found = fine_tune_material(rows, train, validation, weak, tmp_path)
    assert found.best_epoch > 0 and found.validation_f1 > 0.9
    assert found.validation_logits.shape == (30, 2)
    assert isinstance(found.model.calibration, Calibration) and found.model.calibration.temperature != 1
    said = found.model.probabilities(rows.texts_of(validation))
    assert np.allclose(said.sum(axis=1), 1)
    assert (said.argmax(axis=1) == rows.classes[validation]).mean() > 0.9


def test_several_labels_a_row(fresh, comments, tmp_path):
    options = replace(OPTIONS, epochs=6, body_rate=5e-3, head_rate=0.05)
    rows = material(fresh, comments, True, options)
    train, validation = numbers()
    start = quick.fit(rows, train, validation)
    weak = replace(start, start=Head(np.zeros((2, 32)), np.full(2, -3.0), multi=True))
    found = fine_tune_material(rows, train, validation, weak, tmp_path)
    assert found.best_epoch > 0 and found.model.multi
    assert isinstance(found.model.calibration, Platt)
    said = found.model.probabilities(rows.texts_of(validation)) >= 0.5
    assert (said[:, 0] == rows.truth[validation, 0]).mean() > 0.9


def test_without_validation_rows_quick_answers(fresh, comments, tmp_path):
    rows, nothing = material(fresh, comments), np.array([], dtype=int)
    start = quick.fit(rows, np.arange(80), nothing)
    found = fine_tune_material(rows, np.arange(80), nothing, start, tmp_path)
    assert (found.best_epoch, found.validation_f1, found.validation_logits.shape) == (0, None, (0, 2))
    assert found.model.head is start.final and not list(tmp_path.iterdir())


def test_two_labels_with_four_rows_each(fresh, comments, tmp_path):
    rows = material(fresh, comments)
    train, validation = np.array([0, 9, 18, 40, 49, 58]), np.array([27, 67])
    start = quick.fit(rows, train, validation)
    found = fine_tune_material(rows, train, validation, start, tmp_path)
    assert np.isfinite(found.model.probabilities(rows.texts)).all()


@pytest.mark.parametrize("more", [{"frozen_layers": 1}, {"adapter_rank": 4}])
def test_fewer_weights_still_learn_and_leave_a_plain_encoder(fresh, comments, tmp_path, more):
    encoder, plain = fresh(), fresh()
    train, validation = parts(comments)
    options = replace(OPTIONS, head_rate=0.05, epochs=4, **more)
    found = fine_tune(encoder, Head(np.zeros((2, 32)), np.zeros(2)), train, validation, options, tmp_path)
    assert found.best_epoch > 0 and found.validation_f1 > 0.8
    before, after = plain.model.state_dict(), encoder.model.state_dict()
    assert list(before) == list(after)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any("layer.1." in name for name in changed)
    assert not any("embeddings" in name for name in changed)
    if "frozen_layers" in more:
        assert not any("layer.0." in name for name in changed)
    else:
        assert changed and all("weight" in name and "LayerNorm" not in name for name in changed)


def test_copies_are_of_training_texts_alone(fresh, comments, tmp_path):
    train, validation = parts(comments)
    encoder, read, judged = fresh(), [], []
    token_ids, embed = encoder.token_ids, encoder.embed
    head = start_head(encoder, train)
    encoder.token_ids = lambda texts: read.append(list(texts)) or token_ids(texts)
    encoder.embed = lambda texts, **how: judged.append(list(texts)) or embed(texts, **how)
    fine_tune(encoder, head, train, validation, replace(OPTIONS, epochs=1, augment=0.5), tmp_path)
    learned = read[0]
    assert learned[:60] == list(train.texts) and len(learned) == 90
    assert not set(learned[60:]) & set(train.texts)
    assert all(texts == list(validation.texts) for texts in judged)
