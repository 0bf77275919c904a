import platform
import subprocess
import sys
from pathlib import Path

import pytest

from core.models import heap

ROOT = Path(heap.__file__).parents[2]
COUNTED = """
import resource, sys
import torch
from core.models.heap import keep_freed

torch.set_num_threads(1)
if sys.argv[1] == "kept":
    assert keep_freed()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def step(rows):
    gradients = [torch.ones(rows, 384) for _ in range(12)]
for _ in range(3):
    step(1536)
before = faults()
for more in range(1, 25):
    step(1536 + 8 * more)  # larger each time: the C library alone takes each of them from the system
print(faults() - before)
"""


def _faults(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, how], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is of the GNU C library")
def test_freed_tensors_are_used_again():
    assert _faults("kept") * 5 < _faults("usual")  # new pages of 24 times 12 gradients of 2.4 MB


def test_another_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(heap.ctypes, "CDLL", None)
    assert heap.keep_freed() is False
