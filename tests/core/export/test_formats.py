import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from tokenizers import Tokenizer

from core.errors import Damaged, ModelError, UnsafeModel
from core.export.formats import FORMATS, possible_formats
from core.export.manifest import write_manifest
from core.export.opened import format_of, open_exported
from core.export.parity import agreed
from core.models.classifier import Calibration
from core.models.linear_text import LinearText

EXACT = ("onnx", "torchscript", "transformers")


@pytest.mark.parametrize("key", EXACT)
@pytest.mark.parametrize("kind", ["single", "multi"])
def test_a_format_answers_as_the_model(request, kind, key, texts, tmp_path, onnx_folders):
    model = request.getfixturevalue(kind)
    folder = onnx_folders[kind] if key == "onnx" else FORMATS[key].write(model, tmp_path / "out").folder
    opened = open_exported(folder, made_here=True)
    assert (opened.labels, opened.multi, opened.max_tokens) == (model.labels, model.multi, 16)
    difference = np.abs(opened.probabilities(texts) - model.probabilities(texts)).max()
    assert difference <= FORMATS[key].max_difference
    assert opened.probabilities(["the " * 200]) == pytest.approx(
        model.probabilities(["the " * 200]), abs=1e-4
    )
    assert opened.probabilities([]).shape == (0, 3)


def test_int8_is_made_of_the_float_graph_and_decides_alike(single, texts, tmp_path, onnx_folders):
    FORMATS["onnx-int8"].write(single, tmp_path / "int8", {"onnx": onnx_folders["single"]})
    opened = open_exported(tmp_path / "int8")
    assert agreed(single.probabilities(texts), opened.probabilities(texts), False) >= 0.96
    graph = onnx.load(tmp_path / "int8" / "model.onnx").graph
    floats = {
        part.name: tuple(part.dims) for part in graph.initializer if part.data_type == onnx.TensorProto.FLOAT
    }
    shapes = [
        floats[name]
        for node in graph.node
        if node.op_type == "MatMul"
        for name in node.input
        if name in floats
    ]
    assert shapes == [(64, 32)] * 2, "the products that narrow in the first layers keep their float weights"
    assert [node.op_type for node in graph.node].count("MatMulInteger") == 11  # 10 of the layers and the head
    assert not list(tmp_path.glob(".float-*"))


def test_int8_needs_no_float_graph_beside_it(single, tmp_path):
    FORMATS["onnx-int8"].write(single, tmp_path / "int8")
    assert {path.name for path in tmp_path.iterdir()} == {"int8"}


def test_no_file_names_a_folder_of_this_machine(single, tmp_path, onnx_folders):
    FORMATS["torchscript"].write(single, tmp_path / "out")
    FORMATS["transformers"].write(single, tmp_path / "body")
    written = [path for folder in (onnx_folders["single"], tmp_path) for path in folder.rglob("*.*")]
    assert {"model.onnx", "model.pt", "config.json"} <= {path.name for path in written}
    for path in written:
        data = path.read_bytes()
        assert b"graph.py" not in data and b"site-packages" not in data, path.name
        assert str(single.encoder.tokenizer.name_or_path).encode() not in data, path.name


def test_labels_and_tokenizer_lie_beside(multi, tmp_path):
    FORMATS["transformers"].write(multi, tmp_path / "out")
    about = json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8"))
    assert about == {"labels": list(multi.labels), "multi": True, "max_tokens": 16, "pad": 0, "without": []}
    tokenizer = json.loads((tmp_path / "out" / "tokenizer.json").read_text(encoding="utf-8"))
    assert tokenizer["padding"] is None and tokenizer["truncation"]["max_length"] == 16


