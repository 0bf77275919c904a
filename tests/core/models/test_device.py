import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.errors import ConfigError
from core.models import device
from core.models.device import Device, choose_device, use_threads

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, True), (0.79, True), (0.9, False), (2.0, False)])
def test_bfloat16_is_taken_only_where_it_was_measured_to_be_faster(monkeypatch, seconds, expected):
    """Although torch says yes of the processor."""
    monkeypatch.setattr(device, "_bf16_known", lambda: True)
    monkeypatch.setattr(
        device, "_matmul_seconds", lambda left, right: seconds if left.dtype == torch.bfloat16 else 1.0
    )
    choose_device.cache_clear()
    assert choose_device("cpu").bf16 is expected
    assert ("bfloat16" in choose_device("cpu").description) is expected
    choose_device.cache_clear()


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
    choose_device.cache_clear()
    with pytest.raises(ConfigError, match="ROADLENS_DEVICE"):
        choose_device("cuda")


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


@pytest.mark.parametrize("entry", ["core.workflow.worker", "core.__main__"])
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
