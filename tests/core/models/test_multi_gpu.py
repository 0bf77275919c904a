import json

import numpy as np
import pytest
import torch

from core.errors import ConfigError
from core.models import memory, multi_gpu
from core.models.device import Device

BATCH = torch.linspace(-1, 1, 35).view(7, 5)


def gradients(rows):
    """The loss and the gradients of one step whose loss is the mean over the whole batch."""
    torch.manual_seed(0)
    loss = torch.zeros(())
    model = torch.nn.Sequential(torch.nn.Linear(5, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    model[2].bias.requires_grad_(False)
    if len(rows):
        loss = model(BATCH[rows]).square().sum() / len(BATCH)
        loss.backward()
    whole = multi_gpu.summed_gradients(model.parameters(), loss.item())
    return [whole, *(weight.grad.tolist() for weight in model.parameters() if weight.requires_grad)]


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


# ---- how many -----------------------------------------------------------------------------


CPU, GPU = Device("cpu", False, "CPU"), Device("cuda", True, "A GPU")


@pytest.fixture
def gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)


@pytest.mark.parametrize(
    ("device", "wish", "processes"),
    [
        (CPU, "auto", 1),
        (CPU, "1", 1),
        (CPU, "2", 2),
        (GPU, "auto", 4),
        (GPU, "1", 1),
        (GPU, "3", 3),
        (Device("cuda:1", True, "The second"), "auto", 1),
        (Device("mps", False, "Apple GPU"), "auto", 1),
    ],
)
def test_all_gpus_or_as_many_processes_as_are_asked_for(gpus, device, wish, processes):
    found = multi_gpu.devices_for(device, wish)
    assert (found.name, found.bf16, found.description) == (device.name, device.bf16, device.description)
    if processes == 1:
        assert found is device
    else:
        assert found.processes_for(multi_gpu.WORTH_ROWS) == processes


def test_a_short_training_is_shared_only_when_that_is_asked_for(gpus):
    few = multi_gpu.WORTH_ROWS - 1
    assert multi_gpu.devices_for(GPU, "auto").processes_for(few) == 1
    assert multi_gpu.devices_for(GPU, "2").processes_for(1) == 2


@pytest.mark.parametrize(
    ("steps_worth", "processes"), [(0.0, 1), (0.9, 1), (1.9, 1), (2.0, 2), (3.5, 3), (4.0, 4), (100.0, 4)]
)
def test_each_process_has_work_that_takes_longer_than_to_launch_it(gpus, steps_worth, processes):
    step_flop = steps_worth * multi_gpu.STEP_FLOP
    rows = multi_gpu.WORTH_ROWS
    assert multi_gpu.devices_for(GPU, "auto").processes_for(rows, step_flop=step_flop) == processes
    assert multi_gpu.devices_for(GPU, "auto").processes_for(rows - 1, step_flop=step_flop) == 1
    assert multi_gpu.devices_for(GPU, "3").processes_for(rows, step_flop=step_flop) == 3, "as it was asked"


def test_a_small_encoder_is_not_shared_and_a_large_one_in_large_batches_is(gpus):
    small, large = memory.shape_of({}), memory.Shape(1024, 24, 16, 4096, 250_002)
    found = [
        multi_gpu.devices_for(GPU, "auto").processes_for(
            10**6, step_flop=6 * shape.layers * shape.layer_weights * tokens
        )
        for shape, tokens in ((small, 1024), (large, 1024), (large, 4096))
    ]
    assert found == [1, 1, 3]


@pytest.mark.parametrize("device", [GPU, Device("cuda:1", True, ""), Device("mps", False, "")])
def test_more_gpus_than_there_are_is_a_sentence(gpus, device):
    with pytest.raises(ConfigError, match="asks for 5 GPUs"):
        multi_gpu.devices_for(device, "5")


def test_processes_find_each_other_on_this_machine_alone(monkeypatch):
    monkeypatch.setenv("NCCL_SOCKET_IFNAME", "eth7")
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    said = multi_gpu.surroundings(2, 3)
    assert (said["RANK"], said["LOCAL_RANK"], said["WORLD_SIZE"]) == ("2", "2", "3")
    assert said["GLOO_SOCKET_IFNAME"] in ("lo", "lo0")
    assert said["NCCL_SOCKET_IFNAME"] == "eth7", "who set it knows better"
