"""New comments beside those of a training, before the model has read them and after."""

import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from core.domain import Columns, TrainingOptions
from core.evaluation.drift import drift as compare
from core.evaluation.drift import profile
from core.workflow import drifting, exporting, feedback, importing, people, runs
from core.workflow.import_file import Order, import_here, sha256_of
from core.workflow.predicting import predict_new
from core.workflow.task import Task
from core.workflow.train_job import train

WORDS = TrainingOptions(mode="tfidf")
COLUMNS = Columns("text", "label", author="who")
TICKETS = Columns("text", "label", author="who", id="ticket")
THINGS = ["app", "page", "export", "login", "team", "invoice", "button", "price", "mail", "chart"]
TALK = [f"{start}{end}" for start in ("ba", "ko", "li", "mu", "ne") for end in ("rt", "sk", "nd", "mp")]


def table(count, seed=0, noise=0.0, more=""):
    """Comments on things, labelled by the thing, some of them wrongly."""
    random = np.random.default_rng(seed)
    things = random.integers(0, len(THINGS), count)
    labels = np.where(random.random(count) < noise, random.integers(0, 2, count), things % 2)
    talk = [" ".join(random.choice(TALK, 6)) for _ in range(count)]
    texts = [f"the {THINGS[thing]} {words} {more}" for thing, words in zip(things, talk, strict=True)]
    who = [f"person {seed}-{number % 40}" for number in range(count)]
    return pd.DataFrame({"text": texts, "label": np.array(["slow", "price"])[labels], "who": who})


@pytest.fixture
def stored(store, settings, as_bytes):
    """A table as a dataset of its own."""

    def stored(rows, name="Rows"):
        columns = TICKETS if "ticket" in rows else COLUMNS
        done = feedback.import_bytes(store, settings, as_bytes(rows), f"{name}.csv", columns, name)
        return done.dataset_id

    return stored


@pytest.fixture
def trained(store, settings):
    def trained(dataset_id, options=WORDS):
        label_set = store.labels.sets(dataset_id)[0]
        run, _ = runs.start_training(store, settings, dataset_id, label_set.id, options)
        return train(store, settings, run.id, Task())

    return trained


@pytest.fixture
def stage(store, settings, as_bytes):
    """Reads more rows without labels; the number by which they wait."""

    def stage(dataset_id, rows):
        data = as_bytes(rows.assign(label=""))
        columns = TICKETS if "ticket" in rows else COLUMNS
        order = Order("later.csv", sha256_of(data), columns, dataset_id=dataset_id, assume=True)
        return import_here(store, settings, data, order).staged

    return stage


@pytest.fixture
def append(store, stage):
    """More rows without labels; the import that they are."""

    def append(run, rows):
        return importing.merge(store, stage(run.dataset_id, rows), run.dataset_id)

    return append


def kinds(found):
    return {finding.kind: finding for finding in found.findings}


def test_a_run_judged_on_another_file_is_compared_with_what_it_said_of_that_file(
    store, settings, stored, trained, append
):
    own, other = stored(table(200)), stored(table(120, seed=1), "Test rows")
    run = trained(own, TrainingOptions(mode="tfidf", test_dataset=other))
    append(run, table(100, seed=2))
    predict_new(store, settings, run.id)
    found = drifting.drift(store, settings, run)
    assert set(kinds(found)) == {"labels", "confidence", "unknown", "language", "length"}
    assert found.sentence == "The 100 new comments are like those the model learned from."
    append(run, table(100, seed=3, more="zebra quince"))
    predict_new(store, settings, run.id)
    assert kinds(drifting.drift(store, settings, run))["unknown"].matters, "beside the texts of the test file"


def test_in_folds_a_model_is_as_sure_as_it_was_of_rows_it_had_not_seen(
    store, settings, stored, trained, append
):
    run = trained(stored(table(300, noise=0.5)), TrainingOptions(mode="tfidf", split="kfold:5x2"))
    append(run, table(150, seed=1, noise=0.5))
    predict_new(store, settings, run.id)
    found = drifting.drift(store, settings, run)
    assert set(kinds(found)) == {"labels", "confidence", "language", "length"}, (
        "the words it knows are those of every row"
    )
    assert not found.matters, found.sentence
    ids, cells = store.predictions.table(run.id)
    learned = np.isin(ids, store.runs.rows(run.id)["feedback_id"])
    sides = [
        profile(run.labels, cells[rows].astype(float), False, np.zeros(0), []) for rows in (learned, ~learned)
    ]
    assert any(finding.matters for finding in compare(*sides)), "of rows that it learned from it is too sure"


