import numpy as np
import onnx
import onnxruntime
import pytest

from core.export.eight_bit import narrowing, prepared


def answer(model: onnx.ModelProto, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


@pytest.fixture(scope="module")
def ready(onnx_folders):
    path = onnx_folders["single"] / "model.onnx"
    return onnx.load(path), *prepared(path)


def test_the_graph_made_ready_answers_as_before(ready):
    before, after, _ = ready
    ids = np.random.default_rng(0).integers(5, 38, (7, 9))
    mask = np.ones_like(ids)
    mask[3, 4:] = 0
    # Evening changes nothing; the codes of the words round by up to half of 1/127 of a row's largest value.
    assert np.abs(answer(after, ids, mask) - answer(before, ids, mask)).max() < 0.03


def test_columns_reach_equally_far_but_the_product_is_the_same(ready):
    before, after, _ = ready
    weights = {part.name: onnx.numpy_helper.to_array(part) for part in after.graph.initializer}
    old = {part.name: onnx.numpy_helper.to_array(part) for part in before.graph.initializer}
    evened = [node for node in after.graph.node if node.name.endswith("_even")]
    assert len(evened) == 4, "before attention and before the widening, in two layers"
    for own in evened:
        node = next(one for one in before.graph.node if f"{one.name}_even" == own.name)
        scale = old[node.input[1]] / weights[own.input[1]]
        product = next(one for one in after.graph.node if own.output[0] in one.input)
        expected = old[product.input[1]] * scale[:, None]
        assert weights[product.input[1]] == pytest.approx(expected, rel=1e-4)
        assert np.log(scale).mean() == pytest.approx(0, abs=1e-4)


def test_words_are_codes_with_a_scale_a_row(ready):
    before, after, as_they_are = ready
    name = next(node.input[0] for node in before.graph.node if node.op_type == "Gather")
    parts = {part.name: onnx.numpy_helper.to_array(part) for part in after.graph.initializer}
    table = next(onnx.numpy_helper.to_array(part) for part in before.graph.initializer if part.name == name)
    codes, scale = parts[name], parts[f"{name}_scale"]
    assert codes.dtype == np.int8 and scale.shape == (len(table), 1)
    assert np.all(np.abs(codes * scale - table) <= scale / 2 + 1e-7)
    assert set(narrowing(before.graph, {part.name: part for part in before.graph.initializer})) <= set(
        as_they_are
    )


def test_no_sum_before_a_norm_is_left_for_the_slow_joined_operator(ready):
    before, _, _ = ready
    makers = {out: node.op_type for node in before.graph.node for out in node.output}
    norms = [node for node in before.graph.node if node.op_type == "LayerNormalization"]
    assert norms and all(makers[node.input[0]] == "Sum" for node in norms)
