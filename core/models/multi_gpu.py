"""One batch over several GPUs: a process each, all of them running the same training, by accelerate.

Every process calls the same functions in the same order. Alone, each of them does nothing.
"""

import os
import sys
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import nn


def devices() -> int:
    """GPUs that can be seen; 1 without any."""
    return max(1, torch.cuda.device_count())


def command(module: str, *arguments: str, processes: int | None = None) -> list[str]:
    """What starts `python -m module` once a device."""
    count = devices() if processes is None else processes
    if count <= 1:
        return [sys.executable, "-m", module, *arguments]
    # Not accelerate's own launcher: it is this one with more questions, and starts one process on CPUs.
    how = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count), "--module"]
    return [sys.executable, *how, module, *arguments]


def together() -> bool:
    """Whether this process is one of several."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def join(on_cpu: bool = False) -> str:
    """Meet the other processes that `command` started; the device of this one, "" when it is alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        return ""
    from accelerate import PartialState

    return str(PartialState(cpu=on_cpu).device)


def is_first() -> bool:
    """Whether this process is the one that writes files and reports."""
    return not together() or torch.distributed.get_rank() == 0


def own_part(rows: np.ndarray) -> np.ndarray:
    """The rows of a batch that this process works on; may be none of them."""
    if not together():
        return rows
    from accelerate import PartialState

    state = PartialState()
    return np.array_split(rows, state.num_processes)[state.process_index]


def summed_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Add up what the processes learned from their parts; a loss is the share of the whole batch."""
    if not together():
        return
    from accelerate.utils import reduce

    learned = [weight for weight in parameters if weight.requires_grad]
    parts = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in learned]
    flat = reduce(torch.cat([part.reshape(-1) for part in parts]), reduction="sum")
    for weight, part in zip(learned, flat.split([weight.numel() for weight in learned]), strict=True):
        weight.grad = part.view_as(weight)


def gathered(part: Sequence) -> list:
    """What every process found for its own part, in the order of the whole."""
    if not together():
        return list(part)
    from accelerate.utils import gather_object

    return gather_object(list(part))
