import subprocess
import sys
from pathlib import Path

import pytest

from core.models import peak
from core.models.device import Device

ROOT = Path(__file__).resolve().parents[3]
MEASURED = """
import numpy as np
from core.models.device import Device
from core.models.peak import Peak

def hold(mb):
    np.ones(mb * 2**17)

device = Device("cpu", False, "")
found = []
for size in (0, 300, 100):
    peak = Peak(device)
    hold(size)
    found.append(peak.mb())
print(*found)
"""


@pytest.mark.skipif(not peak.FORGET.exists(), reason="the peak of a process is forgotten by /proc")
def test_what_was_held_for_a_moment_counts_and_what_an_earlier_run_held_does_not():
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    nothing, much, less = (float(number) for number in done.stdout.split())
    assert 280 < much - nothing < 340 and 80 < less - nothing < 140


def test_without_proc_the_peak_of_the_process_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(peak, "STATUS", tmp_path / "none")
    monkeypatch.setattr(peak, "FORGET", tmp_path / "no folder" / "none")
    assert 50 < peak.Peak(Device("cpu", False, "")).mb() < 50_000


def test_on_a_gpu_its_own_memory_counts_where_it_is_used(monkeypatch):
    monkeypatch.setattr(peak.torch.cuda, "reset_peak_memory_stats", lambda name: None)
    monkeypatch.setattr(peak.torch.cuda, "max_memory_allocated", lambda name: 7 * 2**20)
    device = Device("cuda", True, "a GPU")
    assert peak.Peak(device).mb() == 7
    assert peak.Peak(device, used=False).mb() > 50
