import io
import json
from itertools import pairwise

import pytest
from pptx import Presentation
from streamlit.testing.v1 import AppTest

from core.workflow import explain_files
from pages.parts import model, resources
from tests.pages.trained import add_dataset, texts, train_now


def script(run_id, feedback_id, ids):
    from pages.parts import explain_export, model, resources

    store = resources.store()
    run = store.runs.get(run_id)
    text = store.datasets.feedback(run.dataset_id, [feedback_id])["text"].iloc[0]
    found = model.attribution(run, text, feedback_id, run.labels[0], "occlusion")
    explain_export.show(run, found, ids, feedback_id)


@pytest.fixture
def trained(data_folder):
    run = train_now(add_dataset(90))
    return run, resources.store().datasets.feedback(run.dataset_id)["id"].tolist()


def visit(run, ids):
    app = AppTest.from_function(script, args=(run.id, ids[0], ids), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


def downloads(app):
    return [button.proto.label for button in app.get("download_button")]


def test_a_comment_and_then_its_list(trained):
    run, ids = trained
    names = [known.name for known in explain_files.FORMATS.values()]
    app = visit(run, ids)
    assert downloads(app) == names
    assert "the first 50 comments" in texts(app)
    (button,) = [button for button in app.button if button.label == "Explain them"]
    button.click().run()
    assert not app.exception, app.exception
    assert downloads(app) == names * 2
    assert downloads(visit(run, ids[:1])) == names, "one comment is no list"


def test_the_files_of_a_list(trained, monkeypatch):
    run, ids = trained
    store, classifier = resources.store(), model.classifier(run)
    rows = list(explain_files.explain_list(store, run, classifier, [ids[3], 10**9, ids[1], ids[3]]))
    assert [row.feedback_id for row in rows] == [ids[3], ids[1]]
    assert all(row.attribution.label in run.labels for row in rows)
    found = json.loads(explain_files.build(run, rows, "json"))
    assert found["model_sha256"] == run.manifest_sha256
    for comment, row in zip(found["comments"], rows, strict=True):
        assert comment["text"] == row.attribution.text
        assert all(a["end"] <= b["start"] for a, b in pairwise(comment["spans"]))
    assert explain_files.build(run, rows, "html").count(b'class="words"') == 2
    assert len(Presentation(io.BytesIO(explain_files.build(run, rows, "pptx"))).slides) == 2
    assert explain_files.build(run, rows, "csv").count(b"\r\n") == 1 + sum(
        len(row.attribution.spans) for row in rows
    )
    # Asked again, nothing is explained anew.
    monkeypatch.setattr("core.workflow.explanations.explain", lambda *asked: pytest.fail("explained again"))
    assert list(explain_files.explain_list(store, run, classifier, [ids[3], ids[1]])) == rows
    assert list(explain_files.explain_list(store, run, classifier, [])) == []
