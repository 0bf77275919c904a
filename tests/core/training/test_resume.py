"""A training that is killed, paused or finds damaged files ends bitwise as if nothing had happened."""

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.domain import TrainingOptions
from core.errors import Damaged, Paused
from core.models.classifier import Head
from core.models.device import Device
from core.models.encoder import load_encoder
from core.training import resume
from core.training.loop import Loop, Rows
from core.training.trainer import fine_tune

OPTIONS = TrainingOptions(mode="better", epochs=3, body_rate=2e-3, batch_tokens=64)
HEAD = Head(np.zeros((2, 32), np.float32), np.zeros(2, np.float32))
KILLED = Path(__file__).parent / "killed_training.py"
NEVER = 1e9  # seconds between two saves: at the end of each epoch only


def rows_of(comments):
    texts, truth = comments
    pick = np.random.default_rng(0).permutation(len(texts))
    return [
        Rows([texts[i] for i in rows], np.array([truth[i] for i in rows])) for rows in (pick[:30], pick[60:])
    ]


def tune(encoder, comments, folder, stop_at=None, error=Paused, save_seconds=NEVER, options=OPTIONS):
    def on_step(step, steps, curve):
        if step == stop_at:
            raise error("stopped")

    train, validation = rows_of(comments)
    return fine_tune(encoder, HEAD, train, validation, options, folder, on_step, save_seconds)


def loop_of(encoder, comments, folder):
    train, validation = rows_of(comments)
    return Loop(encoder, HEAD, train, validation, OPTIONS, folder)


def loaded(encoder, comments, folder):
    loop = loop_of(encoder, comments, folder)
    return resume.load(folder, loop.model, loop.optimiser, bf16=False, average=loop.average)


def judged(monkeypatch, scores):
    """What each epoch finds of the validation rows, and the likelier the more."""
    real = Loop.judge

    def judge(loop, progress, epoch):
        monkeypatch.setattr("core.training.loop.macro_f1", lambda truth, said: scores[epoch])
        surprised = 1 - scores[epoch]
        monkeypatch.setattr(
            "core.training.loop.surprises", lambda answers, truth, multi: np.full(len(truth), surprised)
        )
        return real(loop, progress, epoch)

    monkeypatch.setattr(Loop, "judge", judge)


def assert_equal(found, encoder, whole, whole_encoder):
    assert np.array_equal(found.head.weight, whole.head.weight)
    assert found.curve == whole.curve and found.best_epoch == whole.best_epoch
    assert np.array_equal(found.validation_logits, whole.validation_logits)
    for left, right in zip(encoder.model.parameters(), whole_encoder.model.parameters(), strict=True):
        assert torch.equal(left, right)


# ---- killed -------------------------------------------------------------------------------


def killed(encoder_folder, work, what):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(KILLED.parents[3])}
    command = [sys.executable, str(KILLED), str(encoder_folder), str(work), what]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_at_every_file_operation(encoder_folder, tmp_path):
    said = killed(encoder_folder, tmp_path, "operations")
    assert said["reference"]["best"] > 0, "the best weights were trained"
    assert len(said["found"]) == said["reference"]["operations"] > 100
    assert set(said["found"]) == {said["reference"]["weights"]}


def test_killed_at_random_moments(encoder_folder, tmp_path):
    said = killed(encoder_folder, tmp_path, "moments")
    assert len(said["found"]) == 12 and set(said["found"]) == {said["reference"]["weights"]}


