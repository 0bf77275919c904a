"""Where models run and in which precision."""

import os
import time
from dataclasses import dataclass
from functools import lru_cache

import torch

from core.errors import ConfigError
from core.models.heap import keep_freed


@dataclass(frozen=True)
class Device:
    name: str  # cpu, cuda, cuda:1, mps
    bf16: bool  # whether matrix products in bfloat16 are faster here
    description: str

    @property
    def on_cpu(self) -> bool:
        return self.name == "cpu"

    @property
    def on_gpu(self) -> bool:
        """An NVIDIA or AMD one, whose memory torch can be asked about."""
        return self.name.startswith("cuda")

    def autocast(self, on: bool = True):
        kind = self.name.split(":")[0]
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=on and self.bf16)


@lru_cache(maxsize=4)
def choose_device(wish: str = "auto") -> Device:
    """The GPU when there is one, else the CPU; `wish` is the setting `device`.

    Raises ConfigError when a device is asked for that this machine does not have.
    """
    name = wish
    if wish == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda"):
        if not torch.cuda.is_available():
            raise ConfigError("ROADLENS_DEVICE asks for a GPU, but torch sees none on this machine.")
        return Device(
            name, torch.cuda.is_bf16_supported(including_emulation=False), torch.cuda.get_device_name(name)
        )
    if name == "mps":
        return Device(name, False, "Apple GPU")
    keep_freed()
    bf16 = _bf16_pays()
    return Device("cpu", bf16, f"CPU, {os.cpu_count()} cores, {'bfloat16' if bf16 else 'float32'}")


def _bf16_pays() -> bool:
    """Measured where torch says yes: it also does on processors where bfloat16 is slower. Where it says no
    each product would take tens of times as long, and the measurement a second and a half."""
    if not _bf16_known():
        return False
    left, right = torch.ones(256, 384), torch.ones(384, 1536)
    return _matmul_seconds(left.bfloat16(), right.bfloat16()) < 0.8 * _matmul_seconds(left, right)


def _bf16_known() -> bool:
    """Whether torch's library of products knows bfloat16 on this processor; not every build has it."""
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _matmul_seconds(left: torch.Tensor, right: torch.Tensor) -> float:
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - start)
    return best


def use_threads(threads: int) -> int:
    """Set torch's threads: `threads`, or all cores but one when 0. Returns the number set."""
    count = threads or max(1, (os.cpu_count() or 2) - 1)
    torch.set_num_threads(count)
    return count


def threads_used() -> int:
    """Of torch, in this process: with others a training comes to slightly other weights."""
    return torch.get_num_threads()
