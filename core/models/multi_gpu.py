"""One batch over several GPUs: a process each, all of them running the same training, by accelerate.

Every process calls the same functions in the same order. Alone, each of them does nothing.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.errors import ConfigError
from core.models.device import Device

# Read in all epochs together: with fewer comments the processes take longer to start than they save.
WORTH_ROWS = 20_000
# Floating point operations of one step for each process: 10 ms at 200 TFLOP a second, what an A100 reaches.
# To launch a step takes 5 to 10 ms however small it is: with less to do, a process waits for that alone.
STEP_FLOP = 2e12
OWN_NETWORK = "lo0" if sys.platform == "darwin" else "lo"  # what the processes say stays on this machine


@dataclass(frozen=True)
class Devices(Device):
    """Several of a kind, of which `name` is the first: a fine-tuning may have a process on each."""

    processes: int = 1
    fewest_rows: int = 0
    fewest_flop: float = 0.0

    def processes_for(self, rows: int, *, step_flop: float = float("inf")) -> int:
        """How many share a training that reads so many rows in all its epochs; `step_flop` are the floating
        point operations of one step."""
        if rows < self.fewest_rows:
            return 1
        if not self.fewest_flop:
            return self.processes
        return int(max(1, min(self.processes, step_flop / self.fewest_flop)))


def devices_for(device: Device, wish: str) -> Device:
    """`wish` is the setting `processes`: a number, or "auto" for as many GPUs as have enough to do.

    Raises ConfigError when more GPUs are asked for than there are.
    """
    there = torch.cuda.device_count() if device.name == "cuda" else 1
    count = there if wish == "auto" else int(wish)
    worth = {"fewest_rows": WORTH_ROWS, "fewest_flop": STEP_FLOP} if wish == "auto" else {}
    if count > there and not device.on_cpu:
        raise ConfigError(
            f"ROADLENS_PROCESSES asks for {count} GPUs, but a training can have {there} here. Lower it, or "
            "leave both it and ROADLENS_DEVICE at auto for all GPUs that torch sees."
        )
    return device if count <= 1 else Devices(**asdict(device), processes=count, **worth)


def surroundings(place: int, processes: int) -> dict[str, str]:
    """The environment in which a process finds the others; `place` counts from 0."""
    ranks = {"RANK": place, "LOCAL_RANK": place, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    network = {
        name: os.environ.get(name, OWN_NETWORK) for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
    }
    return {name: str(value) for name, value in ranks.items()} | network


def make_room() -> None:
    """Give memory that this process no longer uses back to the GPUs."""
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def together() -> bool:
    """Whether this process is one of several."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def join(on_cpu: bool = False, meeting: Path | None = None) -> str:
    """Meet the other processes; the device of this one, "" when it is alone.

    `meeting` is a file that all of them know and that is not there yet; without it they meet as the
    environment says.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes <= 1:
        return ""
    from accelerate import PartialState

    where = {}
    if meeting is not None:  # no port, which another program might take
        rank = int(os.environ["RANK"])
        # Not as a file:// address: torch reads %20 in it as three letters.
        store = torch.distributed.FileStore(str(meeting.resolve()), processes)
        where = {"store": store, "rank": rank, "world_size": processes}
    return str(PartialState(cpu=on_cpu, **where).device)


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


def summed_gradients(parameters: Iterable[nn.Parameter], loss: float = 0.0) -> float:
    """Add up what the processes learned from their parts, and their losses: the sum of these.

    A loss is the share of the whole batch.
    """
    if not together():
        return loss
    learned = [weight for weight in parameters if weight.requires_grad]
    parts = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in learned]
    last = torch.tensor([loss], dtype=parts[0].dtype, device=parts[0].device)
    flat = torch.cat([*(part.reshape(-1) for part in parts), last])
    torch.distributed.all_reduce(flat)
    for weight, part in zip(learned, flat[:-1].split([weight.numel() for weight in learned]), strict=True):
        weight.grad = part.view_as(weight)
    return float(flat[-1])


def gathered(part: Sequence) -> list:
    """What every process found for its own part, in the order of the whole."""
    if not together():
        return list(part)
    from accelerate.utils import gather_object

    return gather_object(list(part))
