import pytest

from core.domain import TrainingOptions
from core.training.rates import body_rate


@pytest.mark.parametrize("width, rate", [(32, 1.5e-4), (384, 1.5e-4), (768, 7.5e-5), (1024, 5.625e-5)])
def test_wider_encoders_learn_slower_unless_a_rate_is_set(width, rate):
    assert body_rate(TrainingOptions(), width) == pytest.approx(rate)
    assert body_rate(TrainingOptions(body_rate=3e-4), width) == 3e-4
