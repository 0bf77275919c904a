"""What the Train page says of settings, time and memory, and that it is true."""

from dataclasses import replace

import pytest

from core.domain import BETTER, BILSTM, QUICK, TFIDF, Leak, TrainingOptions
from core.evaluation.ranges import wilson
from core.workflow import estimate, judging, runs
from pages.parts import resources, run_results
from tests.pages.trained import WORDS, add_dataset, open_tab, press, texts, train_now

MODERN = "answerdotai/ModernBERT-base"


def longest(app):
    return app.number_input(key="max_tokens")


def test_a_text_may_be_as_long_as_the_encoder_reads(open_page):
    dataset = add_dataset()
    app = open_page("train")
    assert (longest(app).value, longest(app).max) == (128, 512)
    assert "up to 512 here" in longest(app).help
    app.text_input(key="encoder").set_value(MODERN).run()
    assert longest(app).max == runs.LIMITS["max_tokens"][1], "it is not on this machine: the general limit"
    longest(app).set_value(2_000).run()
    assert not app.exception and longest(app).value == 2_000
    app.text_input(key="encoder").set_value("all-MiniLM-L6-v2").run()
    assert (longest(app).value, longest(app).max) == (512, 512)
    press(app, "Train")
    assert resources.store().runs.list(dataset.id)[0].options.max_tokens == 512


def test_a_bilstm_has_no_limit_of_its_own(open_page):
    add_dataset()
    app = open_page("train")
    app.segmented_control(key="other_mode").set_value(BILSTM).run()
    assert longest(app).max == 8_192
    app.segmented_control(key="other_mode").set_value(TFIDF).run()
    assert longest(app).disabled and not app.exception


def test_what_was_foreseen_stands_beside_the_progress_and_what_it_took_in_the_end(open_page):
    dataset = add_dataset()
    app = press(open_page("train"), "Train")
    assert "Foreseen before the start: about" in texts(app) and "GB of memory on the" in texts(app)
    resources.store().jobs.cancel(1)
    run = train_now(dataset)
    facts = run.evaluation.facts
    said = texts(open_tab(open_page("train"), "Training"))
    assert f"{facts[estimate.MEMORY] / 1000:.1f} GB of memory at most. Foreseen were" in said


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (BETTER, "What it has learned is kept: it goes on from there."),
        (BILSTM, "What it has learned is kept: it goes on from there."),
        (QUICK, "The comments it has read are kept; what follows takes little and begins anew."),
        (TFIDF, "TF-IDF takes little and begins anew."),
    ],
)
def test_a_pause_says_what_is_kept(open_page, mode, words):
    store, dataset = resources.store(), add_dataset()
    label_set = store.labels.sets(dataset.id)[0]
    options = TrainingOptions(mode=mode)
    run, _ = runs.start_training(store, resources.settings(), dataset.id, label_set.id, options)
    runs.pause(store, run.id)
    (bar,) = open_page("train").get("progress")
    assert bar.proto.text.replace("\\", "") == f"Paused at 0%. {words}"


def test_comments_behind_a_warning_are_shown_from_both_datasets(open_page):
    there = add_dataset(90, name="There", first=900)
    here = add_dataset(name="Here")
    run = train_now(here, replace(WORDS, test_dataset=there.id))
    store = resources.store()
    ids = [int(store.datasets.feedback(dataset.id)["id"].iloc[0]) for dataset in (here, there)]
    assert set(run_results.texts(run, ids)) == set(ids)
    leak = Leak("label_words", "The name of a label stands in its comments.", 1, (ids[0],))
    store.runs.update(run.id, evaluation=replace(run.evaluation, leaks=(leak,)))
    app = open_page("train")
    app.session_state["leak_0"] = True
    app.run()
    assert "These comments are not stored any more" not in texts(app)
    store.datasets.delete(there.id)
    assert set(run_results.texts(run, ids)) == {ids[0]}, "the other one can be deleted"


def test_how_sure_a_model_is_counts_people_where_they_were_kept_apart(open_page, monkeypatch):
    run = train_now(add_dataset(), replace(WORDS, split="grouped"))
    asked = []

    def one_person(store, runs, ids):
        asked.append([run.id for run in runs])
        return ["account 1"] * len(ids)

    monkeypatch.setattr(judging, "writers", one_person)
    unsure = run_results.certainty(run).unsure
    held = run_results.held_out(run)
    share = float(held.right.mean())
    assert asked == [[run.id]] and unsure[0].n == len(held.right)
    assert unsure[0].low == pytest.approx(wilson(share, 1)[0]), "one person is one piece of evidence"
    said = texts(open_tab(open_page("train"), "How sure"))
    assert any(f"(likely {point.low:.0%} to {point.high:.0%})" in said for point in unsure)