def test_length_language_and_unknown_words_are_told_before_the_rows_are_read(
    store, settings, stored, trained, append
):
    run = trained(stored(table(300)))
    append(run, table(100, seed=1))
    found = drifting.drift(store, settings, run)
    assert (found.rows, found.unpredicted, found.matters) == (100, 100, False)
    assert set(kinds(found)) == {"unknown", "language", "length"}
    assert found.sentence == (
        "The 100 new comments are like those the model learned from in language, known words and length. "
        "What the model says of them is compared once it has read them."
    )
    append(run, table(400, seed=2, more=" ".join(TALK)))
    found = drifting.drift(store, settings, run)
    assert found.matters and kinds(found)["length"].words == "The comments have become longer."
    assert "Label some of the new comments" in found.sentence and "train again." in found.sentence


def test_a_model_of_its_own_words_is_asked_which_it_does_not_know(store, settings, stored, trained, append):
    run = trained(stored(table(300)))
    append(run, table(100, seed=1, more="zebra"))
    finding = kinds(drifting.drift(store, settings, run))["unknown"]
    assert finding.matters and finding.words.startswith("100% of the new comments hold words")


def test_an_encoder_is_asked_by_its_own_tokenizer(store, settings, stored, trained, append):
    run = trained(stored(table(300)), TrainingOptions(encoder="tests/tiny"))
    append(run, table(100, seed=1))
    assert "unknown" in kinds(drifting.drift(store, settings, run))
    (settings.runs_dir / run.checkpoint / "manifest.json").unlink()
    assert set(kinds(drifting.drift(store, settings, run))) == {"language", "length"}, "nobody can tell"


def test_of_many_rows_some_are_drawn_from_all_of_them(store, settings, stored, trained, append, monkeypatch):
    monkeypatch.setattr(drifting, "MOST", 60)
    run = trained(stored(table(300)))
    append(run, pd.concat([table(60, seed=1), table(240, seed=2, more=" ".join(TALK))]))
    found = drifting.drift(store, settings, run)
    assert kinds(found)["length"].matters, "the first 60 are as before"
    assert found == drifting.drift(store, settings, run) and found.rows == 300


def test_what_is_forgotten_undone_or_removed_meanwhile_is_not_compared(
    store, settings, stored, trained, append
):
    own, other = stored(table(200)), stored(table(120, seed=1), "Test rows")
    run = trained(own, TrainingOptions(mode="tfidf", test_dataset=other))
    done = append(run, table(100, seed=2))
    predict_new(store, settings, run.id)
    for number in range(38):
        people.forget(store, settings, author=f"person 0-{number}")
    found = drifting.drift(store, settings, run)
    assert set(kinds(found)) == {"labels", "confidence", "unknown"}, "10 rows it learned from are left"
    runs.delete_dataset(store, settings, other)
    found = drifting.drift(store, settings, run)
    assert (found.findings, found.matters) == ((), False) and "train again" in found.sentence
    for number in range(40):
        people.forget(store, settings, author=f"person 2-{number}")
    assert drifting.drift(store, settings, run) is None
    importing.undo(store, settings, done.id)
    assert drifting.drift(store, settings, run) is None


def test_rows_that_waited_for_a_word_while_it_learned_are_new(store, settings, stored, trained, stage):
    dataset = stored(table(300))
    waits = stage(dataset, table(100, seed=1))
    run = trained(dataset)
    importing.merge(store, waits, dataset)
    assert drifting.drift(store, settings, run).rows == 100


