"""A BiLSTM that was paused in the middle goes on from that step."""

import numpy as np
import pytest

from core.domain import TrainingOptions
from core.errors import Paused
from core.workflow import runs
from core.workflow.task import Task
from core.workflow.train_job import train

OPTIONS = TrainingOptions(mode="bilstm", encoder="tests/tiny", epochs=1, batch_tokens=128)


def pausing(after):
    """Raises Paused at the report of so many steps of the BiLSTM."""
    seen = []

    def progress(pct, message):
        if message.startswith("Training the BiLSTM"):
            seen.append(message)
            if len(seen) == after:
                raise Paused("paused")

    return Task(progress), seen


def begun(store, settings, keep, rows):
    return runs.start_training(store, settings, *keep(rows), OPTIONS)[0]


def test_a_paused_bilstm_ends_as_if_nothing_had_happened(store, settings, keep, made_up):
    run = begun(store, settings, keep, made_up(120))
    task, seen = pausing(10**9)
    whole = train(store, settings, run.id, task)
    steps, expected = len(seen), store.predictions.table(run.id)
    assert whole.curve and steps > 20

    other = begun(store, settings, keep, made_up(120))
    with pytest.raises(Paused):
        train(store, settings, other.id, pausing(20)[0])
    folder = settings.runs_dir / f"run-{other.id}"
    assert [state.name for state in folder.glob("training/state-*")] == ["state-00000020"]
    task, seen = pausing(10**9)
    found = train(store, settings, other.id, task)
    assert len(seen) == steps - 20 and not list(folder.glob("training*"))
    assert found.curve == whole.curve and found.model == whole.model
    assert np.array_equal(store.predictions.table(other.id)[1], expected[1])