# ---- paused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"balance": "sampling", "augment": 0.5, "token_masking": 0.3},
        {"adapter_rank": 2},
        {"frozen_layers": 1, "label_smoothing": 0.1},
        {"averaging": 0.0},
    ],
    ids=["plain", "sampling", "adapters", "frozen", "last weights"],
)
def test_a_pause_keeps_the_very_step(fresh, comments, tmp_path, more, ever_better):
    options = TrainingOptions(**{**vars(OPTIONS), **more})
    whole_encoder, encoder = fresh(), fresh()
    whole = tune(whole_encoder, comments, tmp_path / "whole", options=options)
    assert whole.best_epoch == 3, "the weights that are compared were trained"
    an_epoch = whole.steps // 3
    folder = tmp_path / "paused"
    for stop in (2, an_epoch, an_epoch + 1, whole.steps):  # also where an epoch is not judged yet
        with pytest.raises(Paused):
            tune(fresh(), comments, folder, stop, options=options)
        newest = sorted(folder.glob("state-*"))[-1]
        assert int(newest.name.split("-")[1]) == stop
    steps = []
    train, validation = rows_of(comments)
    found = fine_tune(
        encoder, HEAD, train, validation, options, folder, lambda step, all_steps, curve: steps.append(step)
    )
    assert steps == [], "every step was done before the last pause"
    assert_equal(found, encoder, whole, whole_encoder)


def test_another_error_saves_nothing(fresh, comments, tmp_path):
    with pytest.raises(RuntimeError):
        tune(fresh(), comments, tmp_path, 2, RuntimeError)
    assert not list(tmp_path.glob("state-*"))


# ---- damaged ------------------------------------------------------------------------------

DAMAGES = {
    "cut": lambda data: data[: len(data) // 2],
    "flipped": lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
    "empty": lambda data: b"",
    "other": lambda data: b'{"own_sha256": 3, "content": []}',
    "missing": None,
}


def spoil(path, damage):
    if DAMAGES[damage] is None:
        path.unlink()
    else:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))


