import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from core.domain import BILSTM, TrainingOptions
from core.errors import CannotTrain, Paused
from core.models.bilstm import Network
from core.models.classifier import Calibration, Platt
from core.models.device import Device
from core.training import bilstm_fit, modes
from core.training.bilstm_fit import fit_bilstm
from core.training.losses import Loss
from core.training.material import Material
from core.training.modes import Tools

WORDS = ("crash broken error", "please add wish", "love great nice")


def material(rows=120, multi=False, **options):
    rng = np.random.default_rng(0)
    classes = np.arange(rows) % 3
    truth = np.eye(3, dtype=bool)[classes]
    if multi:
        truth |= np.eye(3, dtype=bool)[(classes + 1) % 3] & (rng.random((rows, 1)) < 0.4)
    texts = [
        " ".join(rng.choice(WORDS[k].split()) for k in np.flatnonzero(row)) + " the app" for row in truth
    ]
    return Material(
        texts, truth, ("bug", "wish", "praise"), multi, TrainingOptions(batch_tokens=128, **options)
    )


def parts(rows=120):
    numbers = np.arange(rows)
    return numbers[numbers % 5 != 0], numbers[numbers % 5 == 0]


@pytest.fixture
def fitted(tmp_path):
    """Fits in a folder of its own, unless one is named."""
    torch.set_num_threads(1)
    numbers = iter(range(100))

    def fitted(of, *more, **options):
        where = more or parts()
        options.setdefault("folder", tmp_path / f"fit-{next(numbers)}")
        return fit_bilstm(of, *where, **options)

    return fitted


@pytest.mark.parametrize("multi", [False, True])
def test_it_learns_words_and_is_calibrated(multi, fitted):
    seen = []
    found = fitted(material(multi=multi), *parts(), lambda *step: seen.append(step))
    model = found.model
    assert model.probabilities(["crash", "nice app", "please"]).argmax(axis=1).tolist() == [0, 2, 1]
    assert isinstance(model.calibration, Platt if multi else Calibration)
    assert [step for step, _, _ in seen] == list(range(1, len(seen) + 1)) and found.steps == len(seen)
    assert found.curve[-1].macro_f1 > 0.9 and not model.network.training
    texts = material(multi=multi).texts_of(parts()[1])
    # Some processors round the same sums otherwise in batches of another shape.
    assert np.allclose(found.validation_logits, model.logits(texts), atol=1e-5)


def test_the_same_seed_gives_the_same_weights_and_leaves_the_state_of_torch(fitted):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one = fitted(material(epochs=1)).model
    assert torch.rand(1) == expected
    two, other = fitted(material(epochs=1)).model, fitted(material(epochs=1, seed=1)).model
    assert np.array_equal(one.logits(["crash"]), two.logits(["crash"]))
    assert not np.array_equal(one.logits(["crash"]), other.logits(["crash"]))


def test_it_learns_and_answers_where_it_is_told_to(monkeypatch, tmp_path):
    tools, told = Tools(tmp_path, device=Device("cpu:0", False, "test")), []
    monkeypatch.setattr(Network, "to", lambda self, name: told.append(name) or self)
    modes.fit(BILSTM, material(epochs=1), *parts(), tools)
    modes.fit(BILSTM, material(epochs=1), *parts(), Tools(tmp_path))
    assert told == ["cpu:0", "cpu"]


def test_uploaded_vectors_set_the_width(tmp_path, fitted):
    path = tmp_path / "vectors.txt"
    path.write_text("crash 1 0 0\nlove 0 1 0\nelsewhere 0 0 1\n")
    found = fitted(material(epochs=1), vectors_path=path)
    assert found.model.network.embedding.weight.shape == (len(found.model.words) + 2, 3)
    assert found.from_file == 2 and fitted(material(epochs=1)).from_file is None


@pytest.fixture
def lengths(fitted, monkeypatch):
    """Of the gradients that move the weights, step by step, when the loss is so many times itself."""
    real, step = Loss.__call__, torch.optim.AdamW.step

    def lengths(times):
        found = []

        def stepped(optimiser, *given):
            weights = [weight for group in optimiser.param_groups for weight in group["params"]]
            found.append(torch.nn.utils.get_total_norm([weight.grad for weight in weights]).item())
            return step(optimiser, *given)

        monkeypatch.setattr(Loss, "__call__", lambda *given: times * real(*given))
        monkeypatch.setattr(torch.optim.AdamW, "step", stepped)
        fitted(material(epochs=1))
        return found

    return lengths


def test_long_gradients_are_cut(lengths):
    found = lengths(1e6)
    assert found and found == pytest.approx([bilstm_fit.CLIP] * len(found), rel=1e-3)


def test_short_gradients_stay(lengths, monkeypatch):
    found = lengths(1e-3)
    assert found and max(found) < 1
    monkeypatch.setattr(bilstm_fit, "CLIP", float("inf"))
    assert lengths(1e-3) == found


def test_what_is_raised_while_it_reports_stops_it(fitted):
    class Stop(Exception):
        pass

    def stop(*step):
        raise Stop

    with pytest.raises(Stop):
        fitted(material(), *parts(), stop)