def test_rows_that_say_something_else_are_new_and_no_more_what_it_learned_from(
    store, settings, stored, trained, append
):
    rows = table(300).assign(ticket=[f"T{number}" for number in range(300)])
    run = trained(stored(rows))
    append(run, rows.head(60))
    assert drifting.drift(store, settings, run) is None, "nothing changed"
    append(run, rows.head(250).assign(text=rows["text"] + " zebra " + " ".join(TALK)))
    found = drifting.drift(store, settings, run)
    assert (found.rows, found.unpredicted) == (250, 250)
    longer = kinds(found)["length"]
    assert longer.matters and longer.size == 1.0, "beside the 50 as they were"
    predict_new(store, settings, run.id)
    assert {"labels", "confidence"} < set(kinds(drifting.drift(store, settings, run)))


def test_a_run_of_an_earlier_version_is_compared_with_its_test_rows(store, settings, stored, trained, append):
    run = trained(stored(table(300)))
    append(run, table(100, seed=1))
    predict_new(store, settings, run.id)
    now = kinds(drifting.drift(store, settings, run))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM held_out")
    assert kinds(drifting.drift(store, settings, run)) == now


def test_a_run_without_later_rows_has_nothing_to_compare(store, settings, stored, trained):
    run = trained(stored(table(120)))
    assert run.created_at < datetime.now(UTC)
    assert drifting.drift(store, settings, run) is None


# ---- what to do about it ----------------------------------------------------------------


CHINESE = [
    f"{start}{thing}{end}{number}"
    for start in ("这个", "我觉得", "为什么")
    for thing in ("应用", "页面", "导出", "账单")
    for end in ("太慢了", "价格太贵了", "一直打不开")
    for number in range(12)
]


def foreign(count):
    return pd.DataFrame({"text": CHINESE[:count], "label": "", "who": "somebody"})


def test_training_again_on_the_same_labels_silences_nothing(store, settings, stored, trained, append):
    run = trained(stored(table(300)))
    append(run, foreign(200))
    first = drifting.drift(store, settings, run)
    assert (first.rows, first.labelled, first.matters) == (200, 0, True)
    again = trained(run.dataset_id)
    folded = trained(run.dataset_id, TrainingOptions(mode="tfidf", split="kfold:3"))
    for later in (again, folded):
        found = drifting.drift(store, settings, later)
        assert (found.rows, found.labelled, found.matters) == (200, 0, True)
    append(again, table(50, seed=1))
    assert drifting.drift(store, settings, again).rows == 250, "those that came later are new as well"


def test_new_labels_are_a_reason_to_train_again_and_then_it_is_quiet(
    store, settings, stored, trained, append, as_bytes
):
    run = trained(stored(table(300)))
    append(run, foreign(200))
    data = as_bytes(foreign(250).tail(50).assign(label="slow"))
    order = Order("labelled.csv", sha256_of(data), COLUMNS, dataset_id=run.dataset_id, assume=True)
    importing.merge(store, import_here(store, settings, data, order).staged, run.dataset_id)
    found = drifting.drift(store, settings, run)
    assert (found.rows, found.labelled) == (250, 50)
    assert found.sentence.endswith("Train again: 50 of the new comments carry a label.")
    assert drifting.drift(store, settings, trained(run.dataset_id)) is None


def test_the_cause_leads_and_the_remedy_names_the_language(store, settings, stored, trained, append):
    run = trained(stored(table(300)), TrainingOptions(encoder="tests/tiny"))
    append(run, foreign(200))
    predict_new(store, settings, run.id)
    found = drifting.drift(store, settings, run)
    assert found.sentence.startswith("The mix of languages changed: Chinese went from 0% to 100%.")
    assert found.sentence.endswith("Label some of the new comments in Chinese and train again.")


def test_the_card_of_a_model_names_the_languages_it_learned_from(store, settings, stored, trained):
    words = pd.Series([f"这个应用太慢了，价格太贵了{number}" for number in range(60)])
    both = pd.concat([table(60).assign(text="The page is slow and the price is " + words.index.astype(str)),
                      table(60).assign(text=words)])  # fmt: skip
    run = trained(stored(both))
    line = next(line for line in exporting.card(store, run).splitlines() if "Languages of" in line)
    shares = dict(re.findall(r"(English|Chinese) (\d+)", line))
    assert set(shares) == {"English", "Chinese"} and all(40 <= int(share) <= 60 for share in shares.values())
