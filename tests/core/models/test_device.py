import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.config import LIBRARIES
from core.errors import ConfigError
from core.models import device
from core.models.device import Device, choose_device, device_failed, use_threads

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def two_gpus(monkeypatch):
    """As torch tells of them; on a torch without CUDA, computing on them fails."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda name: f"GPU {name}")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    tried = device._tried
    tried.cache_clear()
    yield
    tried.cache_clear()


@pytest.fixture
def working(two_gpus, monkeypatch):
    """What is put on them is computed by the CPU; the names that were asked for."""
    asked, usual = [], torch.ones
    monkeypatch.setattr(torch, "ones", lambda *shape, device="cpu": asked.append(device) or usual(*shape))
    yield asked
    torch.backends.cudnn.allow_tf32 = True


@pytest.fixture
def broken(two_gpus, monkeypatch):
    def fail(*shape, device="cpu"):
        raise torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr(device, "_cpu", lambda: Device("cpu", False, "CPU"))
    monkeypatch.setattr(torch, "ones", fail)


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, True), (0.79, True), (0.9, False), (2.0, False)])
def test_bfloat16_is_taken_only_where_it_was_measured_to_be_faster(monkeypatch, seconds, expected):
    """Although torch says yes of the processor."""
    monkeypatch.setattr(device, "_bf16_known", lambda: True)
    monkeypatch.setattr(
        device, "_matmul_seconds", lambda left, right: seconds if left.dtype == torch.bfloat16 else 1.0
    )
    device._cpu.cache_clear()
    assert choose_device("cpu").bf16 is expected
    assert ("bfloat16" in choose_device("cpu").description) is expected
    device._cpu.cache_clear()


def test_where_torch_says_no_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(device, "_matmul_seconds", None)
    monkeypatch.setattr(device, "_bf16_known", lambda: False)
    assert device._bf16_pays() is False


def test_a_torch_without_its_library_of_products_knows_no_bfloat16(monkeypatch):
    """As on a Mac, where even the question is missing."""
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    monkeypatch.setattr(torch.ops, "mkldnn", None)
    assert device._bf16_pays() is False


def test_the_measurement_takes_no_longer_than_a_blink():
    torch.set_num_threads(1)
    started = os.times()
    device._bf16_pays()
    ended = os.times()
    assert ended.user + ended.system - started.user - started.system < 0.5


def test_autocast_is_on_only_where_it_pays():
    for bf16, on, expected in (
        (True, True, torch.bfloat16),
        (True, False, torch.float32),
        (False, True, torch.float32),
    ):
        with Device("cpu", bf16, "").autocast(on):
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected


def test_a_gpu_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="ROADLENS_DEVICE"):
        choose_device("cuda")


@pytest.mark.parametrize(("wish", "name"), [("auto", "cuda"), ("cuda", "cuda"), ("cuda:1", "cuda:1")])
def test_a_gpu_is_taken_once_it_has_computed_something(working, wish, name):
    assert choose_device(wish) == Device(name, True, f"GPU {name}")
    assert working == [name]


def test_a_gpu_that_fails_gives_way_to_the_cpu(broken, caplog):
    with caplog.at_level(logging.WARNING):
        assert choose_device("auto").name == "cpu"
    assert "AcceleratorError" in caplog.text and "kernel image" not in caplog.text


def test_a_gpu_that_was_full_for_a_moment_is_tried_again(two_gpus, monkeypatch):
    usual, left = torch.ones, iter([True])

    def full_once(*shape, device="cpu"):
        if next(left, False):
            raise torch.OutOfMemoryError("too much")
        return usual(*shape)

    monkeypatch.setattr(torch, "ones", full_once)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert [choose_device("auto").name for _ in range(2)] == ["cpu", "cuda"]


def test_a_gpu_that_is_asked_for_and_fails_is_said(broken):
    with pytest.raises(ConfigError, match=r"asks for cuda:1, .*\(AcceleratorError\).*choose cpu"):
        choose_device("cuda:1")


def test_a_torch_without_cuda_is_said(two_gpus, monkeypatch):
    def fail(name):
        raise AssertionError("Torch not compiled with CUDA enabled")

    monkeypatch.setattr(device, "_tried", fail)
    with pytest.raises(ConfigError, match="choose cpu"):
        choose_device("cuda")


def test_a_number_beyond_the_gpus_is_said(working):
    with pytest.raises(ConfigError, match="asks for cuda:7, .* torch sees 2"):
        choose_device("cuda:7")
    assert working == []


@pytest.mark.parametrize(("there", "sentence"), [(False, "sees none"), (True, "cannot use")])
def test_an_apple_gpu_that_is_not_there_or_fails_is_said(monkeypatch, there, sentence):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there)
    with pytest.raises(ConfigError, match=sentence):
        choose_device("mps")


def test_an_lstm_on_a_gpu_is_computed_in_full_precision_and_can_be_exported(working):
    """cuDNN rounds its products unless told not to; torch.export asks for one answer of all of cuDNN."""
    assert torch.backends.cudnn.rnn.fp32_precision == "tf32"
    choose_device("cuda")
    assert torch.backends.cudnn.rnn.fp32_precision != "tf32"
    torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))
    assert torch.backends.cudnn.rnn.fp32_precision != "tf32"
    assert torch.backends.cudnn.allow_tf32 is False


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), True),
        (RuntimeError("HIP error: invalid device function"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"), True),
        (RuntimeError("shapes differ"), False),
        (KeyError("CUDA"), False),
    ],
)
def test_errors_of_a_device_are_told_from_those_of_a_model(error, expected):
    assert device_failed(error) is expected


def test_memory_that_torch_holds_without_use_is_free(monkeypatch):
    for name, held in (("mem_get_info", (100, 1000)), ("memory_reserved", 50), ("memory_allocated", 30)):
        monkeypatch.setattr(torch.cuda, name, {"cuda:1": held}.get)
    assert Device("cuda:1", True, "").free_memory() == 120


def test_threads_leave_one_core_to_others_unless_told(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    before = torch.get_num_threads()
    try:
        assert use_threads(0) == 3 == torch.get_num_threads()
        assert use_threads(2) == 2 == torch.get_num_threads()
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        assert use_threads(0) == 1
    finally:
        torch.set_num_threads(before)


IMPORTED = """
import sys
sys.argv = ["python -m core", "--help"]
try:
    import {}
