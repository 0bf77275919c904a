"""A person planted in every table, and what is left of them."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select, update

from core.domain import Columns, RejectedRow
from core.errors import CannotTrain
from core.store.accounts import AccountFacts
from core.store.embeddings import text_key
from core.store.explanations import Question
from core.store.people import AGED_REASON, FORGOTTEN_REASON
from core.store.staging import FileFacts
from core.store.tables import feedback, feedback_before, import_, job
from core.store.traces import Person

P, BOB = "0123456789ab", "b0b0b0b0b0b0"
ZOE = Person(frozenset({P}), frozenset({P}), ("Zoë Planted",))
TEXTS = ["the export never worked for me", "love it so much, great app", "where is my invoice now"]
ROWS = {  # four of hers, then three of Bob's; the second words are said by both
    "texts": [*TEXTS, "her last words on the matter", TEXTS[1], "bob says something else", "bob has no date"],
    "author": [P, P, P, P, BOB, BOB, BOB],
}


@pytest.fixture
def planted(store, make_table, add):
    table = make_table(ROWS["texts"], ["bug", "praise", "bill", "bug", "praise", "bug", "bug"])
    table["author"] = ROWS["author"]
    table["cells"] = [json.dumps([None, who, "agent"]) for who in ROWS["author"]]
    table.loc[5, "cells"] = json.dumps([None, BOB, P])  # she answered Bob
    done = add(store, table)
    ids = store.datasets.feedback(done.dataset_id)["id"].tolist()
    return done, ids


@pytest.fixture
def run(store, planted):
    """A finished run that learned from her first two rows, with a report that quotes her."""
    done, ids = planted
    label_set = store.labels.sets(done.dataset_id)[0]
    from core.domain import TrainingOptions

    run = store.runs.add(done.dataset_id, label_set.id, TrainingOptions(), "data", "k")
    parts = ["train", "validation", "test", "test", "train", "test", "test"]
    rows = pd.DataFrame({"feedback_id": ids, "part": parts, "label": ["bug"] * 7})
    store.runs.set_rows(run.id, rows)
    shares = np.full((7, 2), 0.5, dtype=np.float32)
    store.runs.finish(
        run.id, None, (np.array(ids), shares), labels=("bug", "praise"), checkpoint="run-1/checkpoint"
    )
    quotes = [{"id": i, "text": text} for i, text in zip(ids, ROWS["texts"], strict=True)]
    content = json.dumps({"themes": [{"ids": ids}], "quotes": quotes}, separators=(",", ":"))
    report = store.reports.add(run.id, "Of Zoë Planted", content)
    return run.id, report


def test_everything_is_found(store, planted, run):
    done, ids = planted
    found = store.people.find(ZOE)
    assert found.ids == tuple(ids[:4]) and found.datasets == {done.dataset_id: "Reviews"}
    assert found.imports == (done.id,) and found.reports == (run[1],)
    assert [(r.run_id, r.learned, r.held_out, r.predicted, r.retrain) for r in found.runs] == [
        (run[0], 2, 2, 4, True)
    ]
    assert found.named == {ids[5]: done.dataset_id} and found.mentions == ()


def test_nothing_of_the_rows_is_left(store, planted, run):
    done, ids = planted
    erased = store.people.forget(ZOE)
    wanted = {"feedback": 4, "label": 4, "run_row": 4, "prediction": 4, "feedback: cells": 1}
    assert {name: erased.rows[name] for name in wanted} == wanted
    table = store.datasets.feedback(done.dataset_id)
    assert table["id"].tolist() == ids[4:]
    assert store.runs.rows(run[0])["feedback_id"].tolist() == ids[4:]
    assert store.predictions.table(run[0])[0].tolist() == ids[4:]
    cells = [cells for _, cells in store.datasets.cells(done.dataset_id)]
    assert cells[1] == ("bob says something else", BOB, "[forgotten]")
    assert not any(P in word or "Zoë" in word for word in store.people.words())


def test_counts_and_hashes_follow(store, planted, run):
    done, _ = planted
    store.datasets.set_health(done.dataset_id, {"rows": 7})
    store.people.forget(ZOE)
    dataset, stored = store.datasets.get(done.dataset_id), store.datasets.imports(done.dataset_id)[0]
    assert dataset.rows == 3 and stored.rows_stored == 3 and stored.rows_in == 7
    assert [(r.reason, r.rows) for r in stored.rejections] == [(FORGOTTEN_REASON, 4)]
    assert store.datasets.intact(done.dataset_id) and store.datasets.health(done.dataset_id) is None


def test_the_report_keeps_its_figures_and_loses_her_words(store, planted, run):
    _, ids = planted
    before = store.reports.get(run[1])
    erased = store.people.forget(ZOE)
    report = store.reports.get(run[1])
    content = json.loads(report.content)
    assert content["themes"][0]["ids"] == ids[4:] and [q["id"] for q in content["quotes"]] == ids[4:]
    assert report.sha256 != before.sha256 and report.title == "Of [forgotten]"
    assert erased.reports == {run[1]: 4}


def test_a_report_that_becomes_like_another_goes(store, planted, run):
    content = store.reports.get(run[1]).content
    from core.store.traces import without_rows

    without = store.reports.add(run[0], "b", without_rows(content, set(planted[1][:4]))[0])
    store.people.forget(ZOE)
    assert [report.id for report in store.reports.list(run[0])] == [without]


def test_vectors_of_words_that_others_say_too_stay(store, planted):
    hashes = [text_key(text) for text in TEXTS]
    store.embeddings.put("e1", hashes, np.ones((3, 2)))
    store.embeddings.put("e2", hashes[:1], np.ones((1, 2)))
    store.embeddings.put("e1/without-0", ["of a text with words left out"], np.ones((1, 2)))
    erased = store.people.forget(ZOE)
    assert set(store.embeddings.get("e1", hashes)) == {hashes[1]}
    assert store.embeddings.get("e2", hashes) == {} and erased.rows["embedding"] == 4


def test_what_was_found_of_her_rows_is_gone(store, planted, run):
    done, ids = planted
    kept, asked = store.explanations, Question(ids[0], "bug", "", "occlusion")
    kept.keep_attribution(run[0], asked, "h", 1, {"spans": []})
    kept.keep_places(run[0], np.array(ids), np.zeros((7, 2)))
    kept.keep_finding(run[0], "drivers", "bug", {"quotes": [TEXTS[0]]}, "x")
    erased = store.people.forget(ZOE)
    assert (erased.rows["attribution"], erased.rows["place"], erased.rows["finding"]) == (1, 4, 1)
    assert kept.attribution(run[0], asked, "h", 1) is None and kept.findings(run[0], "drivers") == {}
    assert kept.places(run[0])[0].tolist() == ids[4:]
    files = [path for path in store.people.files() if path.exists()]
    store.people.empty_log()
    assert not any(TEXTS[0].encode() in path.read_bytes() for path in files if path.exists())


def test_a_finding_goes_though_only_a_cell_of_anothers_row_named_her(store, planted, run):
    """By segment it may hold her pseudonym."""
    from core.store.database import transaction
    from core.store.erasing import erase_cells

    done, ids = planted
    store.explanations.keep_finding(run[0], "drivers", "bug", {"agent": P}, "x")
    with transaction(store.engine) as connection:
        erase_cells(connection, {ids[5]: done.dataset_id}, {P})
    assert store.explanations.findings(run[0], "drivers") == {}


def test_groups_of_like_comments_get_a_new_name_or_end(store, planted):
    done, ids = planted
    groups = np.array([1, 2, -1, -1, 2, 2, 1])
    store.datasets.set_similar(done.dataset_id, np.array(ids), groups)
    store.people.forget(ZOE)
    assert store.datasets.similar(done.dataset_id).values.tolist() == [[ids[4], ids[4]], [ids[5], ids[4]]]


def test_her_account_goes_with_her(store, planted):
    done, _ = planted
    table = pd.DataFrame({"account": [P, "Acme"], "revenue": [1.0, 2.0], "seats": [np.nan] * 2})
    store.accounts.replace(done.dataset_id, AccountFacts("Zoë Planted.csv", "x", {}), table)
    store.people.forget(ZOE)
    assert store.accounts.table(done.dataset_id)["account"].tolist() == ["Acme"]
    file = store.accounts.file(done.dataset_id)
    assert (file.rows, file.file_name) == (1, "[forgotten].csv")


def test_an_account_is_forgotten_by_its_name(store, make_table, add):
    done = add(store, make_table(["one", "two"], account=["Acme", "Acme Inc"]))
    store.people.forget(Person(frozenset(), frozenset({"Acme"}), ("Acme",)))
    assert store.datasets.feedback(done.dataset_id)["account"].tolist() == ["Acme Inc"]


def staged(store, table, rejected=(), sha256="beef", header=("Text", "Who")):
    facts = FileFacts("new.csv", sha256, "utf-8", ",", header, Columns("Text", author="Who"), {})
    key = store.staging.begin(facts, "New")
    store.staging.add(key, table, rejected)
    store.staging.finish(key, len(table) + len(rejected), (), (), {})
    return key


def test_rows_kept_aside_and_staged_rows_go(store, make_table):
    rejected = [
        RejectedRow(2, "too long", ("hers", P, "x")),
        RejectedRow(3, "too long", ("by ZOË PLANTED", "Bob", "x")),
        RejectedRow(3, "too long", ("his", BOB, "x")),
    ]
    key = staged(store, make_table(["a", "b"], author=[P, BOB]), rejected)
    erased = store.people.forget(ZOE)
    done = store.staging.publish(key)
    assert store.datasets.rejected(done.id)["cells"].tolist() == [["his", BOB, "x"]]
    assert erased.rows["rejected_row"] == 2
    assert store.datasets.feedback(done.dataset_id)["text"].tolist() == ["b"]
    assert store.datasets.intact(done.dataset_id)


def test_an_earlier_version_goes_though_the_row_is_anothers_now(store, make_table, add):
    first = add(store, make_table(["her old words", "other"], row=["r1", "r2"], author=[P, BOB]))
    key = staged(store, make_table(["his new words"], row=["r1"], author=[BOB]))
    merged = store.staging.merge(key, first.dataset_id)
    assert merged.rows_updated == 1
    found = store.people.find(ZOE)
    assert found.ids == () and len(found.versions) == 1
    erased = store.people.forget(ZOE)
    assert erased.texts == ["her old words"] and erased.rows["feedback_before"] == 1
    again = store.datasets.import_of(merged.id)
    assert (again.rows_stored, again.rows_updated, again.rows_rejected) == (0, 0, 1)
    assert store.datasets.intact(first.dataset_id)


def test_texts_to_look_for_hold_every_version(store, make_table, add):
    first = add(store, make_table(["her old words"], row=["r1"], author=[P]))
    store.staging.merge(
        staged(store, make_table(["her new words"], row=["r1"], author=[P])), first.dataset_id
    )
    assert sorted(store.people.forget(ZOE).texts) == ["her new words", "her old words"]
    with store.read_engine.connect() as connection:
        assert connection.execute(select(feedback_before)).all() == []


def test_an_update_can_be_undone_for_those_who_stayed(store, make_table, add):
    rows = {"row": ["r1", "r2"], "author": [P, BOB]}
    first = add(store, make_table(["her old words", "his old words"], **rows))
    merged = store.staging.merge(
        staged(store, make_table(["her new words", "his new words"], **rows)), first.dataset_id
    )
    store.people.forget(ZOE)
    again = store.datasets.import_of(merged.id)
    assert (again.rows_in, again.rows_stored, again.rows_updated, again.rows_rejected) == (2, 1, 1, 1)
    store.datasets.undo(merged.id)
    assert store.datasets.feedback(first.dataset_id)["text"].tolist() == ["his old words"]
    assert store.datasets.intact(first.dataset_id)


def test_the_same_file_does_not_bring_them_back(store, planted, make_table, add):
    done, _ = planted
    store.people.forget(ZOE)
    again = add(store, make_table(ROWS["texts"], author=ROWS["author"]))
    assert again.id == done.id and store.datasets.get(done.dataset_id).rows == 3


def test_mentions_by_others_go_only_when_asked(store, make_table, add):
    texts = ["Zoë planted helped me", "Zoë Plantedson did not", "fine"]
    done = add(store, make_table(texts, author=[BOB] * 3))
    assert store.people.find(ZOE).mentions == ()
    store.people.forget(ZOE)
    assert store.datasets.get(done.dataset_id).rows == 3
    assert len(store.people.find(ZOE, mentions=True).mentions) == 1
    store.people.forget(ZOE, mentions=True)
    assert store.datasets.feedback(done.dataset_id)["text"].tolist() == texts[1:]


def test_rows_that_name_her_in_another_column_go_only_when_asked(store, planted):
    done, ids = planted
    assert store.people.find(ZOE, mentions=True).mentions == (ids[5],)
    assert store.people.find(ZOE, mentions=True).named == {}
    store.people.forget(ZOE, mentions=True)
    assert store.datasets.feedback(done.dataset_id)["id"].tolist() == [ids[4], ids[6]]


def test_a_row_without_author_is_hers_by_any_cell(store, make_table, add):
    table = make_table(["one", "two"], author=["", ""], external_id=["", P])
    table["cells"] = [json.dumps([None, P]), json.dumps([None, "x"])]
    done = add(store, table)
    assert len(store.people.find(ZOE).ids) == 2
    store.people.forget(ZOE)
    assert store.datasets.get(done.dataset_id).rows == 0


def test_names_in_results_of_ended_jobs_are_taken_out(store):
    ended = store.jobs.enqueue("import", {"file": "zoë planted.csv"})
    store.jobs.cancel(ended.id)
    with store.engine.begin() as connection:
        result = {"questions": [{"rows": [["hi", "Zoë Planted"], ["ho", "Bob"]]}]}
        connection.execute(update(job).where(job.c.id == ended.id).values(result=result))
    store.people.forget(ZOE)
    kept = store.jobs.get(ended.id)
    assert kept.params == {"file": "[forgotten].csv"}
    assert kept.result["questions"][0]["rows"] == [["[forgotten]"] * 2, ["ho", "Bob"]]


def test_refused_while_a_run_of_theirs_goes_on(store, planted):
    done, _ = planted
    from core.domain import TrainingOptions

    label_set = store.labels.sets(done.dataset_id)[0]
    run = store.runs.add(done.dataset_id, label_set.id, TrainingOptions(), "data", "k2")
    with pytest.raises(CannotTrain, match="cancel it"):
        store.people.forget(ZOE)
    assert store.datasets.get(done.dataset_id).rows == 7
    store.runs.update(run.id, status="cancelled")
    store.people.forget(ZOE)


def test_refused_while_a_file_is_imported(store, planted):
    store.jobs.enqueue("import", {})
    with pytest.raises(CannotTrain, match="imported"):
        store.people.forget(ZOE, blocking=("import",))


def test_the_export_holds_everything(store, planted, run):
    done, ids = planted
    found = store.people.export(ZOE)
    assert json.loads(json.dumps(found)) == found
    assert [row["id"] for row in found["rows"]] == ids[:4]
    row = found["rows"][0]
    assert row["text"] == TEXTS[0] and row["cells"] == [None, P, "agent"]
    assert row["labels"] == [{"label_set": "topic", "label": "bug", "origin": "imported"}]
    assert row["predictions"] == [
        {"run": run[0], "label": "bug", "probabilities": {"bug": 0.5, "praise": 0.5}}
    ]
    assert found["reports"][0]["quotes"] == ROWS["texts"][:4]
    assert found["imports"][0]["file_name"] == "reviews.csv"


def test_forgetting_twice_finds_nothing_the_second_time(store, planted):
    store.people.forget(ZOE)
    assert store.people.forget(ZOE).rows["feedback"] == 0


# ---- retention ----------------------------------------------------------------------------

CUTOFF = datetime(2024, 6, 1, tzinfo=UTC)


def test_old_rows_go_by_their_date_or_that_of_their_import(store, make_table, add):
    dates = ["2024-05-31 23:59:59", "2024-06-01 00:00:00", None, "2025-01-01 00:00:00"]
    done = add(store, make_table(list("abcd"), date=pd.to_datetime(dates)))
    aged = store.people.remove_older(CUTOFF, 30)
    assert [part.rows["feedback"] for part in aged.erased] == [1]
    with store.engine.begin() as connection:
        old = datetime(2024, 5, 1, tzinfo=UTC)
        connection.execute(update(import_).where(import_.c.id == done.id).values(created_at=old))
    store.people.remove_older(CUTOFF, 30)
    assert store.datasets.feedback(done.dataset_id)["text"].tolist() == ["b", "d"]
    stored = store.datasets.import_of(done.id)
    assert [(r.reason, r.rows) for r in stored.rejections] == [(f"{AGED_REASON} of 30 days", 2)]
    assert store.datasets.intact(done.dataset_id)


def test_old_rows_kept_aside_go_and_the_sample_stays(store, make_table, add):
    sample = add(store, make_table(["a"]), sample=True)
    key = staged(
        store, make_table(["new"], date=pd.to_datetime(["2025-01-01"])), [RejectedRow(2, "r", ("x",))]
    )
    done = store.staging.publish(key)
    with store.engine.begin() as connection:
        connection.execute(update(import_).values(created_at=datetime(2024, 5, 1, tzinfo=UTC)))
    aged = store.people.remove_older(CUTOFF, 30)
    assert (aged.rejected, aged.erased) == (1, [])
    assert store.datasets.get(sample.dataset_id).rows == 1 and store.datasets.get(done.dataset_id).rows == 1


def test_a_dataset_in_training_waits(store, stored, new_run):
    new_run()
    aged = store.people.remove_older(CUTOFF, 30)
    assert aged.waiting == (stored.dataset_id,) and aged.erased == []
    assert store.datasets.get(stored.dataset_id).rows == 3


def test_many_old_rows_leave_in_batches(store, make_table, add, monkeypatch):
    from core.store import people

    monkeypatch.setattr(people, "A_BATCH", 2)
    done = add(store, make_table(list("abcde")))
    aged = store.people.remove_older(CUTOFF, 30)
    assert [part.rows["feedback"] for part in aged.erased] == [2, 2, 1]
    assert store.datasets.get(done.dataset_id).rows == 0 and store.datasets.intact(done.dataset_id)


def test_the_log_is_emptied(store, planted, tmp_path):
    assert (tmp_path / "roadlens.db-wal").stat().st_size > 0
    assert store.people.empty_log()
    assert (tmp_path / "roadlens.db-wal").stat().st_size == 0
    with store.read_engine.connect() as reader:
        reader.execute(select(feedback.c.id)).all()
        store.datasets.rename(planted[0].dataset_id, "other")
        # The reader's snapshot is older than the change: the log must stay.
        assert store.people.files()[1].stat().st_size > 0
