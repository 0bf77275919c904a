"""The map and the neighbours on a finished training: what they hold, and what their parts of the page say."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.workflow import explain_jobs, mapping, resembling
from core.workflow.explanations import load_classifier
from pages.parts import resources
from tests.pages.trained import TOPICS, add_dataset, append, do_jobs, press, texts, train_now


def draw(part: str, *given) -> AppTest:
    def script(part, given):
        import importlib

        from pages.parts import resources

        run = resources.store().runs.get(given[0])
        importlib.import_module(f"pages.parts.{part}").show(run, *given[1:])

    return AppTest.from_function(script, default_timeout=60, args=(part, given)).run()


@pytest.fixture
def run(data_folder):
    return train_now(add_dataset(120))


def test_the_map_of_a_run(run):
    app = draw("map_view", run.id)
    assert "about" in texts(app)
    press(app, "Draw the map")
    assert explain_jobs.pending(resources.store(), run, explain_jobs.MAP)
    while do_jobs("model"):
        pass
    found = mapping.stored(resources.store(), run)
    table = found.table
    assert len(table) == found.every == 120 and not found.stale
    assert table[["x", "y"]].abs().to_numpy().max() == pytest.approx(1.0)
    assert set(table["given"]) == set(TOPICS)
    right = table["given"].astype("str") == table["said"].astype("str")
    assert ((table["right"] == mapping.RIGHT) == right).all()
    assert table["confidence"].between(0, 1).all() and table["held_out"].sum() == 24
    assert set(table["segment:plan"]) == {"free", "team"}
    app = draw("map_view", run.id)
    assert not app.exception and "Draw a loop" in texts(app)
    for colour in app.selectbox(key="map_colour").options:
        app.selectbox(key="map_colour").set_value(colour).run()
        assert not app.exception
    csv = mapping.rows_csv(resources.store(), run, table["id"].tolist()).decode("utf-8-sig")
    assert len(csv.splitlines()) == 121


def test_new_comments_make_a_map_stale(run):
    store, settings = resources.store(), resources.settings()
    mapping.measure(store, settings, run.id, {}, resembling.SILENT)
    append(store.datasets.get(run.dataset_id), 5)
    found = mapping.stored(store, run)
    assert found.stale and len(found.table) == 120
    mapping.measure(store, settings, run.id, {}, resembling.SILENT)
    found = mapping.stored(store, run)
    assert len(found.table) == 125 and not found.stale
    new = found.table.iloc[-5:]
    assert set(new["right"]) == {mapping.UNLABELLED} and np.isnan(new["confidence"]).all()


def test_many_are_drawn_by_lot(monkeypatch):
    monkeypatch.setattr(mapping, "MOST", 10)
    ids = np.arange(100, 200)
    assert mapping.drawn(ids).tolist() == mapping.drawn(ids).tolist() == sorted(set(mapping.drawn(ids)))
    assert len(mapping.drawn(ids)) == 10 and mapping.drawn(ids[:5]).tolist() == ids[:5].tolist()


def test_neighbours_are_other_comments_it_learned_from(run):
    store = resources.store()
    model = load_classifier(store, resources.settings(), run.id)
    among = resembling.learned(store, run, model)
    rows = store.runs.rows(run.id)
    assert set(among.ids) == set(rows.loc[rows["part"] == "train", "feedback_id"])
    key = int(among.ids[0])
    text = store.datasets.feedback(run.dataset_id, [key])["text"].iloc[0]
    for asked in ((text, key), (f"  {text.upper()} ", None)):
        found = resembling.neighbours(store, run, model, *asked, among=among)
        assert len(found.neighbours) == 5 and key not in {one.feedback_id for one in found.neighbours}
        likeness = [one.likeness for one in found.neighbours]
        assert likeness == sorted(likeness, reverse=True)
        assert found.agreement == sum(one.said for one in found.neighbours) / 5
    assert resembling.neighbours(store, run, model, "nothing here was heard of").neighbours == ()


def test_the_neighbours_on_the_page(run):
    app = draw("resembles_view", run.id, "invoice refund charge price", None)
    assert not app.exception
    said = texts(app)
    assert "most similar labelled comments" in said and "label" in said
    app.button(key="neighbour_0").click().run()
    assert (
        app.session_state["explain_feedback"] in resources.store().runs.rows(run.id)["feedback_id"].tolist()
    )
    assert "Choose or paste" in texts(draw("resembles_view", run.id, " ", None))