def test_words_a_model_was_trained_without_are_not_read_by_what_it_leaves_in(single, tmp_path):
    blind = replace(single, encoder=single.encoder.reading_without(["slow"]))
    FORMATS["torchscript"].write(blind, tmp_path / "out")
    opened = open_exported(tmp_path / "out", made_here=True)
    with_it, without_it = opened.probabilities(["the app is slow", "the app is"])
    assert with_it == pytest.approx(without_it)
    assert with_it == pytest.approx(blind.probabilities(["the app is slow"])[0], abs=1e-4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The app is SLOW, slowly slow", ["slow"]),
        ("a login page, login", ["login", "login page"]),
        ("very  great, team", ["great team"]),
        ("the bad+price (export)", ["bad+price", "(export)"]),
        ("é 速い team", ["e\u0301", "速"]),
        ("nothing to leave out", ["[handle]"]),
    ],
)
def test_the_tokenizer_alone_leaves_out_what_a_model_was_trained_without(single, tmp_path, text, words):
    """The script and other programs have nothing else."""
    blind = replace(single, encoder=single.encoder.reading_without(words))
    FORMATS["transformers"].write(blind, tmp_path / "out")
    tokenizer = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    assert tokenizer.encode(text).ids == blind.encoder.token_ids([text])[0]
    assert (tokenizer.encode(text).ids == single.encoder.token_ids([text])[0]) == (words == ["[handle]"])


@pytest.mark.parametrize("name", ["model.onnx", "labels.json", "tokenizer.json", "manifest.json"])
def test_a_changed_file_is_noticed(onnx_folders, tmp_path, name):
    shutil.copytree(onnx_folders["single"], tmp_path / "out")
    assert format_of(tmp_path / "out") == "onnx"
    path = tmp_path / "out" / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(Damaged, match=name):
        open_exported(tmp_path / "out")


class Writes(torch.nn.Module):
    """A TorchScript module that leaves a file wherever its maker wants."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def forward(self, ids, mask: torch.Tensor):
        torch.save(ids, self.path)
        return torch.ones(ids.size(0), 3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_of_another_process_is_not_opened(single, tmp_path):
    folder = FORMATS["torchscript"].write(single, tmp_path / "out").folder
    torch.jit.script(Writes(str(tmp_path / "planted"))).save(str(folder / "model.pt"))
    about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").unlink()
    write_manifest(folder, about)
    with pytest.raises(UnsafeModel, match="ONNX format or with the run's checkpoint"):
        open_exported(folder).probabilities(["slow"])
    assert not (tmp_path / "planted").exists()
    open_exported(folder, made_here=True).probabilities(["slow"])
    assert (tmp_path / "planted").exists(), "it would have been"


def test_a_folder_that_is_no_export_is_damaged(tmp_path):
    assert format_of(tmp_path) is None
    with pytest.raises(Damaged):
        open_exported(tmp_path)


class Counting:
    kind, labels, multi, max_tokens = "tfidf", ("a", "b"), False, 0


def test_another_kind_of_model_is_told_what_it_can_be(tmp_path):
    with pytest.raises(ModelError, match="TF-IDF model has no ONNX form. Choose: native"):
        FORMATS["onnx"].write(Counting(), tmp_path / "out")
    assert [one.key for one in possible_formats("bilstm")] == ["native"]
    assert [one.key for one in possible_formats("encoder")] == [*EXACT[:1], "onnx-int8", *EXACT[1:]]


def test_a_tfidf_model_leaves_as_it_is(tmp_path):
    rng = np.random.default_rng(0)
    model = LinearText(
        ("a", "b"),
        False,
        Calibration(0.5, (0.1, 0.0)),
        {"slow": 0, "bill": 1},
        np.array([1.0, 2.0]),
        rng.normal(size=(2, 2)).astype(np.float32),
        np.zeros(2),
        np.array([0.3, 0.0]),
    )
    FORMATS["native"].write(model, tmp_path / "out")
    opened = open_exported(tmp_path / "out")
    texts = ["slow", "slow bill", "nothing known"]
    assert np.allclose(opened.probabilities(texts), model.probabilities(texts), atol=1e-12)
