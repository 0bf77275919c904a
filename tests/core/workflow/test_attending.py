from base64 import b64decode

import numpy as np

from core.workflow.attending import coded


def test_one_byte_a_cell_is_the_root_of_its_part_of_the_largest():
    # Roots of 1, 1/4, 1/16 and 0 are 1, 1/2, 1/4 and 0 of 255.
    cells, top = coded(np.array([[0.8, 0.2], [0.05, 0.0]], dtype=np.float32))
    assert list(b64decode(cells)) == [255, 128, 64, 0]
    assert abs(top - 0.8) < 1e-6


def test_what_is_read_back_is_near_also_where_weights_are_small():
    weights = np.random.default_rng(0).dirichlet(np.full(64, 0.2), size=64)
    cells, top = coded(weights)
    back = top * (np.frombuffer(b64decode(cells), dtype=np.uint8).reshape(64, 64) / 255.0) ** 2
    assert np.abs(back - weights).max() < 0.004
    assert np.abs(back - weights)[weights < 0.01].max() < 0.0005


def test_nothing_and_zeros():
    assert coded(np.zeros((0, 0))) == ("", 0.0)
    assert list(b64decode(coded(np.zeros((1, 1)))[0])) == [0]
