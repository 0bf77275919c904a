"""Small random classifiers of both kinds of labels."""

import numpy as np
import pytest

from core.export.formats import FORMATS
from core.models.classifier import Calibration, Classifier, Head, Platt
from core.models.device import Device
from core.models.encoder import load_encoder

LABELS = ("slow", "=cmd|'/c calc'!A1", "bill")
TEXTS = ["the app is slow", "my invoice", "login login", "love it, very very great team", "é 速い", ""]
TEXTS += [f"{word} page {number}" for number, word in enumerate(["crash", "price", "bad", "export"] * 12)]


@pytest.fixture(scope="session")
def encoder(encoder_folder):
    return load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, "test"), 16)


@pytest.fixture(scope="session")
def single(encoder):
    rng = np.random.default_rng(0)
    head = Head(rng.normal(0, 3, (3, encoder.size)), np.array([0.1, -0.2, 0.3]))
    return Classifier(encoder, head, LABELS, Calibration(0.7, (0.3, -0.1, 0.2)))


@pytest.fixture(scope="session")
def multi(encoder):
    rng = np.random.default_rng(1)
    head = Head(rng.normal(0, 3, (3, encoder.size)), np.zeros(3), multi=True)
    return Classifier(encoder, head, LABELS, Platt((0.5, 1.5, 2.0), (0.3, -0.1, 0.2)))


@pytest.fixture(scope="session")
def onnx_folders(single, multi, tmp_path_factory):
    """Folder of the float32 form of each model, written once: the exporter takes seconds."""
    place = tmp_path_factory.mktemp("onnx")
    return {
        name: FORMATS["onnx"].write(model, place / name).folder
        for name, model in (("single", single), ("multi", multi))
    }


@pytest.fixture
def texts():
    return TEXTS
