import json
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.domain import CurvePoint, TrainingOptions
from core.errors import AppError, Cancelled, CannotTrain, Damaged, ModelMissing, Paused
from core.models import multi_gpu
from core.models.catalog import open_encoder
from core.models.classifier import Head
from core.models.device import Device
from core.models.without import Without
from core.training import quick, together
from core.training.loop import Rows
from core.training.material import Material
from core.training.trainer import fine_tune_material

CPU = Device("cpu", False, "")
OPTIONS = TrainingOptions(
    mode="better", epochs=6, body_rate=5e-3, head_rate=0.05, batch_tokens=64, balance="weights"
)
TRAIN = Rows(["slow — again", "price"], np.array([[True, False], [True, True]]))
VALIDATION = Rows(["bill"], np.array([[False, True]]), np.array([[0.6, 0.8]], np.float32))
HEAD = Head(np.arange(6, dtype=np.float32).reshape(2, 3), np.array([0.5, -0.5]), multi=True)


# ---- the side that asks -------------------------------------------------------------------


@pytest.fixture
def learn(tmp_path, monkeypatch):
    """Two processes that do `what`, without torch; they leave what they were told in tmp_path."""
    script = Path(__file__).parent / "rank_script.py"
    monkeypatch.setattr(together, "RANK", (sys.executable, str(script)))

    def learn(what, on_step=lambda step, steps, curve: None, options=OPTIONS):
        unread = Without(("price",))
        encoder = SimpleNamespace(name=what, revision="abc", max_tokens=16, device=CPU, without=unread)
        together.learn(2, encoder, HEAD, TRAIN, VALIDATION, options, tmp_path, on_step, 0.5)

    return learn


def told(folder):
    return [json.loads((folder / f"{place}.json").read_text()) for place in (0, 1)]


def all_gone(folder):
    return not any(is_running(rank["pid"]) for rank in told(folder))


