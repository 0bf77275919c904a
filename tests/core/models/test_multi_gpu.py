import json
import sys

import numpy as np
import pytest
import torch

from core.models import multi_gpu

BATCH = torch.linspace(-1, 1, 35).view(7, 5)


def gradients(rows):
    """Of one step whose loss is the mean over the whole batch."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(5, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    model[2].bias.requires_grad_(False)
    if len(rows):
        (model(BATCH[rows]).square().sum() / len(BATCH)).backward()
    multi_gpu.summed_gradients(model.parameters())
    return [weight.grad.tolist() for weight in model.parameters() if weight.requires_grad]


def one_process(folder, size):
    """What each of the processes does; the first writes."""
    multi_gpu.join(on_cpu=True)
    rows = multi_gpu.own_part(np.arange(size))
    found = gradients(rows)
    read = multi_gpu.gathered([int(row) * 10 for row in rows])
    name = "first" if multi_gpu.is_first() else "other"
    (folder / f"{name}.json").write_text(json.dumps([rows.tolist(), found, read]))


def test_alone_the_whole_batch_is_its_own(tmp_path):
    one_process(tmp_path, 7)
    rows, found, read = json.loads((tmp_path / "first.json").read_text())
    assert rows == list(range(7)) and read == [row * 10 for row in range(7)]
    assert multi_gpu.join() == ""


@pytest.mark.parametrize("size", [7, 1])
def test_two_processes_learn_together_what_one_learns_alone(tmp_path, size):
    from accelerate import debug_launcher

    torch.set_num_threads(1)
    debug_launcher(one_process, (tmp_path, size), num_processes=2)
    first, other = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("first", "other"))
    assert first[0] + other[0] == list(range(size)), "the batch was split"
    assert first[1] == other[1], "both go on from the same gradients"
    for one, two in zip(first[1], gradients(np.arange(size)), strict=True):
        assert np.allclose(one, two, atol=1e-6)
    assert first[2] == other[2] == [row * 10 for row in range(size)]


def test_one_device_needs_no_launcher():
    assert multi_gpu.command("core.work", "5", processes=1) == [sys.executable, "-m", "core.work", "5"]
    several = multi_gpu.command("core.work", "5", processes=3)
    assert several[1:3] == ["-m", "torch.distributed.run"]
    assert several[several.index("--nproc_per_node") + 1] == "3"
    assert several[-3:] == ["--module", "core.work", "5"]
