from dataclasses import replace

from core.workflow import tuning
from pages.parts import tuning_panel
from tests.pages.trained import WORDS, add_dataset, train_now


def test_what_was_trained_by_itself_is_called_as_the_plan_calls_it(data_folder):
    run = train_now(add_dataset())
    trial = tuning.plan(run)[0]
    words = {trial.options: trial.words}
    alone = replace(run, id=run.id + 1, options=replace(trial.options, trial_of=0))
    assert tuning_panel._difference(run, alone, words) == trial.words
    other = replace(alone, options=replace(WORDS, seed=7))
    assert tuning_panel._difference(run, other, words) == "seed 7"
