import numpy as np
import pytest
import torch

from core.domain import TrainingOptions
from core.training import trainer
from core.training.quick import fit_head
from core.training.trainer import Rows, fine_tune
from core.training.vocabulary import CompactEmbedding

OPTIONS = TrainingOptions(mode="better", epochs=3, body_rate=2e-3, batch_tokens=64)


class Killed(Exception):
    pass


def parts(comments):
    texts, truth = comments
    pick = np.random.default_rng(0).permutation(len(texts))
    chosen = [
        Rows([texts[i] for i in rows], np.array([truth[i] for i in rows])) for rows in (pick[:60], pick[60:])
    ]
    return chosen


def start_head(encoder, rows):
    return fit_head(encoder.embed(rows.texts), rows.truth, 2, 0.01)


def tune(encoder, comments, folder, on_step=lambda step, steps, curve: None, save_seconds=30.0):
    torch.set_num_threads(1)
    train, validation = parts(comments)
    head = start_head(encoder, train)
    return fine_tune(encoder, head, train, validation, OPTIONS, folder, on_step, save_seconds)


def test_fine_tuning_learns_and_never_ends_below_quick(tiny_encoder, comments, tmp_path):
    found = tune(tiny_encoder, comments, tmp_path)
    by_epoch = {point.epoch: point.macro_f1 for point in found.curve if point.macro_f1 is not None}
    assert set(by_epoch) == {0.0, 1.0, 2.0, 3.0}
    assert by_epoch[found.best_epoch] == max(by_epoch.values())
    assert max(by_epoch.values()) > 0.9
    losses = [point.loss for point in found.curve if point.loss is not None]
    assert losses[-1] < losses[0]


def test_quick_is_kept_when_no_epoch_is_better(tiny_encoder, comments, tmp_path, monkeypatch):
    before = tiny_encoder.embed(comments[0])
    monkeypatch.setattr(trainer, "macro_f1", lambda truth, predicted, labels: 0.5)
    found = tune(tiny_encoder, comments, tmp_path)
    assert found.best_epoch == 0
    assert np.allclose(tiny_encoder.embed(comments[0]), before, atol=1e-6)


def test_a_killed_training_goes_on_to_the_same_weights(encoder_folder, comments, tmp_path):
    from core.models.device import Device
    from core.models.encoder import load_encoder

    def fresh():
        return load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, ""), 16)

    whole_encoder = fresh()
    whole = tune(whole_encoder, comments, tmp_path / "whole")
    steps_seen = []

    def kill_at(limit):
        def on_step(step, steps, curve):
            steps_seen.append(step)
            if step == limit:
                raise Killed

        return on_step

    for limit in (4, 9):
        with pytest.raises(Killed):
            tune(fresh(), comments, tmp_path / "killed", kill_at(limit), save_seconds=-1.0)
    last = fresh()
    resumed = tune(last, comments, tmp_path / "killed", kill_at(-1), save_seconds=-1.0)
    assert steps_seen == sorted(set(steps_seen)), "no step is done twice"
    assert np.array_equal(resumed.head.weight, whole.head.weight)
    for left, right in zip(last.model.parameters(), whole_encoder.model.parameters(), strict=True):
        assert torch.equal(left, right)
    assert resumed.curve == whole.curve


def test_a_training_killed_at_any_step_judges_every_epoch(encoder_folder, comments, tmp_path):
    """A state saved at the last step of an epoch, before its judging, would skip it."""
    from core.models.device import Device
    from core.models.encoder import load_encoder

    def kill(step, steps, curve):
        if step == limit:
            raise Killed

    def fresh():
        return load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, ""), 16)

    limit = -1
    whole = tune(fresh(), comments, tmp_path / "whole")
    an_epoch = max(point.step for point in whole.curve) // 3
    for step in (an_epoch, 2 * an_epoch, 3 * an_epoch):
        folder, limit = tmp_path / str(step), step
        with pytest.raises(Killed):
            tune(fresh(), comments, folder, kill, save_seconds=-1.0)
        limit = -1
        assert tune(fresh(), comments, folder, kill, save_seconds=-1.0).curve == whole.curve


def test_a_state_without_its_best_epoch_leaves_the_model_as_it_is(tiny_encoder, comments, tmp_path):
    def stop(step, steps, curve):
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        tune(tiny_encoder, comments, tmp_path, stop, save_seconds=-1.0)
    (tmp_path / "best-0.safetensors").unlink()
    model = trainer.Tuned(tiny_encoder, start_head(tiny_encoder, parts(comments)[0]))
    before = [weight.clone() for weight in model.parameters()]
    assert trainer.resume.load(tmp_path, model, trainer._optimiser(model, OPTIONS)) is None
    for left, right in zip(before, model.parameters(), strict=True):
        assert torch.equal(left, right)


def test_a_damaged_state_is_passed_over_for_the_one_before(tiny_encoder, comments, tmp_path):
    def stop(step, steps, curve):
        if step == 5:
            raise Killed

    with pytest.raises(Killed):
        tune(tiny_encoder, comments, tmp_path, stop, save_seconds=-1.0)
    newest = sorted(tmp_path.glob("state-*"))[-1] / "weights.safetensors"
    data = bytearray(newest.read_bytes())
    data[-5] ^= 1
    newest.write_bytes(bytes(data))
    model = trainer.Tuned(tiny_encoder, start_head(tiny_encoder, parts(comments)[0]))
    optimiser = trainer._optimiser(model, OPTIONS)
    assert trainer.resume.load(tmp_path, model, optimiser).step == 4


def test_the_compact_vocabulary_looks_up_the_same_rows_and_puts_trained_ones_back():
    full = torch.nn.Embedding(10, 4)
    compact = CompactEmbedding(full, [1, 5, 7])
    ids = torch.tensor([[5, 1], [7, 7]])
    assert torch.equal(compact(ids), full(ids))
    with torch.no_grad():
        compact.weight[1] += 1.0  # the row of id 5
    table = compact.expand().weight
    assert torch.equal(table[5], full.weight[5] + 1.0)
    assert torch.equal(table[[0, 1, 2, 9]], full.weight[[0, 1, 2, 9]])
