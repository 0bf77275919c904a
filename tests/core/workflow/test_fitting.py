from core.domain import TrainingOptions
from core.training import modes
from core.workflow import runs
from core.workflow.task import Task
from core.workflow.train_job import train


def test_no_round_of_folds_goes_on_from_the_state_of_another(store, settings, keep, made_up, monkeypatch):
    fit, folders = modes.fit, []

    def watched(mode, material, train_rows, validation, tools):
        folders.append(tools.folder)
        return fit(mode, material, train_rows, validation, tools)

    monkeypatch.setattr(modes, "fit", watched)
    options = TrainingOptions(mode="tfidf", split="kfold:2x2")
    run, _ = runs.start_training(store, settings, *keep(made_up(80)), options)
    train(store, settings, run.id, Task())
    assert len(set(folders)) == len(folders) == 5, "2 folds, twice, and the model that stays"
