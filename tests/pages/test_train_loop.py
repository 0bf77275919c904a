"""Good enough, tune, compare: what the pages say when a part of it cannot be known."""

import re
from dataclasses import replace

from core.domain import GateRule
from core.store import tables
from core.store.contents import rehashed
from core.store.database import transaction
from core.workflow import promotion, tuning
from pages.parts import resources, run_results
from tests.pages.trained import WORDS, add_dataset, buttons, charts, open_tab, press, texts, train_now

HARD = GateRule(0.999, 0.999, 0.001)
RANGE = r"\d\.\d\d \(\d\.\d\d–\d\.\d\d\)"


def table(app, alt: str):
    (found,) = [item.value for item in app.dataframe if item.proto.alt == alt]
    return found


def trained(options=WORDS, rule=HARD):
    dataset = next(iter(resources.store().datasets.list()), None) or add_dataset()
    run = train_now(dataset, options)
    promotion.set_rule(resources.store(), run.label_set_id, rule)
    return run


def test_a_run_judged_in_parts_says_how_to_tune_instead(open_page):
    trained(replace(WORDS, split="kfold:3"))
    app = open_page("train")
    assert "Start tuning" not in buttons(app)
    assert "The held-out comments have no say" not in texts(app)
    assert "Train with another way to judge, such as comments chosen at random, and tune that run." in texts(
        app
    )


def test_why_a_trial_was_cancelled_is_told_until_it_is_done(open_page):
    run, store = trained(), resources.store()
    app = press(open_page("train"), "Start tuning")
    trials = tuning.trials_of(store, run)
    for trial in trials:
        store.jobs.cancel(trial.job_id)
        store.runs.update(trial.id, error=tuning.USED_UP)
    app.run()
    assert f"{len(trials)} trials out of time: {tuning.USED_UP}" in texts(app)
    press(app, "Start tuning")
    assert "trials out of time" not in texts(app), "they are in the queue again"
    assert len(tuning.trials_of(store, run)) == 2 * len(trials)


def test_when_everything_was_tried_no_button_is_left(open_page, monkeypatch):
    trained()
    monkeypatch.setattr(tuning, "untried", lambda store, run, cut_share: ())
    app = open_page("train")
    assert "Start tuning" not in buttons(app)
    assert "All settings that this tuning knows were tried." in texts(app)


def test_a_label_that_nothing_judges_is_named_and_can_be_promoted_past(open_page):
    run = trained(rule=GateRule(0.1, 0.1, 0.9))
    store = resources.store()
    first, *others = run.model.per_label
    unknown = replace(first, label="a *bold* label", support=0)
    store.runs.update(run.id, model=replace(run.model, per_label=(unknown, *others)))
    app = open_page("train")
    assert "✗ not yet" in texts(app)
    said = "✗ Not judged: a *bold* label has no held-out comments. Label more comments with them"
    assert said in texts(app).replace("\\", "")
    assert "Promote" not in buttons(app)
    press(app, "Promote it")
    assert store.promotions.current(run.label_set_id).run_id == run.id


def test_both_runs_stand_in_a_table_with_ranges_beside_the_differences(open_page):
    first, second = trained(), trained(replace(WORDS, without=("slow", "loading", "invoice")))
    app = open_tab(open_page("train"), "Compare")
    rows = table(app, "Scores of both runs")
    assert list(rows["Run"]) == [f"Run {first.id} · TF-IDF", f"Run {second.id} · TF-IDF"]
    for name in ("Right", "Macro F1", "Balanced accuracy", "Weighted F1", "AUC"):
        assert all(re.fullmatch(RANGE, cell) for cell in rows[name]), name
    percent = r"\d+\.\d% \(\d+\.\d–\d+\.\d%\)"
    assert all(re.fullmatch(percent, cell) for cell in rows["Confidence off by"])
    assert rows["Macro F1"][0].startswith(f"{first.model.macro_f1:.2f} (")
    assert f"Both on the same {first.model.n} held-out comments" in texts(app)
    assert charts(app) == 1


def test_a_run_without_quick_says_how_to_get_it(open_page):
    run, store = trained(), resources.store()
    app = open_tab(open_page("train"), "Baselines")
    assert "Quick was not trained beside this model. Train Quick" in texts(app)
    quick = replace(run.model, name="quick")
    store.runs.update(run.id, evaluation=replace(run.evaluation, baselines=(quick,)))
    app.run()
    assert "Quick was not trained" not in texts(app)


def test_of_more_comments_than_are_shown_the_least_certain_are(open_page, monkeypatch):
    run = train_now(add_dataset(600))
    item = max(run.evaluation.slices, key=lambda item: item.accuracy.n)
    sure = sorted(said[2] for said in run_results.said(run, item.ids).values())
    monkeypatch.setattr(run_results, "SHOWN_ROWS", 5)
    app = open_tab(open_page("train"), "Where it fails")
    app.selectbox(key="slice").set_value(f"{item.column}: {item.value}").run()
    rows = table(app, f"Comments behind {item.column}: {item.value}: right {item.accuracy.mid:.0%}")
    assert list(rows["Probability"]) == [round(100 * value) for value in sure[:5]]
    assert "The first 5 of them." in texts(app)


def test_flips_show_the_answers_they_were_counted_on(open_page):
    """The first run knows a label that the second does not: both are compared on the others alone."""
    first, store = trained(), resources.store()
    every = tables.feedback.c.dataset_id == first.dataset_id
    with transaction(store.engine) as connection, rehashed(connection, first.dataset_id, every):
        connection.exec_driver_sql("UPDATE label SET label = 'speed' WHERE label = 'login'")
    second = train_now(store.datasets.list()[0], replace(WORDS, seed=1))
    assert set(first.labels) - set(second.labels) == {"login"}
    app = open_tab(open_page("train"), "Compare")
    flips = app.selectbox(key=f"flips_{first.id}_{second.id}")
    for words in flips.options:
        app.selectbox(key=f"flips_{first.id}_{second.id}").set_value(words).run()
        rows = [item.value for item in app.dataframe if item.proto.alt.startswith("Comments behind")][0]
        people, before, after = (
            rows[name] for name in ("A person said", f"Run {first.id} said", f"Run {second.id} said")
        )
        assert not (before == "login").any() and (before != after).all()
        assert ((before == people) | (after == people)).all() or words.startswith("Both are wrong")
