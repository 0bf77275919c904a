"""ONNX: a graph that any runtime reads, in float32 and with 8-bit weights."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch

from core.export.graph import Graph, example, graph_of
from core.models.classifier import Classifier

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
    program.save(str(folder / MODEL), external_data=_bytes(graph) > LARGEST_FILE)


def write_int8(model: Classifier, folder: Path, made: Mapping[str, Path]) -> None:
    """model.onnx with 8-bit weights, a scale a column; activations are scaled batch by batch."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".float-") as beside:
        source = made.get("onnx")
        if source is None:
            source = Path(beside)
            write_float(model, source, made)
        with _silent_root():
            quantize_dynamic(
                source / MODEL,
                folder / MODEL,
                weight_type=QuantType.QInt8,
                per_channel=True,
                nodes_to_exclude=_first_narrowing(source / MODEL),
                use_external_data_format=(source / f"{MODEL}.data").exists(),
            )


def _first_narrowing(path: Path) -> list[str]:
    """The product that ends the first layer. What comes into it has a few values far above all others, and
    one scale for all of them lost more agreement there than in any other product."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    for node in graph.node:
        shape = next((shapes[name] for name in node.input if name in shapes), ())
        if node.op_type == "MatMul" and len(shape) == 2 and shape[0] > shape[1]:
            return [node.name]
    return []


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
