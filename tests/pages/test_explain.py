"""The Explain page on TF-IDF runs; the drawing of the words is tested in a browser."""

from core.workflow import insights
from pages.parts import resources
from tests.pages import trained
from tests.pages.trained import add_dataset, charts, press, texts, train_now

FIGURES = [
    f"{name}{end}" for name in ("comprehensiveness", "sufficiency") for end in ("", " of random words")
]
WEAK = {
    "badge": "weak",
    "words": "Like chance.",
    "figures": {"comments": 50.0, **dict.fromkeys(FIGURES, 0.1)},
    "method": "occlusion",
}


def bars(app):
    (chart,) = [found for found in app.get("plotly_chart") if "weight" in found.proto.spec]
    return chart.proto.spec


def box(app, label):
    (found,) = [box for box in app.selectbox if box.label == label]
    return found


def run_again(app):
    app.run()
    assert not app.exception
    return app


def address(app):
    found = app.query_params["comment"]  # text as the page writes it, a list as a visitor does
    return int(found if isinstance(found, str) else found[0])


def one_of(run, place):
    """A comment of the last list, and the label that it has."""
    label, ids = list(insights.predicted(resources.store(), run.id).items())[-1]
    return ids[place], label


def test_a_comment_is_explained_at_once_and_can_be_named_by_its_address(open_page):
    run = train_now(add_dataset())
    (wanted, label), (other, _) = one_of(run, -1), one_of(run, 0)
    app = open_page("explain")
    assert "The model says" in texts(app) and "A person said" in texts(app)
    assert "explains the model, not the customer" in texts(app)
    assert "points of confidence" in bars(app)
    assert charts(app) == 1  # only the view that is open is worked out
    first = box(app, "Comment").value
    assert address(app) == first
    for asked in ("7; drop", "9" * 30, "-1", "²"):
        app.query_params["comment"] = asked
        assert box(run_again(app), "Comment").value == first
    app.query_params["comment"] = str(other)
    assert box(run_again(app), "Comment").value == other

    app.session_state["explain_scope"] = "The whole model"
    app.session_state["explain_feedback"] = wanted
    run_again(app)
    assert (box(app, "Comment").value, box(app, "Predicted as").value) == (wanted, label)
    assert address(app) == wanted
    app.session_state["explain_feedback"] = 10**9
    assert "not among the comments of this run" in texts(run_again(app))
    assert box(app, "Comment").value == wanted


def test_labels_and_methods_are_compared_and_the_test_of_the_model_is_told(open_page):
    run = train_now(add_dataset())
    app = open_page("explain")
    why, other = box(app, "Why this label?"), box(app, "And not")
    assert other.options[0] == "all others"
    assert other.options[1] == why.options[1]  # the next likeliest stands first
    other.select_index(1).run()
    assert f"← {other.options[1].split(' · ')[0]}" in bars(app)
    press(app, "Precise, slower")
    assert "times the confidence" in bars(app)
    press(app, "Quick picture")
    assert "points of confidence" in bars(app)

    app.session_state["methods_drawer"] = True
    assert "Both methods name" in texts(run_again(app))
    assert [box(app, f"{place} method").value for place in ("First", "Second")] == ["occlusion", "shapley"]
    assert len(box(app, "First method").options) == 2  # it has neither layers nor attention

    keep = resources.store().explanations.keep_finding
    keep(run.id, "trust", "", WEAK, "")
    assert "say little more than chance" in texts(run_again(app))
    keep(run.id, "faithfulness", "", {"headline": "shapley"}, "")
    assert "did best on this model's own held-out comments" in texts(run_again(app))
    assert "times the confidence" in bars(app)

    app.session_state["source"] = "Paste a comment"
    assert "The model says" not in texts(run_again(app))
    app.text_area(key="pasted").input("slow <b>invoice</b> 配送").run()
    assert not app.exception
    assert "A person said" not in texts(app) and "slow" in bars(app)
    assert "comment" not in app.query_params
    app.query_params["comment"] = str(run.id)  # the browser has not heard yet that the address is gone
    app.text_area(key="pasted").input("another slow invoice").run()
    assert "another" in bars(app) and "A person said" not in texts(app)
    assert "comment" not in app.query_params


def test_without_a_model_the_page_leads_to_train_and_a_comment_may_have_no_label(open_page, data_folder):
    dataset = add_dataset(several=True)
    assert "Train a model first" in texts(open_page("explain"))
    run = train_now(dataset)
    every = set(resources.store().predictions.table(run.id)[0].tolist())
    said = insights.predicted(resources.store(), run.id)
    none = sorted(every - {key for ids in said.values() for key in ids})
    app = open_page("explain")
    assert "The model says" in texts(app)
    app.session_state["explain_feedback"] = none[0]
    assert "gives no label" in texts(run_again(app))
    assert box(app, "Comment").value == none[0]


def test_labels_that_look_alike_can_each_be_chosen(open_page, monkeypatch):
    alike = {"speed": "slow loading", "speed\u200b": "invoice price", "login": "password account"}
    topics = {name: f"{words} {words}" for name, words in alike.items()}
    monkeypatch.setattr(trained, "TOPICS", topics)
    run = train_now(add_dataset())
    assert set(run.labels) == set(alike)
    app = open_page("explain")
    predicted = insights.predicted(resources.store(), run.id)
    assert set(box(app, "Predicted as").options) == {"speed", "speed (2)", "login"}
    for label in alike:
        box(app, "Predicted as").set_value(label)
        run_again(app)
        assert address(app) in predicted[label]
        shown = [words.split(" · ")[0] for words in box(app, "Why this label?").options]
        assert set(shown) == {"speed", "speed (2)", "login"}
