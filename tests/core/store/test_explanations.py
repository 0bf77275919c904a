from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import delete

from core.domain import TrainingOptions
from core.errors import AppError, LeaseLost
from core.store.database import transaction
from core.store.explanations import Question, forget_findings
from core.store.tables import feedback

CONTENT = {"spans": [[0, 4, 0.25, ""]], "label": "bug"}


@pytest.fixture
def run(new_run):
    return new_run()[0]


@pytest.fixture
def ids(store, stored):
    return store.datasets.feedback(stored.dataset_id)["id"].to_numpy()


@pytest.fixture
def asked(ids):
    return Question(int(ids[0]), "bug", "", "occlusion")


def test_an_attribution_is_of_one_text_and_one_version(store, run, asked):
    kept = store.explanations
    kept.keep_attribution(run.id, asked, "hash", 1, CONTENT)
    assert kept.attribution(run.id, asked, "hash", 1) == CONTENT
    assert kept.attribution(run.id, asked, "other text", 1) is None
    assert kept.attribution(run.id, asked, "hash", 2) is None
    contrast = Question(asked.feedback_id, "bug", "praise", "occlusion")
    assert kept.attribution(run.id, contrast, "hash", 1) is None
    kept.keep_attribution(run.id, asked, "other text", 2, CONTENT | {"label": "x"})
    assert kept.attribution(run.id, asked, "other text", 2)["label"] == "x"
    assert kept.attribution(run.id, asked, "hash", 1) is None


def test_it_goes_with_its_comment_and_comes_not_back(store, run, asked):
    store.explanations.keep_attribution(run.id, asked, "hash", 1, CONTENT)
    store.explanations.keep_places(run.id, np.array([asked.feedback_id]), np.zeros((1, 2)))
    with transaction(store.engine) as connection:
        connection.execute(delete(feedback).where(feedback.c.id == asked.feedback_id))
    assert store.explanations.attribution(run.id, asked, "hash", 1) is None
    assert len(store.explanations.places(run.id)[0]) == 0
    store.explanations.keep_attribution(run.id, asked, "hash", 1, CONTENT)
    assert store.explanations.attribution(run.id, asked, "hash", 1) is None


def test_findings_by_label_are_replaced_and_forgotten(store, run, stored):
    kept = store.explanations
    kept.keep_finding(run.id, "drivers", "bug", {"words": ["slow"]}, "old")
    kept.keep_finding(run.id, "drivers", "bug", {"words": ["crash"]}, "new")
    kept.keep_finding(run.id, "trust", "", {"badge": "tested"}, "new")
    found = kept.findings(run.id, "drivers")
    assert {label: each.content for label, each in found.items()} == {"bug": {"words": ["crash"]}}
    assert found["bug"].data_sha256 == "new"
    assert datetime.now(UTC) - found["bug"].created_at < timedelta(minutes=1)
    with transaction(store.engine) as connection:
        assert forget_findings(connection, stored.dataset_id + 1) == 0
        assert forget_findings(connection, stored.dataset_id) == 2
    assert kept.findings(run.id, "trust") == {}


def test_findings_go_with_the_dataset_that_the_run_was_judged_on(store, stored):
    label_set = store.labels.sets(stored.dataset_id)[0].id
    run = store.runs.add(stored.dataset_id, label_set, TrainingOptions(test_dataset=77), "data", "k")
    store.explanations.keep_finding(run.id, "trust", "", {}, "x")
    with transaction(store.engine) as connection:
        assert forget_findings(connection, 77) == 1


def test_a_job_keeps_nothing_of_comments_that_changed_meanwhile(store, run, stored):
    store.jobs.enqueue("drivers", {"run": run.id}, device="model")
    fence = (store.jobs.claim("me", 60.0, "model").id, "me", 1)
    now = store.datasets.get(stored.dataset_id).sha256
    store.explanations.keep_finding(run.id, "drivers", "", {"n": 1}, now, fence)
    with pytest.raises(AppError, match="changed while"):
        store.explanations.keep_finding(run.id, "drivers", "", {"n": 2}, "another", fence)
    assert store.explanations.findings(run.id, "drivers")[""].content == {"n": 1}


def test_a_worker_without_its_lease_keeps_nothing(store, run):
    lost = (999, "nobody", 1)
    with pytest.raises(LeaseLost):
        store.explanations.keep_finding(run.id, "trust", "", {}, "x", lost)
    with pytest.raises(LeaseLost):
        store.explanations.keep_places(run.id, np.zeros(0, dtype=int), np.zeros((0, 2)), lost)


def test_places_come_back_by_id_and_strangers_are_left_out(store, run, ids):
    places = np.array([[0.5, -0.25], [0.125, 1.0], [0.0, 0.0]])
    store.explanations.keep_places(run.id, np.array([ids[1], ids[0], 999_999]), places)
    found, where = store.explanations.places(run.id)
    assert found.tolist() == ids[:2].tolist()
    assert where.dtype == np.float32
    assert where.tolist() == [[0.125, 1.0], [0.5, -0.25]]
    assert store.explanations.places(run.id + 1)[1].shape == (0, 2)
