"""The badge and the view of how far to trust a run's explanations, in each of their states."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from core.workflow import explain_jobs, trusting
from pages.parts import resources, trust_badge
from tests.pages import trained


def _show(run_id):
    from pages.parts import resources, trust_view

    trust_view.show(resources.store().runs.get(run_id))


def _badge(run_id):
    from pages.parts import resources, trust_badge

    trust_badge.badge(resources.store().runs.get(run_id))


def seen(part, run):
    app = AppTest.from_function(part, args=(run.id,), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


@pytest.fixture
def run(data_folder):
    return trained.train_now(trained.add_dataset(), tested=True)


@pytest.fixture
def untested(run):
    """A run from before explanations were tested: without the job that follows its training."""
    store = resources.store()
    store.jobs.cancel(explain_jobs.pending(store, run, explain_jobs.TRUST).id)
    return run


def test_from_waiting_to_tested_and_compared(run):
    assert "Being tested on your comments" in trained.texts(seen(_badge, run))
    waiting = seen(_show, run)
    assert "Cancel" in trained.buttons(waiting) and trained.charts(waiting) == 0
    assert trained.do_jobs("model") == ["done"]
    assert "Tested on 36 of your comments" in trained.texts(seen(_badge, run))
    app = seen(_show, run)
    assert "Tested on 36 of your comments: without the words it names" in trained.texts(app)
    assert trained.charts(app) == 1
    assert trained.buttons(app) == ["Test again", "Compare all methods"]
    trained.press(app, "Compare all methods")
    assert trained.do_jobs("model") == ["done"]
    app = seen(_show, run)
    table = app.dataframe[0].value
    assert table["Method"].str.contains("leads").sum() == 1
    assert table["Tests"].tolist()[-1] == "" and table["Method"].tolist()[-1] == "Words at random"
    assert "leads for this model" in trained.texts(app)
    trained.append(resources.store().datasets.get(run.dataset_id), 3)
    assert trained.texts(seen(_show, run)).count("The comments changed since this was measured") == 2


def test_an_older_run_can_be_tested_now(untested):
    assert "Not tested yet" in trained.texts(seen(_badge, untested))
    app = seen(_show, untested)
    assert "Not tested yet" in trained.texts(app) and trained.charts(app) == 0
    trained.press(app, "Test it")
    assert explain_jobs.pending(resources.store(), untested, explain_jobs.TRUST)


def test_a_failure_says_why(untested):
    store = resources.store()
    job = explain_jobs.queue(store, untested, explain_jobs.TRUST)
    store.jobs.claim("test", 60.0, "model")
    store.jobs.finish(job.id, "test", 1, "failed", "The model's file head.safetensors is damaged.")
    assert "is damaged" in trained.texts(seen(_show, untested))


WEAK = {
    "badge": "weak",
    "words": "Weak on your comments: the words it names matter no more than random ones.",
    "figures": {
        "comments": 50.0,
        "comprehensiveness": 0.03,
        "comprehensiveness of random words": 0.02,
        "sufficiency": 0.2,
        "sufficiency of random words": 0.21,
        "likeness to a randomised model": 0.42,
    },
    "method": "occlusion",
}


def test_weak_and_too_few(untested):
    kept = resources.store().explanations
    kept.keep_finding(untested.id, "trust", "", WEAK, "x")
    assert "Weak on your comments" in trained.texts(seen(_badge, untested))
    app = seen(_show, untested)
    assert app.warning and trained.charts(app) == 1
    few = {"badge": "unknown", "words": "Not tested: 3 held-out comments are too few, 20 are needed."}
    kept.keep_finding(untested.id, "trust", "", {**few, "figures": {"comments": 3.0}, "method": "m"}, "x")
    assert "Too few comments to test" in trained.texts(seen(_badge, untested))
    app = seen(_show, untested)
    assert "20 are needed" in trained.texts(app) and trained.charts(app) == 0


def test_the_figures_stand_in_the_help():
    found = trusting.TrustFinding(**WEAK, data_sha256="x", created_at=datetime.now(UTC))
    said = trust_badge.in_words(found)
    assert "alone it falls by 20 points, with random words alone by 21" in said
    assert "Without the named words it falls by 3 points, without random words by 2" in said
    assert "0.42 of 1" in said
