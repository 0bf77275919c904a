"""Personal data of every kind, planted in every place of a file: none of it may be found anywhere."""

import csv
import gzip
import io
import json
import zipfile
from dataclasses import asdict

import pytest

from core.domain import QUICK, Columns, TrainingOptions
from core.workflow import comments, importing, reports, runs
from core.workflow.import_file import STORED, Order
from core.workflow.task import SILENT
from core.workflow.train_job import train
from core.workflow.uploads import keep_upload

SECRETS = {
    "email": "greta.lindqvist@example.org",
    "phone": "+1 415-555-2671",
    "national phone": "(415) 555-0199",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "ip": "203.0.113.77",
    "ipv6": "2001:db8:85a3::8a2e:370:7334",
    "token": "https://app.example.com/reset?token=a8f5f167f44f4964e6c998dee827110c",
    "handle": "@greta_l_1983",
    "customer": "CUST-400123",
    "author": "Greta Lindqvist-Oyelaran",
}
# What must not be found: the telling part of each.
NEEDLES = [
    "greta.lindqvist",
    "415-555-2671",
    "555-0199",
    "4111 1111 1111",
    "3704 0044",
    "203.0.113.77",
    "85a3::8a2e",
    "a8f5f167f44f4964",
    "greta_l_1983",
    "CUST-400123",
    "Lindqvist-Oyelaran",
]
HEADER = ["comment", "topic", "who", "segment", "note"]
COLUMNS = Columns(text="comment", label="topic", author="who", segments=("segment",))
ANSWERS = {"pattern:customer": r"CUST-\d{6}", "region": "US"}


def planted_file() -> bytes:
    """120 plain rows, each secret in each column, a repeat, an empty text, and ragged rows."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for number in range(120):
        topic = ("speed", "billing")[number % 2]
        words = (f"The page {number} is slow again", f"The invoice {number} is wrong")[number % 2]
        writer.writerow([words, topic, f"person {number}", "Pro", "-"])
    for kind, secret in SECRETS.items():
        if kind != "author":  # a name inside a comment is not found, and the page says so
            writer.writerow(
                [f"Please call me about {secret} today", "billing", SECRETS["author"], secret, secret]
            )
            writer.writerow(["", "billing", SECRETS["author"], "Pro", secret])
            writer.writerow(["too", "long", "by one", "Pro", secret, SECRETS["author"]])
            writer.writerow([SECRETS["author"], secret])
    writer.writerow(["The page 0 is slow again", "speed", SECRETS["author"], "Pro", "-"])
    writer.writerow(["The page 0 is slow again", "speed", SECRETS["author"].upper(), "Pro", "-"])
    return text.getvalue().encode()


def pieces(data: bytes):
    """The bytes themselves and what is packed in them."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from pieces(archive.read(name))


def found_in(data: bytes) -> list[str]:
    return [
        needle
        for piece in pieces(data)
        for needle in NEEDLES
        for code in ("utf-8", "utf-16-le", "utf-16-be")
        if needle.lower().encode(code) in piece.lower()
    ]


@pytest.fixture
def imported(store, settings):
    upload = keep_upload(settings, planted_file())
    order = Order("people.csv", upload, COLUMNS, ANSWERS, name="People")
    result = importing.run_import(store, settings, {"upload": upload, "order": asdict(order)}, SILENT)
    assert result["status"] == STORED
    importing.run_similar(store, {"dataset": result["dataset_id"]})
    return importing.to_outcome(result)


def test_the_file_holds_what_is_looked_for():
    assert set(found_in(planted_file())) == set(NEEDLES)
    assert found_in(gzip.compress(planted_file()))


def test_every_kind_is_counted(imported):
    assert {"email", "phone", "card", "iban", "ip", "token", "handle", "customer"} <= set(imported.masked)


def test_nothing_is_found_in_the_data_folder_and_in_the_files_of_the_comments(imported, store, settings):
    assert imported.rows_stored >= 130
    assert store.datasets.rejected(imported.import_id).shape[0] >= 30
    everywhere = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert len(everywhere) >= 2
    hits = {path.name: found for path in everywhere if (found := found_in(path.read_bytes()))}
    assert hits == {}
    for kind in comments.formats():
        assert found_in(comments.comments_file(store, imported.dataset_id, kind)) == []
    assert found_in(comments.rejected_csv(store, imported.import_id)) == []
    assert found_in(json.dumps(asdict(imported), ensure_ascii=False).encode()) == []


def test_nothing_is_found_in_a_report(imported, store, settings):
    label_set = store.labels.sets(imported.dataset_id)[0]
    options = TrainingOptions(mode=QUICK)
    run, _ = runs.start_training(store, settings, imported.dataset_id, label_set.id, options)
    train(store, settings, run.id, SILENT)
    for kind in reports.formats():
        assert found_in(reports.build(store, run.id, kind)) == [], kind
    hits = {
        path.name: found
        for path in settings.data_dir.rglob("*")
        if path.is_file() and (found := found_in(path.read_bytes()))
    }
    assert hits == {}