except SystemExit:  # the command line ends when it is done
    pass
"""


SHAPES = """
from core.config import settle_libraries
settle_libraries()
import torch
from pathlib import Path
from resource import getpagesize

def mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize() / 2**20

torch.set_num_threads(1)
weight = torch.randn(384, 384).bfloat16()
with torch.inference_mode():
    for rows in range(1, 800):
        torch.nn.functional.linear(torch.randn(rows, 384).bfloat16(), weight)
        one = torch.randn(4, rows // 4 + 1, 32).bfloat16()
        one @ one.transpose(1, 2)
        if rows == 200:
            before = mb()
print(mb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no system that says so of a process")
def test_products_of_many_shapes_leave_no_memory_behind():
    """Each kept what it had made ready for its shape: 400 MB here, 1.5 GB of a fine-tuning."""
    unset = {name: value for name, value in os.environ.items() if name not in LIBRARIES}
    done = subprocess.run(
        [sys.executable, "-c", SHAPES], cwd=ROOT, env=unset, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 100


@pytest.mark.parametrize("entry", ["core.workflow.worker", "core.__main__", "pages.parts.resources"])
def test_waiting_threads_sleep_in_processes_that_train(entry):
    """OpenMP reads it when torch is imported; it prints what it read."""
    unset = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    done = subprocess.run(
        [sys.executable, "-c", f"{IMPORTED.format(entry)}\nimport torch"],
        cwd=ROOT,
        env=unset | {"OMP_DISPLAY_ENV": "TRUE"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr
