"""The model that a press trains is the one that won."""

from dataclasses import replace

import pytest

from core.domain import BETTER, BILSTM, QUICK, TFIDF, TrainingOptions
from core.workflow import comparing
from pages.parts import resources, winner_panel
from tests.pages.trained import WORDS, add_dataset, buttons, press, set_beside, texts, train_now

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


def test_a_lead_that_may_be_chance_is_told_and_not_recommended(open_page):
    run = train_now(add_dataset(), TrainingOptions(mode=TFIDF))
    set_beside(run, QUICK, mended=2)
    winner = resources.store().runs.get(run.id).winner
    assert winner.name == QUICK and winner.macro_f1 > run.model.macro_f1
    app = open_page("train")
    assert "recommended" not in texts(app)
    assert (
        f"Quick reaches macro F1 {winner.macro_f1:.2f} on the same held-out comments, this model "
        f"{run.model.macro_f1:.2f}: no clear difference." in texts(app)
    )
    assert "cheaper" not in texts(app), "Quick takes longer than TF-IDF"
    assert "Train Quick as the model" in buttons(app)


def test_of_two_that_are_as_good_the_cheaper_one_may_be_preferred(open_page):
    run = train_now(add_dataset(), TrainingOptions(mode=TFIDF))
    set_beside(run, QUICK, mended=1)
    run = resources.store().runs.get(run.id)
    dear = replace(run, options=replace(run.options, mode=BETTER))
    assert winner_panel._is_cheaper(run.winner, dear) and not winner_panel._is_cheaper(run.winner, run)


def test_two_figures_have_as_many_digits_as_tell_them_apart():
    assert winner_panel._told_apart(0.39, 0.38) == ("0.39", "0.38")
    assert winner_panel._told_apart(0.384, 0.381) == ("0.384", "0.381")


def test_the_comparison_is_done_once(open_page, monkeypatch):
    set_beside(train_now(add_dataset()), QUICK, mended=2)
    app = open_page("train")
    monkeypatch.setattr(comparing, "is_beaten", lambda *asked: pytest.fail("it is compared again"))
    app.run()
    assert not app.exception and "no clear difference" in texts(app)


def test_a_run_of_an_earlier_version_recommends_nothing(open_page):
    run = train_now(add_dataset())
    better = replace(run.model, name=BILSTM, macro_f1=run.model.macro_f1 + 0.05)
    resources.store().runs.update(run.id, evaluation=replace(run.evaluation, baselines=(better,)))
    said = texts(open_page("train"))
    assert "kept too little to tell whether that is chance" in said and "no clear difference" not in said
