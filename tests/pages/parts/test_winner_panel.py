"""The model that a press trains is the one that won."""

from dataclasses import replace

import pytest

from core.domain import BETTER, BILSTM, QUICK, TFIDF, TrainingOptions
from pages.parts import resources, winner_panel
from tests.pages.trained import WORDS, add_dataset, press, train_now

SHARED = {"seed": 3, "split": "grouped", "split_seed": 4, "balance": "weights", "without": ("slow",)}
ENCODER = {"encoder": "owner/encoder", "max_tokens": 256}
STEPS = {
    "epochs": 7,
    "patience": 2,
    "weight_decay": 0.1,
    "label_smoothing": 0.2,
    "batch_tokens": 512,
    "vectors": "abc",
}
BETTER_ONLY = {"body_rate": 5e-5, "frozen_layers": 2, "adapter_rank": 4, "augment": 0.5, "trial_of": 9}
FULL = TrainingOptions(mode=BETTER, bilstm=True, **SHARED, **ENCODER, **STEPS, **BETTER_ONLY)


@pytest.mark.parametrize(
    ("mode", "used"),
    [
        (QUICK, ENCODER),
        (BILSTM, {"max_tokens": 256, **STEPS}),
        (TFIDF, {"quick": True, **ENCODER}),
    ],
)
def test_a_winner_is_trained_with_the_settings_it_was_measured_with(mode, used):
    assert winner_panel.alike(FULL, mode) == TrainingOptions(mode=mode, **SHARED, **used)


@pytest.mark.parametrize(
    ("mode", "name", "used"),
    [
        (QUICK, "Quick", {"max_tokens": 64}),
        (BILSTM, "BiLSTM", {"max_tokens": 64, "epochs": 5, "patience": 1, "batch_tokens": 512}),
    ],
)
def test_a_press_queues_the_winner(open_page, mode, name, used):
    run = train_now(
        add_dataset(), replace(WORDS, max_tokens=64, epochs=5, patience=1, batch_tokens=512, body_rate=1e-5)
    )
    store = resources.store()
    winner = replace(run.model, name=mode, macro_f1=run.model.macro_f1 + 0.05)
    store.runs.update(run.id, evaluation=replace(run.evaluation, baselines=(winner,)))
    press(open_page("train"), f"Train {name} as the model")
    assert store.runs.list(run.dataset_id)[0].options == TrainingOptions(mode=mode, **used)
