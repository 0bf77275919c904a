"""A person is planted in files, backups, logs and rows, forgotten, and looked for in every byte."""

import csv
import gzip
import io
import json
import os
import random
import sqlite3
import time
import zipfile
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update

from core.domain import Columns, TrainingOptions
from core.errors import AppError, CannotTrain
from core.store.tables import import_
from core.workflow import people
from core.workflow.import_file import Order, import_here, sha256_of
from core.workflow.importing import IMPORT
from core.workflow.runs import end_abandoned, run_lock
from core.workflow.uploads import keep_upload

NAME = "Zoë Q. Planted-Person"
HERS = ["The export of my Tuesday report never worked", "It ate my unsaved roadmap twice"]
SHARED = "Everybody here says this sentence"
FILE = [
    ("who", "comment", "topic", "day"),
    (NAME, HERS[0], "export", "2024-03-01"),
    (NAME.upper(), HERS[1], "export", "2024-03-02"),
    (NAME, SHARED, "other", "2024-03-03"),
    ("Bob", SHARED, "other", "2024-03-04"),
    ("Bob", "Something else entirely from me", "export", "2024-03-05"),
]
COLUMNS = Columns("comment", label="topic", author="who", date="day")


def as_csv(rows, encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def imported(store, settings, rows, columns=COLUMNS, name="Rows"):
    data = as_csv(rows)
    order = Order("rows.csv", sha256_of(data), columns, name=name, assume=True)
    return import_here(store, settings, data, order).dataset_id


@pytest.fixture
def dataset(store, settings):
    return imported(store, settings, FILE)


def finished_run(store, dataset_id):
    """A run with a report, and a finding about its labels, that quote every row."""
    label_set = store.labels.sets(dataset_id)[0]
    rows = store.datasets.feedback(dataset_id)
    ids = rows["id"].tolist()
    run = store.runs.add(dataset_id, label_set.id, TrainingOptions(), "data", "k")
    part = pd.DataFrame({"feedback_id": ids, "part": "train", "label": "export"})
    store.runs.set_rows(run.id, part)
    shares = np.full((len(ids), 2), 0.5, dtype=np.float32)
    store.runs.finish(run.id, None, (np.array(ids), shares), labels=("export", "other"), checkpoint="run-1")
    quotes = [{"id": i, "text": text} for i, text in zip(ids, rows["text"], strict=True)]
    store.explanations.keep_finding(run.id, "drivers", "export", {"quotes": quotes}, "x")
    return run.id, store.reports.add(run.id, "Rows", json.dumps({"quotes": quotes}))


def hits(folder, *words):
    """Files that hold one of the words, by a search of this test's own."""
    needles = [word.encode(encoding) for word in words for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    needles += [json.dumps(word)[1:-1].encode() for word in words]
    found = []
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        bodies = [path.read_bytes()]
        if bodies[0][:2] == b"\x1f\x8b":
            bodies.append(gzip.decompress(bodies[0]))
        if bodies[0][:2] == b"PK":
            with zipfile.ZipFile(path) as archive:
                bodies += [archive.read(name) for name in archive.namelist()]
        if any(needle.lower() in body.lower() for needle in needles for body in bodies):
            found.append(path.relative_to(folder).as_posix())
    return found


def plant_copies(settings):
    """Copies of her words in each kind of place; returns those that must go and those that must stay."""
    root = settings.data_dir
    for folder in ("backups", "cache/deep"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(root / "roadlens.db") as source, sqlite3.connect(root / "backups/1.db") as copy:
        source.backup(copy)
    (root / "backups/empty.db").write_bytes(b"nothing of hers")
    uploads = [as_csv(FILE), as_csv(FILE, "utf-16"), as_csv([("who", "c"), ("Bob", "fine")])]
    kept = [keep_upload(settings, data) for data in uploads]
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{NAME}</t>".encode("utf-16"))
    kept.append(keep_upload(settings, book.getvalue()))
    (root / "uploads/old.gz").write_bytes(gzip.compress(as_csv(FILE, "utf-16-be")))
    (root / "cache/deep/x.json").write_text(json.dumps([HERS[0]]))
    (settings.jobs_dir / "7.log").write_text(f"worked on {NAME}\n", encoding="utf-8")
    (settings.jobs_dir / "8.log").write_text("worked on 5 rows\n", encoding="utf-8")
    gone = ["backups/1.db", "cache/deep/x.json", "uploads/old.gz"]
    gone += [f"uploads/{kept[i]}" for i in (0, 1, 3)]
    return gone, ["backups/empty.db", f"uploads/{kept[2]}", "jobs/8.log", "author.key"]


def test_she_is_in_no_file_afterwards(store, settings, dataset):
    run, report = finished_run(store, dataset)
    who = people.person(settings, author=NAME)
    gone, stay = plant_copies(settings)
    key = next(iter(who.authors))
    assert len(hits(settings.data_dir, NAME, key, *HERS)) >= 8
    done = people.forget(store, settings, author=f" {NAME.lower()}")
    assert hits(settings.data_dir, NAME, key, *HERS) == []
    assert done.proof.clean and done.proof.hits == () and done.proof.files >= len(stay)
    assert sorted(done.files) == sorted([*gone, "jobs/7.log (emptied)"])
    assert all((settings.data_dir / name).is_file() for name in stay)
    assert (done.rows["feedback"], done.quotes, done.reports) == (3, 3, (report,))
    assert done.rows["finding"] == 1 and store.explanations.findings(run, "drivers") == {}
    assert [(item.run_id, item.learned, item.retrain) for item in done.runs] == [(run, 3, True)]
    assert any("Train again" in note for note in done.notes)


def test_what_another_person_says_too_stays_and_is_told_apart(store, settings, dataset):
    done = people.forget(store, settings, author=NAME)
    assert store.datasets.feedback(dataset)["text"].tolist() == [SHARED, FILE[5][1]]
    assert [(hit.file, hit.kind) for hit in done.proof.others] == [("roadlens.db", "text")]
    assert done.proof.clean


def test_the_answer_is_one_json_object(store, settings, dataset):
    answer = people.forget(store, settings, author=NAME).to_dict()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["status"] == "forgotten" and answer["proof"]["hits"] == 0
    assert answer["removed"]["feedback"] == 3 and answer["datasets"] == [dataset]


def test_a_pseudonym_alone_is_enough(store, settings, dataset):
    key = next(iter(people.person(settings, author=NAME).authors))
    upload = keep_upload(settings, as_csv([("who", "c"), ("Bob", "fine")]))
    done = people.forget(store, settings, author=key)
    assert done.rows["feedback"] == 3 and done.files == (f"uploads/{upload}",)
    assert any("not known" in note for note in done.notes)


def test_an_account_is_forgotten_with_its_row_of_the_accounts_file(store, settings):
    rows = [("account", "comment"), ("Planted Ltd", HERS[0]), ("Other", "fine with me so far")]
    dataset = imported(store, settings, rows, Columns("comment", account="account"))
    done = people.forget(store, settings, account="Planted Ltd")
    assert store.datasets.feedback(dataset)["account"].tolist() == ["Other"]
    assert hits(settings.data_dir, "Planted Ltd", HERS[0]) == [] and done.proof.clean


def test_somebody_unknown_changes_nothing(store, settings, dataset):
    before = store.datasets.get(dataset).sha256
    done = people.forget(store, settings, author="Nobody At All")
    assert store.datasets.get(dataset).sha256 == before and done.proof.clean
    assert done.notes[0].startswith("No comment")


def test_her_name_in_anothers_comment_is_named_not_removed(store, settings):
    rows = [*FILE, ("Bob", f"I agree with {NAME} on this", "other", "2024-03-06")]
    dataset = imported(store, settings, rows)
    done = people.forget(store, settings, author=NAME)
    assert ("roadlens.db", "name") in [(hit.file, hit.kind) for hit in done.proof.others]
    assert store.datasets.get(dataset).rows == 3
    assert people.NOT_ASKED in done.notes
    again = people.forget(store, settings, author=NAME, mentions=True)
    assert again.rows["feedback"] == 1 and hits(settings.data_dir, NAME) == []


def test_a_second_address_of_hers_is_taken_out_and_said(store, settings):
    rows = [
        ("who", "email", "comment"),
        ("zoe", "zoe@planted.org", HERS[0]),
        ("Bob", "b@x.org", "all is fine"),
    ]
    dataset = imported(store, settings, rows, Columns("comment", author="who"))
    done = people.forget(store, settings, author="zoe@planted.org")
    assert done.rows["feedback: cells"] == 1 and store.datasets.get(dataset).rows == 2
    assert any("Another column" in note for note in done.notes) and store.datasets.intact(dataset)
    assert people.forget(store, settings, author="zoe").rows["feedback"] == 1


def test_a_word_list_of_an_encoder_is_no_trace(store, settings):
    rows = [("who", "comment"), ("Johnson", HERS[0]), ("Bob", "fine with me so far")]
    imported(store, settings, rows, Columns("comment", author="who"))
    folder = settings.runs_dir / "run-1/checkpoint/encoder"
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("john\njohnson\n")
    (folder / "notes.txt").write_text("johnson")
    done = people.forget(store, settings, author="Johnson")
    assert [hit.file for hit in done.proof.others] == ["runs/run-1/checkpoint/encoder/vocab.txt"]
    assert [hit.file for hit in done.proof.hits] == ["runs/run-1/checkpoint/encoder/notes.txt"]
    assert done.to_dict()["status"] == "incomplete"


def test_what_a_page_of_the_database_kept_is_rewritten(store, settings, dataset):
    """As moving cells between pages may leave them: her words in the free part of a page."""
    store.people.empty_log()
    path = settings.data_dir / "roadlens.db"
    data = bytearray(path.read_bytes())
    free = data.find(b"\0" * 400)
    data[free + 100 : free + 100 + len(HERS[0])] = HERS[0].encode()
    store.close()
    path.write_bytes(data)
    done = people.forget(store, settings, author=NAME)
    assert done.proof.clean and hits(settings.data_dir, *HERS) == []
    assert store.datasets.intact(dataset)


def test_refused_while_an_import_goes_on_and_nothing_is_touched(store, settings, dataset):
    upload = keep_upload(settings, as_csv(FILE))
    store.jobs.enqueue(IMPORT, {"upload": upload})
    with pytest.raises(CannotTrain, match="imported"):
        people.forget(store, settings, author=NAME)
    assert store.datasets.get(dataset).rows == 5 and (settings.uploads_dir / upload).exists()


def test_a_training_that_was_killed_does_not_block(store, settings, dataset):
    label_set = store.labels.sets(dataset)[0]
    run = store.runs.add(dataset, label_set.id, TrainingOptions(), "data", "k")
    assert people.forget(store, settings, author=NAME).rows["feedback"] == 3
    assert store.runs.get(run.id).status == "failed"
    end_abandoned(store, settings)
    assert not run_lock(settings, run.id).exists()


@pytest.mark.parametrize("who", [{}, {"author": " "}, {"author": "a", "account": "b"}])
def test_exactly_one_of_author_and_account(store, settings, who):
    with pytest.raises(AppError, match="either"):
        people.forget(store, settings, **who)


def test_the_export_names_the_copies_too(store, settings, dataset):
    upload = keep_upload(settings, as_csv(FILE))
    found = people.export(store, settings, author=NAME)
    assert [row["text"] for row in found["rows"]] == [*HERS, SHARED]
    assert found["copies"] == [f"uploads/{upload}"] and json.loads(json.dumps(found)) == found


def test_find_tells_what_forget_will_remove(store, settings, dataset):
    found = people.find(store, settings, author=NAME)
    assert (len(found.ids), found.datasets) == (3, {dataset: "Rows"})


# ---- retention ----------------------------------------------------------------------------


def test_a_limit_of_zero_keeps_everything(store, settings, dataset):
    assert people.apply_retention(store, settings, date(2099, 1, 1)) == people.Retired()
    assert store.datasets.get(dataset).rows == 5


def test_what_is_older_than_the_limit_goes(store, settings, dataset):
    limited = settings.model_copy(update={"retention_days": 30})
    folder = settings.data_dir / "backups"
    folder.mkdir()
    for name, day in (
        ("old.db", datetime(2024, 2, 1, tzinfo=UTC)),
        ("new.db", datetime(2024, 4, 1, tzinfo=UTC)),
    ):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (day.timestamp(), day.timestamp()))
    with store.engine.begin() as connection:
        connection.execute(update(import_).values(created_at=datetime(2024, 4, 1, tzinfo=UTC)))
    gone = people.apply_retention(store, limited, date(2024, 4, 2))  # the limit is March 3
    assert (gone.rows, gone.backups, gone.datasets) == (2, ("old.db",), (dataset,))
    assert hits(settings.data_dir, *HERS) == []
    assert store.datasets.get(dataset).rows == 3 and store.datasets.intact(dataset)


def test_a_person_in_twenty_thousand_rows_within_seconds(store, settings):
    words = [
        "export",
        "invoice",
        "login",
        "crash",
        "slow",
        "report",
        "team",
        "price",
        "button",
        "page",
        "search",
        "filter",
    ]
    chance = random.Random(0)
    rows = [(f"u{i % 4000}", f"{' '.join(chance.choices(words, k=14))} {i}") for i in range(20_000)]
    dataset = imported(store, settings, [("who", "comment"), *rows], Columns("comment", author="who"))
    begun = time.monotonic()
    done = people.forget(store, settings, author="u17")
    seconds = time.monotonic() - begun
    assert done.rows["feedback"] == 5 and done.proof.clean
    assert store.datasets.get(dataset).rows == 19_995
    assert seconds < 20, seconds
