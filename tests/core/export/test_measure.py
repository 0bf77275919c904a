import time

import numpy as np

from core.export.measure import cpu_ms, model_mb


class Busy:
    def probabilities(self, texts):
        end = time.process_time() + 0.01 * len(texts)
        while time.process_time() < end:
            pass
        return np.zeros((len(texts), 2))


def test_cpu_time_a_distinct_row():
    assert 10 <= cpu_ms(Busy(), ["a", "b", "b"], repeats=2) < 14


def test_size_counts_weights_of_encoder_and_head(single):
    count = sum(part.numel() for part in single.encoder.model.parameters())
    wanted = (4 * count + 8 * (3 * single.encoder.size + 3)) / 1e6
    assert wanted <= model_mb(single) < wanted + 0.01  # some buffers, such as the numbers of places
    assert model_mb(Busy()) is None
