"""What an ONNX graph of a Transformer needs before its products are done in 8 bits."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

SHARE = 0.75  # of an uneven input that goes over to the weights
SPREAD = 3.0  # a normalised value is rarely further from its mean, in standard deviations
LEFT_ALONE = 3  # products that narrow, from the first layer on
LARGEST_CODE = 127
SMALLEST = 1e-6


def prepared(path: Path) -> tuple[onnx.ModelProto, list[str]]:
    """The float graph made ready, and the names of the nodes that stay as they are."""
    model = onnx.load(path)
    weights = {weight.name: weight for weight in model.graph.initializer}
    even_inputs(model.graph, weights)
    looked_up = [node.name for node in _look_ups(model.graph, weights)]
    words_by_row(model.graph, weights)
    del model.graph.value_info[:]  # the kinds of values that there were before; found out again
    return model, [*looked_up, *narrowing(model.graph, weights)[:LEFT_ALONE]]


def even_inputs(graph: onnx.GraphProto, weights: dict[str, TensorProto]) -> None:
    """Products read a norm of their own whose columns reach equally far, because one 8-bit scale serves
    all columns; their weights take up the rest, so that in float nothing changes (SmoothQuant, Xiao et
    al. 2023). How far a column reaches is read off the norm's weights, so that no comments are needed.
    """
    nodes, readers = [], Counter(name for node in graph.node for name in node.input)
    for node in graph.node:
        nodes.append(node)
        products = [one for one in _products(graph, weights) if node.output[0] == one.input[0]]
        if node.op_type != "LayerNormalization" or not products or node.input[1] not in weights:
            continue
        if any(readers[product.input[1]] > 1 for product in products):
            continue  # layers that share weights: scaled for one, they would be wrong for the others
        norm = [numpy_helper.to_array(weights[name]) for name in node.input[1:] if name in weights]
        reach = SPREAD * np.abs(norm[0]) + (np.abs(norm[1]) if len(norm) > 1 else 0.0)
        matrices = [numpy_helper.to_array(weights[product.input[1]]) for product in products]
        largest = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        scale = np.maximum(reach, SMALLEST) ** SHARE / np.maximum(largest, SMALLEST) ** (1 - SHARE)
        scale = scale / np.exp(np.log(scale).mean())
        own = _own_norm(graph, node, [part / scale for part in norm])
        nodes.append(own)
        for product, matrix in zip(products, matrices, strict=True):
            product.input[0] = own.output[0]
            scaled = (matrix * scale[:, None]).astype(np.float32)
            weights[product.input[1]].CopyFrom(numpy_helper.from_array(scaled, product.input[1]))
    del graph.node[:]
    graph.node.extend(nodes)


def words_by_row(graph: onnx.GraphProto, weights: dict[str, TensorProto]) -> None:
    """The largest table that is looked up becomes 8-bit codes with a scale a row: with one scale for all,
    the few longest rows made every other one coarse."""
    found = max(_look_ups(graph, weights), key=lambda node: weights[node.input[0]].dims[0], default=None)
    if found is None:
        return
    name, ids, answer = found.input[0], found.input[1], found.output[0]
    table = numpy_helper.to_array(weights[name])
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), SMALLEST) / LARGEST_CODE
    codes = np.rint(table / scale).astype(np.int8)
    weights[name].CopyFrom(numpy_helper.from_array(codes, name))
    graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"))
    found.output[0] = f"{answer}_codes"
    place = next(number for number, node in enumerate(graph.node) if node.name == found.name) + 1
    looked_up = [
        helper.make_node("Gather", [f"{name}_scale", ids], [f"{answer}_scale"], f"{found.name}_scale"),
        helper.make_node(
            "Cast", [f"{answer}_codes"], [f"{answer}_whole"], f"{found.name}_cast", to=TensorProto.FLOAT
        ),
        helper.make_node("Mul", [f"{answer}_whole", f"{answer}_scale"], [answer], f"{found.name}_scaled"),
    ]
    for number, node in enumerate(looked_up):
        graph.node.insert(place + number, node)


def narrowing(graph: onnx.GraphProto, weights: dict[str, TensorProto]) -> list[str]:
    """The products that end a layer. What comes into those of the first layers has a few values far above
    all others, and one scale for all of them loses more agreement there than anywhere else."""
    shapes = ((node.name, weights[node.input[1]].dims) for node in _products(graph, weights))
    return [name for name, (rows, columns) in shapes if rows > columns]


def _products(graph: onnx.GraphProto, weights: dict[str, TensorProto]) -> Iterator[NodeProto]:
    """Of the whole text with a matrix of weights."""
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights and len(weights[node.input[1]].dims) == 2:
            yield node


def _look_ups(graph: onnx.GraphProto, weights: dict[str, TensorProto]) -> list[NodeProto]:
    """Of rows in a table that nothing else reads."""
    readers = [name for node in graph.node for name in node.input]
    return [
        node
        for node in graph.node
        if node.op_type == "Gather"
        and node.input[0] in weights
        and weights[node.input[0]].data_type == TensorProto.FLOAT
        and len(weights[node.input[0]].dims) == 2
        and readers.count(node.input[0]) == 1
    ]


def _own_norm(graph: onnx.GraphProto, node: NodeProto, parts: list[np.ndarray]) -> NodeProto:
    own = NodeProto()
    own.CopyFrom(node)
    own.name, own.output[0] = f"{node.name}_even", f"{node.output[0]}_even"
    for number, part in enumerate(parts, start=1):
        own.input[number] = f"{node.input[number]}_{own.name}"
        graph.initializer.append(numpy_helper.from_array(part.astype(np.float32), own.input[number]))
    return own
