"""How much memory a training took, measured."""

import resource
import sys
from pathlib import Path

import torch

from core.models.device import Device

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # to FORGET, see proc(5)


class Peak:
    """The most memory held since it was made: of the device where that is a GPU and `used`, else of this
    process, with what earlier work has left in it."""

    def __init__(self, device: Device, used: bool = True):
        self.gpu = device.name if device.on_gpu and used else ""
        if self.gpu:
            torch.cuda.reset_peak_memory_stats(self.gpu)
        elif _forgets():  # a worker may have trained something larger before
            FORGET.write_text(RESET_PEAK)

    def mb(self) -> float:
        """In 2**20 bytes. Where the system cannot forget an earlier peak of the process, that one counts."""
        if self.gpu:
            return torch.cuda.max_memory_allocated(self.gpu) / 2**20
        if STATUS.exists():  # not getrusage: it also counts the process that started this one
            lines = STATUS.read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**10
        bytes_a_unit = 1 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * bytes_a_unit / 2**20


def _forgets() -> bool:
    try:
        with FORGET.open("w"):
            return True
    except OSError:
        return False
