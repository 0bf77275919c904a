import numpy as np
import pytest

from core.errors import NotFound
from core.explain import rollout
from core.explain.attention import look


def test_two_layers_by_hand():
    # One head. Layer 1: both tokens look at the first; layer 2: each at itself.
    maps = np.array([[[[1.0, 0.0], [1.0, 0.0]]], [[[1.0, 0.0], [0.0, 1.0]]]])
    # R1 = [[1, 0], [.5, .5]]; R2 = R1; means of the rows .75, .25.
    assert rollout.flow(maps) == pytest.approx(np.array([[0.75, 0.25], [0.75, 0.25]]))


def test_heads_are_averaged_and_all_flow_is_kept(adding):
    maps = adding().attention("a b c")[1]
    found = rollout.flow(maps)
    assert found.shape == (2, 5)
    assert found.sum(axis=1) == pytest.approx([1.0, 1.0])
    # Layer 1 looks evenly: half of all stays, half is spread over five tokens.
    assert found[0] == pytest.approx([0.2] * 5)


def test_words_have_the_flow_of_their_tokens_for_any_label(adding):
    model = adding()
    one, other = (rollout.explain(model, "a b", label) for label in model.labels)
    flow = rollout.flow(model.attention("a b")[1])[-1]
    assert [span.weight for span in one.spans] == pytest.approx(flow[1:3])
    assert one.spans == other.spans
    assert one.unit == "% of the flow"
    assert rollout.by_layer(look(model, "a b"))[-1] == pytest.approx(flow[1:3], abs=1e-3)
    assert rollout.by_layer(look(model, "")).shape == (2, 0)


def test_a_model_without_attention():
    class Counted:
        labels = ("bug",)

    with pytest.raises(NotFound, match="no attention"):
        rollout.explain(Counted(), "a", "bug")
