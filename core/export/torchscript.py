"""TorchScript: the graph for programs that have torch but not our code."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import torch

from core.errors import ModelError
from core.export.graph import Graph, example, graph_of
from core.models.classifier import Classifier

MODEL = "model.pt"
SHAPES = ((1, 2), (2, 5), (5, 8))  # rows and tokens, none of them the shape it is traced with
NEAR = 1e-4
OWN_RECORDS = ("version", "byteorder", ".data/serialization_id")  # the writer adds them by itself


def write(model: Classifier, folder: Path, made: Mapping[str, Path]) -> None:
    """model.pt. Raises ModelError when the trace holds for one shape only."""
    graph = graph_of(model)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shapes are looked at while tracing; `_check` tries others
        traced = torch.jit.trace(graph, example(model), check_trace=False, strict=False)
        _check(graph, traced)
        traced.save(str(folder / MODEL))
    _without_debug(folder / MODEL)


def _check(graph: Graph, traced: torch.jit.ScriptModule) -> None:
    for rows, tokens in SHAPES:
        ids = torch.arange(rows * tokens).reshape(rows, tokens) % 5 + 1
        mask = torch.ones_like(ids)
        mask[0, tokens // 2 + 1 :] = 0
        if not torch.allclose(traced(ids, mask), graph(ids, mask), atol=NEAR):
            raise ModelError(
                "This encoder cannot be written as TorchScript: the copy only reads texts of one length. "
                "Leave TorchScript out and use ONNX."
            )


def _without_debug(path: Path) -> None:
    """The records for error messages name the folders of this machine and are not needed to run."""
    whole = path.with_suffix(".whole")
    path.rename(whole)
    reader, writer = torch._C.PyTorchFileReader(str(whole)), torch._C.PyTorchFileWriter(str(path))
    for name in reader.get_all_records():
        if not name.endswith(".debug_pkl") and name not in OWN_RECORDS:
            data = reader.get_record(name)
            writer.write_record(name, data, len(data))
    writer.write_end_of_file()
    whole.unlink()