def is_running(pid):
    """A process that has ended stays listed until whoever is its parent by then has heard of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_each_process_gets_the_whole_request_and_steps_come_back(learn, tmp_path):
    steps = []
    learn("learns", lambda *step: steps.append(step), replace(OPTIONS, without=("price",)))
    points = tuple(CurvePoint(step, step / 3, 1 / step) for step in (1, 2, 3))
    assert steps == [(1, 3, points[:1]), (2, 3, points[:2]), (3, 3, points)]
    first, second = told(tmp_path)
    assert first["said"] == second["said"] and first["arrays"] == second["arrays"]
    said, arrays = first["said"], first["arrays"]
    assert said["texts"] == {"train": ["slow — again", "price"], "validation": ["bill"]}
    assert said["encoder"] == {"name": "learns", "revision": "abc", "max_tokens": 16}
    assert said["unread"] == ["price"]
    assert said["multi"] and said["options"]["without"] == ["price"] and said["save_seconds"] == 0.5
    assert arrays["train"] == TRAIN.truth.tolist() and arrays["validation"] == VALIDATION.truth.tolist()
    assert arrays["vectors"] == VALIDATION.vectors.tolist()
    assert arrays["weight"] == HEAD.weight.tolist() and arrays["bias"] == HEAD.bias.tolist()
    assert all_gone(tmp_path)


def test_what_one_process_cannot_do_ends_all_with_its_sentence(learn, tmp_path):
    with pytest.raises(CannotTrain, match=r"^Too little memory. Choose another.$"):
        learn("refuses")
    assert all_gone(tmp_path)


@pytest.mark.parametrize(("what", "how"), [("breaks", "ValueError"), ("dies", "exit status -9")])
def test_a_process_that_fails_ends_all_with_a_sentence(learn, tmp_path, caplog, what, how):
    with pytest.raises(AppError, match=rf"One of the 2 processes .* early \({how}\).*ROADLENS_PROCESSES"):
        learn(what)
    assert all_gone(tmp_path)
    assert what != "breaks" or "trainer.py:7" in caplog.text


def test_cancel_ends_all_processes_at_once(learn, tmp_path):
    cancelled = []

    def on_step(step, steps, curve):
        if step == 5:
            cancelled.append(time.monotonic())
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        learn("goes on", on_step)
    assert time.monotonic() - cancelled[0] < 1 and all_gone(tmp_path)


def test_a_pause_waits_for_the_state(learn, tmp_path):
    steps = []

    def on_step(step, steps_of_all, curve):
        steps.append(step)
        if step == 5:
            raise Paused("paused")

    with pytest.raises(Paused):
        learn("goes on", on_step)
    assert steps == [1, 2, 3, 4, 5], "nobody is asked again after the pause"
    assert int((tmp_path / "state").read_text()) >= 5 and all_gone(tmp_path)


@pytest.mark.parametrize("what", ["goes on", "hears nothing"])
def test_no_process_outlives_the_one_that_asked(learn, tmp_path, what):
    asking = os.fork()
    if asking == 0:
        learn(what)
        os._exit(1)
    wait_for(lambda: (tmp_path / "0.json").exists() and (tmp_path / "1.json").exists())
    time.sleep(0.1)
    assert not all_gone(tmp_path)
    os.kill(asking, signal.SIGKILL)
    os.waitpid(asking, 0)
    wait_for(lambda: all_gone(tmp_path))


def wait_for(condition, seconds=5.0):
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "waited in vain"
        time.sleep(0.01)


# ---- both sides ---------------------------------------------------------------------------


@pytest.fixture
def material(tmp_path, monkeypatch, encoder_folder, comments):
    """Of the tiny encoder, which lies in a hub cache so that other processes find it."""
    from huggingface_hub import constants

    kept = tmp_path / "hub" / "models--tests--tiny"
    shutil.copytree(encoder_folder, kept / "snapshots" / ("1" * 40))
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("1" * 40)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    torch.set_num_threads(1)
    texts, truth = comments

    def material(device):
        encoder = open_encoder("tests/tiny", device, 16).reading_without(("always", "it"))
        matrix = np.eye(2, dtype=bool)[truth]
        return Material(
            texts, matrix, ("slow", "bill"), False, OPTIONS, encoder.embed(texts), lambda: encoder
        )

    return material


def tune(material, folder, on_step=lambda step, steps, curve: None):
    order = np.random.default_rng(0).permutation(80)
    train, validation = order[:51], order[51:]
    weak = replace(
        quick.fit(material, train, validation), start=Head(np.zeros((2, 32), np.float32), np.zeros(2))
    )
    return fine_tune_material(material, train, validation, weak, folder, on_step, save_seconds=0.0)


def test_two_processes_learn_what_one_learns_even_with_a_pause(material, tmp_path):
    steps = []

    def pause(step, of_all, curve):
        if step > 3:  # early: until they hear of it they go on
            raise Paused("paused")

    shared = material(multi_gpu.devices_for(CPU, "2"))
    with pytest.raises(Paused):
        tune(shared, tmp_path / "work", pause)
    found = tune(shared, tmp_path / "work", lambda step, of_all, curve: steps.append((step, of_all)))
    numbers = [step for step, _ in steps]
    assert numbers == list(range(numbers[0], steps[0][1] + 1)) and numbers[0] > 3, "it went on where it stood"
    assert not (tmp_path / "work" / "meeting").exists()

    alone = tune(material(CPU), tmp_path / "alone")
    assert found.best_epoch == alone.best_epoch > 0
    assert found.facts == {**alone.facts, "Processes": "2, each with its part of every batch"}
    assert np.allclose(found.model.head.weight, alone.model.head.weight, atol=1e-4)
    assert np.allclose(found.validation_logits, alone.validation_logits, atol=1e-3)
    for one, other in zip(found.curve, alone.curve, strict=True):
        assert replace(one, loss=None) == replace(other, loss=None)
        assert one.loss == (None if other.loss is None else pytest.approx(other.loss, abs=1e-4))
    theirs, ours = (tuned.model.encoder.model.state_dict() for tuned in (found, alone))
    assert all(torch.allclose(theirs[name], ours[name], atol=1e-4) for name in ours)


def test_what_they_learned_must_be_there(material, tmp_path, monkeypatch):
    monkeypatch.setattr(together, "learn", lambda *more: None)
    with pytest.raises(Damaged, match="cannot be read"):
        tune(material(multi_gpu.devices_for(CPU, "2")), tmp_path / "work")


def test_a_process_without_its_encoder_says_so(material, tmp_path):
    shared = material(multi_gpu.devices_for(CPU, "2"))
    shutil.rmtree(tmp_path / "hub")
    with pytest.raises(ModelMissing, match="tests/tiny is not on this machine"):
        tune(shared, tmp_path / "work")
