import pytest

from core.domain import TrainingOptions
from core.training import modes
from core.workflow import runs, vectors
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


@pytest.fixture
def read(monkeypatch):
    """The comments that an encoder has read."""
    embed, found = vectors.embed, []

    def watched(store, encoder, texts, *more):
        found.extend(texts)
        return embed(store, encoder, texts, *more)

    monkeypatch.setattr(vectors, "embed", watched)
    return found


@pytest.fixture
def one(store, settings, keep, made_up):
    """Trains on 80 labelled comments of 110."""
    dataset = keep([*made_up(80), *((f"nobody labelled this {k}", "") for k in range(30))])

    def of(**options):
        options = TrainingOptions(encoder="tests/tiny", **options)
        run, _ = runs.start_training(store, settings, *dataset, options)
        return train(store, settings, run.id, Task())

    return of


def test_quick_stands_beside_a_bilstm_and_reads_labelled_comments_alone(store, one, read):
    run = one(mode="bilstm", epochs=1)
    assert len(read) == 80
    assert [scores.name for scores in run.evaluation.baselines] == ["quick", "tfidf", "majority"]
    assert run.model.name == "bilstm" and run.evaluation.facts["unknown_share"] == 0
    quick = one(mode="quick")
    assert run.evaluation.baselines[0].macro_f1 == quick.model.macro_f1, "the same as the model of its own"
    assert len(store.predictions.table(run.id)[0]) == 110


def test_quick_stands_beside_tfidf_where_it_is_asked_for(store, one, read):
    alone, run = one(mode="tfidf"), one(mode="tfidf", quick=True, bilstm=True, epochs=1)
    assert [scores.name for scores in alone.evaluation.baselines] == ["majority"]
    assert [scores.name for scores in run.evaluation.baselines] == ["quick", "bilstm", "majority"]
    assert len(read) == 80, "the labelled comments, and only for the run that asked for Quick"
    assert run.model.macro_f1 == alone.model.macro_f1 and run.model.name == "tfidf"
    quick = one(mode="quick")
    assert run.evaluation.baselines[0].macro_f1 == quick.model.macro_f1, "the same as the model of its own"


@pytest.mark.parametrize("mode", ["bilstm", "tfidf"])
def test_quick_is_judged_beside_in_every_fold(store, settings, keep, made_up, mode):
    options = TrainingOptions(
        mode=mode, encoder="tests/tiny", epochs=1, split="kfold:2", quick=mode == "tfidf"
    )
    run, _ = runs.start_training(store, settings, *keep(made_up(80)), options)
    run = train(store, settings, run.id, Task())
    assert {scores.name: scores.n for scores in run.evaluation.baselines}["quick"] == run.model.n == 80


@pytest.mark.parametrize("split", ["stratified", "kfold:2"])
@pytest.mark.parametrize("mode", ["quick", "better", "tfidf", "bilstm"])
def test_the_progress_of_no_training_goes_back(store, settings, keep, made_up, mode, split):
    seen = []
    options = TrainingOptions(
        mode=mode, split=split, encoder="tests/tiny", epochs=1, batch_tokens=64, bilstm=mode == "better"
    )
    run, _ = runs.start_training(store, settings, *keep(made_up(80)), options)
    train(store, settings, run.id, Task(lambda pct, words: seen.append((pct, words))))
    places = [pct for pct, _ in seen]
    assert places == sorted(places) and places[-1] == 99
    said = " ".join(words for _, words in seen)
    assert "left" in said or mode in ("quick", "tfidf"), "they take no second here"
    assert "GB of memory" in said


@pytest.mark.parametrize(
    "options, used",
    [
        (TrainingOptions(mode="tfidf"), False),
        (TrainingOptions(mode="tfidf", quick=True, encoder="tests/tiny"), True),
        (TrainingOptions(mode="tfidf", bilstm=True, epochs=1), True),
    ],
    ids=["words", "quick beside", "bilstm beside"],
)
def test_memory_is_that_of_the_device_where_it_is_used(
    store, settings, keep, made_up, monkeypatch, options, used
):
    from core.models import peak

    real, asked = peak.Peak, []
    monkeypatch.setattr(peak, "Peak", lambda device, used: asked.append(used) or real(device))
    run, _ = runs.start_training(store, settings, *keep(made_up(80)), options)
    train(store, settings, run.id, Task())
    assert asked == [used]
