"""What a pause costs, told for every way to train."""

from core.workflow import runs
from pages.parts import progress


def test_every_way_to_train_says_what_a_pause_keeps():
    assert set(progress.PAUSES) == set(runs.MODES)
    for kept, after in progress.PAUSES.values():
        assert kept.endswith(".") and after.startswith("It was paused or interrupted")
