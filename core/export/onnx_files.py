"""ONNX: a graph that any runtime reads, in float32 and with 8-bit weights."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from core.export.graph import Graph, example, graph_of
from core.models.classifier import Classifier

if TYPE_CHECKING:
    from onnx_ir import Value

MODEL = "model.onnx"
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "probabilities"
LARGEST_FILE = 1_900_000_000  # bytes; one protobuf holds 2 GB, more weights go into a file beside it


def write_float(model: Classifier, folder: Path, made: Mapping[str, Path]) -> None:
    """model.onnx in float32; rows and tokens of a batch are free."""
    graph = graph_of(model)
    program = _program(graph, example(model))
    for node in program.model.graph.all_nodes():  # the exporter notes source files of this machine
        node.metadata_props.clear()
        node.doc_string = None
        if node.op_type == "LayerNormalization":
            _keep_apart(node.inputs[0])
    program.save(str(folder / MODEL), external_data=_bytes(graph) > LARGEST_FILE)


def write_int8(model: Classifier, folder: Path, made: Mapping[str, Path]) -> None:
    """model.onnx with 8-bit weights, a scale a column; activations are scaled batch by batch."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from core.export.eight_bit import prepared

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".float-") as beside:
        source = made.get("onnx")
        if source is None:
            source = Path(beside)
            write_float(model, source, made)
        graph, as_they_are = prepared(source / MODEL)
        with _silent_root():
            quantize_dynamic(
                graph,
                folder / MODEL,
                weight_type=QuantType.QInt8,
                per_channel=True,
                nodes_to_exclude=as_they_are,
                use_external_data_format=(source / f"{MODEL}.data").exists(),
            )


def _keep_apart(value: "Value") -> None:
    """ONNX Runtime joins an Add and the norm after it into one operator, which takes ten times as long as
    the two on a processor. It knows no such rule for Sum."""
    added = value.producer()
    if added is not None and added.op_type == "Add":
        added.op_type = "Sum"


@contextmanager
def _silent_root() -> Iterator[None]:
    """The quantiser writes advice through the root logger, on top of the progress of a command."""
    root = logging.getLogger()
    root.addFilter(_nothing)
    try:
        yield
    finally:
        root.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return record.levelno > logging.WARNING


def _program(graph: Graph, inputs: tuple[torch.Tensor, torch.Tensor]) -> torch.onnx.ONNXProgram:
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it names libraries that nobody needs here
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        return torch.onnx.export(
            graph,
            inputs,
            dynamo=True,
            dynamic_shapes=dict.fromkeys(INPUTS, free),
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            verbose=False,
        )


def _bytes(graph: Graph) -> int:
    return sum(part.numel() * part.element_size() for part in graph.state_dict().values())
