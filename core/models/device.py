"""Where models run and in which precision."""

import logging
import os
import time
from dataclasses import dataclass
from functools import lru_cache

import torch

from core.errors import ConfigError
from core.models.heap import keep_freed

LOG = logging.getLogger(__name__)
FAILED = ("CUDA error", "CUDA driver error", "HIP error", "cuDNN error", "MIOpen Error")  # how texts begin


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

    def free_memory(self) -> int:
        """Bytes of a GPU that torch can still fill: free to every program, or held by torch without use."""
        free, _ = torch.cuda.mem_get_info(self.name)
        return free + torch.cuda.memory_reserved(self.name) - torch.cuda.memory_allocated(self.name)


def choose_device(wish: str = "auto") -> Device:
    """The GPU when there is one that works, else the CPU; `wish` is the setting `device`. One that fails is
    tried again the next time: it may have been full.

    Raises ConfigError when a device is asked for that this machine does not have or that does not work.
    """
    if wish == "cpu" or (wish == "auto" and not torch.cuda.is_available()):
        return _cpu()
    if wish != "auto":
        _check_seen(wish)
    try:
        return _tried("cuda" if wish == "auto" else wish)
    except (RuntimeError, AssertionError) as error:
        if wish != "auto":
            raise ConfigError(
                f"ROADLENS_DEVICE asks for {wish}, which torch sees but cannot use ({type(error).__name__}). "
                "End other programs that fill it, install a newer driver, or choose cpu there."
            ) from error
        LOG.warning("The GPU cannot be used (%s); the CPU is used instead.", type(error).__name__)
        return _cpu()


def device_failed(error: BaseException) -> bool:
    """Whether it says that a GPU or its driver does not work, whatever is computed on it."""
    return isinstance(error, torch.AcceleratorError) or str(error).startswith(FAILED)


def _check_seen(name: str) -> None:
    """Raises ConfigError unless torch sees the GPU `name` on this machine."""
    kind, _, number = name.partition(":")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ConfigError(
            "ROADLENS_DEVICE asks for an Apple GPU, but torch sees none. Choose auto or cpu there."
        )
    if kind == "cuda" and not torch.cuda.is_available():
        raise ConfigError("ROADLENS_DEVICE asks for a GPU, but torch sees none. Choose auto or cpu there.")
    if number and int(number) >= (there := torch.cuda.device_count()):
        raise ConfigError(
            f"ROADLENS_DEVICE asks for {name}, but GPUs count from cuda:0 and torch sees {there}. Choose one "
            "of them or auto there."
        )


@lru_cache(maxsize=4)
def _tried(name: str) -> Device:
    """A GPU once it has computed something. Raises what torch raises when one is full, or too old or new."""
    square = torch.ones(16, 16, device=name)
    (square @ square).sum().item()
    if name == "mps":
        return Device(name, False, "Apple GPU")
    # cuDNN rounds the products of an LSTM to TF32 unless told not to: its export would differ. Not by
    # cudnn.rnn alone: torch.export, which ONNX needs, does not run where that and cudnn.conv differ.
    torch.backends.cudnn.allow_tf32 = False
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return Device(name, bf16, torch.cuda.get_device_name(name))


@lru_cache(maxsize=1)
def _cpu() -> Device:
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