def test_it_works_without_validation_rows_but_not_without_rows(fitted):
    none = np.array([], dtype=int)
    found = fitted(material(rows=8, epochs=1), np.arange(8), none)
    assert found.model.calibration == Calibration(1.0, (0.0,) * 3)
    assert found.best_epoch == 1.0 and found.validation_logits.shape == (0, 3)
    with pytest.raises(CannotTrain, match="learn from"):
        fitted(material(rows=8), none, none)


# ---- when it ends -------------------------------------------------------------------------


def epochs_done(found):
    return found.curve[-1].epoch


@pytest.fixture
def never_better(monkeypatch):
    monkeypatch.setattr(bilstm_fit, "macro_f1", lambda truth, said: 0.5)


def test_without_patience_every_epoch_is_done(never_better, fitted):
    found = fitted(material(rows=20, epochs=5), *parts(20))
    assert epochs_done(found) == 5 and not found.stopped_early
    assert found.best_epoch == round(1 / 6, 2)


def test_patience_counts_epochs_without_a_better_score(never_better, fitted):
    found = fitted(material(rows=20, epochs=5, patience=2), *parts(20))
    assert epochs_done(found) == 2 + 1 / 6 and found.stopped_early


# ---- killed and paused --------------------------------------------------------------------


def weights(found):
    return [weight.tolist() for weight in found.model.network.state_dict().values()]


def assert_equal(found, whole):
    assert weights(found) == weights(whole)
    assert found.curve == whole.curve and found.best_epoch == whole.best_epoch
    assert np.array_equal(found.validation_logits, whole.validation_logits)
    assert found.model.calibration == whole.model.calibration


def stopping(at, error):
    def on_step(step, steps, curve):
        if step == at:
            raise error("stopped")

    return on_step


@pytest.mark.parametrize(
    "more", [{}, {"balance": "sampling", "label_smoothing": 0.1}, {"patience": 1}], ids=str
)
def test_a_pause_keeps_the_very_step(more, fitted, tmp_path):
    of, folder = material(epochs=2, **more), tmp_path / "paused"
    whole = fitted(of)
    a_pass = int(whole.curve[0].step)
    for stop in (2, a_pass, a_pass + 1, whole.steps):  # also where a pass is not judged yet
        with pytest.raises(Paused):
            fitted(of, *parts(), stopping(stop, Paused), folder=folder)
        assert int(sorted(folder.glob("state-*"))[-1].name.split("-")[1]) == stop
    steps = []
    found = fitted(of, *parts(), lambda step, *_: steps.append(step), folder=folder)
    assert steps == [], "every step was done before the last pause"
    assert_equal(found, whole)


def test_another_error_loses_what_came_after_the_last_save(fitted, tmp_path):
    of, folder = material(epochs=1), tmp_path / "stopped"
    with pytest.raises(RuntimeError):
        fitted(of, *parts(), stopping(9, RuntimeError), folder=folder)
    assert not folder.exists(), "less than save_seconds went by"
    with pytest.raises(RuntimeError):
        fitted(of, *parts(), stopping(9, RuntimeError), folder=folder, save_seconds=-1.0)
    steps = []
    found = fitted(of, *parts(), lambda step, *_: steps.append(step), folder=folder)
    assert steps[0] == 10
    assert_equal(found, fitted(of))


def test_a_damaged_newest_state_is_passed_over_for_the_one_before(fitted, tmp_path):
    of, folder, steps = material(epochs=1), tmp_path / "stopped", []
    with pytest.raises(RuntimeError):
        fitted(of, *parts(), stopping(9, RuntimeError), folder=folder, save_seconds=-1.0)
    newest = sorted(folder.glob("state-*"))[-1] / "moments.safetensors"
    newest.write_bytes(newest.read_bytes()[:-5])
    found = fitted(of, *parts(), lambda step, *_: steps.append(step), folder=folder)
    assert steps[0] == 9
    assert_equal(found, fitted(of))


def test_states_that_are_all_damaged_do_not_outlive_those_that_follow(fitted, tmp_path):
    of, folder, steps = material(epochs=1), tmp_path / "stopped", []
    with pytest.raises(RuntimeError):
        fitted(of, *parts(), stopping(9, RuntimeError), folder=folder, save_seconds=-1.0)
    for state in folder.glob("state-*"):
        moments = state / "moments.safetensors"
        moments.write_bytes(moments.read_bytes()[:-5])
    with pytest.raises(Paused):
        fitted(of, *parts(), stopping(3, Paused), folder=folder, save_seconds=-1.0)
    found = fitted(of, *parts(), lambda step, *_: steps.append(step), folder=folder)
    assert steps[0] == 4
    assert_equal(found, fitted(of))


def test_killed_at_random_moments(tmp_path):
    """A process that is killed while it learns and saves, three times, ends as one that never was."""
    script = Path(__file__).parent / "killed_bilstm.py"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(script.parents[3])}
    command = [sys.executable, str(script), str(tmp_path), "3", "31", "64"]  # file operations
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    *killed, last = said["killed"]
    assert killed == [[-signal.SIGKILL, ""]] * 3
    assert last == said["whole"] and last[0] == 0 and last[1]
