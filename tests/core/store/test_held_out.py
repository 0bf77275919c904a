import numpy as np

from core.store.held_out import MODEL, RAW, Answers


def answers(ids, repeat, value):
    count = len(ids)
    cells = np.tile(np.array([value, 1 - value], np.float32), (count, 1))
    return Answers(np.array(ids), np.array(repeat), np.zeros(count, int), cells)


def test_each_model_keeps_its_answers_by_repeat_and_id(store, stored, new_run):
    run, _ = new_run()
    first, second, _ = store.datasets.feedback(stored.dataset_id)["id"].tolist()
    heard = {MODEL: answers([second, first, first], [0, 1, 0], 0.75), RAW: answers([first], [0], 0.5)}
    store.runs.finish(run.id, None, (np.array([]), np.zeros((0, 2))), heard)
    kept = store.held_out.get(run.id)
    assert kept.ids.tolist() == [first, second, first] and kept.repeat.tolist() == [0, 0, 1]
    assert kept.probabilities.tolist() == [[0.75, 0.25]] * 3
    assert store.held_out.models(run.id) == (MODEL, RAW)
    assert store.held_out.get(run.id, "tfidf") is None


def test_they_go_with_their_run(store, stored, new_run):
    run, _ = new_run()
    ids = store.datasets.feedback(stored.dataset_id)["id"].tolist()
    store.runs.finish(run.id, None, (np.array([]), np.zeros((0, 2))), {MODEL: answers(ids, [0, 0, 0], 0.5)})
    assert len(store.held_out.get(run.id).ids) == 3
    store.runs.delete(run.id)
    assert store.held_out.get(run.id) is None
