import pytest
import torch


@pytest.fixture
def fresh(encoder_folder):
    from core.models.device import Device
    from core.models.encoder import load_encoder

    torch.set_num_threads(1)
    return lambda: load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, ""), 16)
