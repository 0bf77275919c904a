from pathlib import Path

import numpy as np
import pytest
import torch

from core.domain import BILSTM, TrainingOptions
from core.errors import CannotTrain
from core.models.bilstm import Network
from core.models.classifier import Calibration, Platt
from core.models.device import Device
from core.training import modes
from core.training.bilstm_fit import fit_bilstm
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


@pytest.mark.parametrize("multi", [False, True])
def test_it_learns_words_and_is_calibrated(multi):
    seen = []
    found = fit_bilstm(material(multi=multi), *parts(), lambda *step: seen.append(step))
    assert found.probabilities(["crash", "nice app", "please"]).argmax(axis=1).tolist() == [0, 2, 1]
    assert isinstance(found.calibration, Platt if multi else Calibration)
    assert [step for step, _, _ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1][2][-1].macro_f1 > 0.9 and not found.network.training


def test_the_same_seed_gives_the_same_weights_and_leaves_the_state_of_torch():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one = fit_bilstm(material(epochs=1), *parts())
    assert torch.rand(1) == expected
    two, other = fit_bilstm(material(epochs=1), *parts()), fit_bilstm(material(epochs=1, seed=1), *parts())
    assert np.array_equal(one.logits(["crash"]), two.logits(["crash"]))
    assert not np.array_equal(one.logits(["crash"]), other.logits(["crash"]))


def test_it_learns_and_answers_where_it_is_told_to(monkeypatch):
    tools, told = Tools(Path("unused"), device=Device("cpu:0", False, "test")), []
    monkeypatch.setattr(Network, "to", lambda self, name: told.append(name) or self)
    modes.fit(BILSTM, material(epochs=1), *parts(), tools)
    modes.fit(BILSTM, material(epochs=1), *parts(), Tools(Path("unused")))
    assert told == ["cpu:0", "cpu"]


def test_uploaded_vectors_set_the_width(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("crash 1 0 0\nlove 0 1 0\n")
    found = fit_bilstm(material(epochs=1), *parts(), vectors_path=path)
    assert found.network.embedding.weight.shape == (len(found.words) + 2, 3)


def test_what_is_raised_while_it_reports_stops_it():
    class Stop(Exception):
        pass

    def stop(*step):
        raise Stop

    with pytest.raises(Stop):
        fit_bilstm(material(), *parts(), stop)


def test_it_works_without_validation_rows_but_not_without_rows():
    none = np.array([], dtype=int)
    found = fit_bilstm(material(rows=8, epochs=1), np.arange(8), none)
    assert found.calibration == Calibration(1.0, (0.0,) * 3)
    with pytest.raises(CannotTrain, match="learn from"):
        fit_bilstm(material(rows=8), none, none)