@pytest.fixture(scope="module")
def stopped(encoder_folder, comments, tmp_path_factory):
    """A folder with the states of steps 4 and 5."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("stopped")
    encoder = load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, ""), 16)
    with pytest.raises(Paused):
        tune(encoder, comments, folder, 5, save_seconds=-1.0)
    assert [state.name for state in sorted(folder.glob("state-*"))] == ["state-00000004", "state-00000005"]
    return folder


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name", ["weights.safetensors", "mean.safetensors", "moments.safetensors", "state.json"]
)
def test_a_damaged_newest_state_is_passed_over_for_the_one_before(
    fresh, comments, stopped, tmp_path, name, damage
):
    folder = shutil.copytree(stopped, tmp_path / "copy")
    assert loaded(fresh(), comments, folder).step == 5
    spoil(folder / "state-00000005" / name, damage)
    assert loaded(fresh(), comments, folder).step == 4


@pytest.fixture
def ever_better(monkeypatch):
    """Each epoch scores higher than the one before."""
    judged(monkeypatch, {epoch: epoch / 10 for epoch in range(4)})


@pytest.fixture
def slow_to_judge(monkeypatch, ever_better):
    """A clock by which only the judging of an epoch takes time: a second."""
    clock, judge = SimpleNamespace(now=0.0), Loop.judge

    def judging(loop, progress, epoch):
        clock.now += 1.0
        return judge(loop, progress, epoch)

    monkeypatch.setattr(Loop, "judge", judging)
    monkeypatch.setattr("core.training.loop.time", SimpleNamespace(monotonic=lambda: clock.now))


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_best_weights_lead_back_to_the_state_before_them(
    fresh, comments, tmp_path, damage, slow_to_judge
):
    whole_encoder, encoder = fresh(), fresh()
    whole = tune(whole_encoder, comments, tmp_path / "whole")
    folder, an_epoch = tmp_path / "damaged", whole.steps // 3
    with pytest.raises(RuntimeError):
        tune(fresh(), comments, folder, 2 * an_epoch + 1, RuntimeError, save_seconds=0.5)
    progress = loaded(fresh(), comments, folder)
    assert (progress.step, progress.judged, progress.best_epoch) == (2 * an_epoch, 2, 2), "two good epochs"
    spoil(folder / "best-2.safetensors", damage)
    assert loaded(fresh(), comments, folder).step == an_epoch
    assert_equal(tune(encoder, comments, folder), encoder, whole, whole_encoder)


def test_where_every_state_is_damaged_the_training_begins_again(fresh, comments, stopped, tmp_path):
    whole_encoder, encoder = fresh(), fresh()
    whole = tune(whole_encoder, comments, tmp_path / "whole")
    folder = shutil.copytree(stopped, tmp_path / "copy")
    for state in folder.glob("state-*"):
        spoil(state / "weights.safetensors", "flipped")
    assert_equal(tune(encoder, comments, folder), encoder, whole, whole_encoder)


def test_a_state_of_another_model_is_not_used(fresh, comments, stopped, tmp_path):
    folder = shutil.copytree(stopped, tmp_path / "copy")
    train, validation = rows_of(comments)
    other = Rows([*train.texts, "import export password"], np.append(train.truth, 0))  # more vocabulary
    encoder = fresh()
    loop = Loop(encoder, HEAD, other, validation, OPTIONS, folder)
    before = [weight.clone() for weight in loop.model.parameters()]
    assert resume.load(folder, loop.model, loop.optimiser, bf16=False) is None
    assert all(torch.equal(old, new) for old, new in zip(before, loop.model.parameters(), strict=True))


def test_a_state_of_the_other_precision_is_not_used(fresh, comments, stopped):
    loop = loop_of(fresh(), comments, stopped)
    before = [weight.clone() for weight in loop.model.parameters()]
    assert resume.load(stopped, loop.model, loop.optimiser, bf16=True) is None
    assert all(torch.equal(old, new) for old, new in zip(before, loop.model.parameters(), strict=True))
    assert resume.load(stopped, loop.model, loop.optimiser, bf16=False) is not None


def test_states_of_the_other_precision_do_not_outlive_those_that_follow(
    fresh, comments, tmp_path, monkeypatch
):
    judged(monkeypatch, {0: 0.1, 1: 0.2, 2: 0.9, 3: 0.5})
    whole_encoder, encoder = fresh(), fresh()
    whole = tune(whole_encoder, comments, tmp_path / "whole")
    folder, real = tmp_path / "other", resume.save

    def other(where, progress, *rest):  # there another epoch was the best
        return real(where, replace(progress, bf16=True, best_epoch=min(1, progress.best_epoch)), *rest)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(Paused):
        patched.setattr(resume, "save", other)
        tune(fresh(), comments, folder, whole.steps, save_seconds=-1.0)
    assert len(list(folder.glob("state-*"))) == 2
    assert whole.best_epoch == 2
    assert_equal(tune(encoder, comments, folder, save_seconds=-1.0), encoder, whole, whole_encoder)


def test_a_training_goes_on_with_as_many_threads_as_it_began_with(fresh, comments, stopped, tmp_path):
    whole_encoder, encoder = fresh(), fresh()
    whole = tune(whole_encoder, comments, tmp_path / "whole")
    torch.set_num_threads(2)
    try:
        found = tune(encoder, comments, shutil.copytree(stopped, tmp_path / "copy"))
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(1)
    assert_equal(found, encoder, whole, whole_encoder)


def test_best_weights_damaged_at_the_very_end_are_not_used_in_silence(fresh, comments, tmp_path):
    loop = loop_of(fresh(), comments, tmp_path)
    loop.save(replace(loop.judge(resume.Progress(), 0), finished=True))
    again = loop_of(fresh(), comments, tmp_path)
    progress = again.begin()
    spoil(tmp_path / "best-0.safetensors", "flipped")
    with pytest.raises(Damaged, match="best-0"):
        again.best(progress)


def test_a_finished_training_is_not_learned_again_and_needs_its_best_weights_alone(
    fresh, comments, tmp_path, monkeypatch, ever_better
):
    whole_encoder, encoder = fresh(), fresh()
    whole = tune(whole_encoder, comments, tmp_path)
    (state,) = tmp_path.glob("state-*")
    assert [path.name for path in state.iterdir()] == [resume.STATE]
    assert [path.name for path in tmp_path.glob("best-*")] == ["best-3.safetensors"]
    monkeypatch.setattr(Loop, "train", lambda loop, rows, step: pytest.fail("it learned again"))
    assert_equal(tune(encoder, comments, tmp_path), encoder, whole, whole_encoder)


def test_nothing_is_written_before_it_is_time(fresh, comments, tmp_path, ever_better):
    with pytest.raises(RuntimeError):
        tune(fresh(), comments, tmp_path, 5, RuntimeError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("best_surprise", "used"), [(0.3, False), (float("inf"), True)])
def test_a_state_of_an_earlier_version(fresh, comments, stopped, tmp_path, best_surprise, used):
    """A fine-tuning compared its epochs by something else then; a BiLSTM did not and goes on."""
    copy = shutil.copytree(stopped, tmp_path / "copy")
    for state in copy.glob("state-*"):
        said = resume._read_state(state / resume.STATE)
        del said["progress"]["likeliest"], said["progress"]["likeliest_epoch"]
        said["progress"] |= {"best_surprise": best_surprise}
        resume._write_state(state / resume.STATE, said)
    assert (loaded(fresh(), comments, copy) is not None) == used


# ---- what lies about ----------------------------------------------------------------------


def test_a_state_that_could_not_be_written_takes_no_room(fresh, comments, tmp_path, monkeypatch):
    loop = loop_of(fresh(), comments, tmp_path)
    progress = loop.judge(resume.Progress(), 0)

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(resume, "_write_state", full)
    with pytest.raises(OSError, match="No space"):
        loop.save(progress)
    monkeypatch.setattr(resume, "sync", lambda path: full(path, None))
    with pytest.raises(OSError, match="No space"):
        resume.save_best(tmp_path, 1, resume.weights_of(loop.model), np.zeros((2, 2)))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_state_is_on_the_disk_before_it_takes_its_name(fresh, comments, tmp_path, monkeypatch):
    """A power cut after the rename must find the files of the folder, not just its name."""
    loop = loop_of(fresh(), comments, tmp_path)
    progress, done, replaced = loop.judge(resume.Progress(), 0), [], os.replace
    monkeypatch.setattr(resume, "sync", lambda path: done.append(("sync", path.name)))
    monkeypatch.setattr(
        os, "replace", lambda old, new: done.append(("rename", old.name)) or replaced(old, new)
    )
    loop.save(progress)
    temporary = ".state-00000000"
    order = [what for what in done if what in {("sync", temporary), ("rename", temporary)}]
    assert order == [("sync", temporary), ("rename", temporary)]
    assert done[-1] == ("sync", tmp_path.name), "the new name is on the disk too"
    for name in (resume.WEIGHTS, resume.MOMENTS_FILE):
        assert done.index(("sync", f".{name}")) < done.index(("rename", f".{name}")) < done.index(order[0])


def test_two_states_and_the_best_weights_they_need_stay(fresh, comments, tmp_path):
    tune(fresh(), comments, tmp_path, save_seconds=-1.0)
    states = sorted(tmp_path.glob("state-*"))
    assert len(states) == 2
    needed = {resume._read_state(state / "state.json")["progress"]["best_epoch"] for state in states}
    assert {path.name for path in tmp_path.glob("best-*")} == {
        f"best-{epoch}.safetensors" for epoch in needed
    }
    assert {path.name for path in tmp_path.iterdir()} == {
        *(state.name for state in states),
        *(f"best-{epoch}.safetensors" for epoch in needed),
    }


def test_frozen_weights_are_not_written(fresh, comments, tmp_path):
    from safetensors.torch import load_file

    options = TrainingOptions(**{**vars(OPTIONS), "frozen_layers": 1})
    with pytest.raises(Paused):
        tune(fresh(), comments, tmp_path, 2, options=options)
    names = set(load_file(sorted(tmp_path.glob("state-*"))[-1] / "weights.safetensors"))
    assert any("layer.1." in name for name in names)
    assert not any("layer.0." in name or "embeddings" in name for name in names)
