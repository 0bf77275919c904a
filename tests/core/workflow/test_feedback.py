"""The sample and files that are imported in one call."""

import csv
import gzip
import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from core.domain import Columns
from core.errors import BadFile
from core.workflow import feedback, health, importing
from core.workflow.import_file import Order, look_at
from core.workflow.uploads import keep_upload

FILE = b'comment,topic,stars\n"The app is slow, write to ann@mail.example",speed,1\nLove it,praise,5\n,,3\n'
COLUMNS = Columns("comment", "topic", rating="stars")
PLANTED = {
    "email": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "ip": r"\d+\.\d+\.\d+\.\d+",
    "phone": r"\+\d[\d ()-]{8,}\d",
    "card": r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}",
}


def everything_in(folder: Path) -> bytes:
    """The bytes of all files below, compressed ones opened."""
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data for data in found)


@pytest.fixture
def import_upload(store, settings):
    """What the job does with an upload."""

    def run(data, file_name, columns, name):
        upload = keep_upload(settings, data)
        order = Order(file_name, upload, columns, name=name)
        params = {"upload": upload, "order": asdict(order)}
        done = importing.run_import(store, settings, params)
        return store.datasets.import_of(done["import_id"])

    return run


def test_an_upload_is_looked_at_stored_and_its_unmasked_copy_removed(store, settings, import_upload):
    upload = keep_upload(settings, FILE)
    assert b"ann@mail.example" in everything_in(settings.data_dir)
    seen = importing.look(store, settings, upload, {})
    assert (seen.header, seen.rows_in, seen.delimiter) == (("comment", "topic", "stars"), 3, ",")
    assert (seen.columns.text, seen.columns.rating) == ("comment", "stars")
    assert seen.first_rows[1][0] == "Love it"

    done = import_upload(FILE, "may.csv", COLUMNS, "  May  ")
    assert list(settings.uploads_dir.iterdir()) == []
    assert b"ann@mail.example" not in everything_in(settings.data_dir)
    assert (done.rows_in, done.rows_stored, done.rows_rejected) == (3, 2, 1)
    assert store.datasets.get(done.dataset_id).name == "May"
    assert list(store.datasets.feedback(done.dataset_id)["text"]) == [
        "The app is slow, write to [email]",
        "Love it",
    ]
    assert store.labels.sets(done.dataset_id)[0].counts == {"praise": 1, "speed": 1}
    assert done.masked == {"email": 1}
    assert any(warning.startswith("Masked before storing: 1 email") for warning in done.warnings)


def test_a_file_without_a_text_is_refused_and_the_upload_stays(store, settings, import_upload):
    data = b"comment,stars\n,1\n ,2\n"
    with pytest.raises(BadFile, match="Choose"):
        import_upload(data, "x.csv", Columns("comment"), "X")
    assert store.datasets.list() == []
    assert store.staging.list() == []
    assert importing.look(store, settings, keep_upload(settings, data), {}).rows_in == 2


# ---- labels -------------------------------------------------------------------------------


def test_rows_in_are_rows_stored_and_rows_rejected(store, settings, shared_data):
    data = b"\n".join((shared_data / "app_reviews_youtube_ios.csv").read_bytes().split(b"\n")[:400]) + b"\n"
    data += b'3.0,,"no text",2017-04-03,1,CA\n1.0,too,few\n'
    seen = look_at(data, settings, {})
    done = feedback.import_bytes(store, settings, data, "reviews.csv", seen.columns, "Reviews")
    assert done.rows_in == done.rows_stored + done.rows_rejected == seen.rows_in
    assert done.rows_rejected >= 1
    assert store.datasets.get(done.dataset_id).rows == done.rows_stored


def test_without_a_label_column_the_rating_is_the_label_set(store, settings):
    rows = "".join(f"comment number {stars},{stars}\n" for stars in (1, 2, 3, 4, 5)) + "no rating,\n"
    columns = Columns("comment", rating="stars")
    done = feedback.import_bytes(store, settings, f"comment,stars\n{rows}".encode(), "f.csv", columns, "F")
    (label_set,) = store.labels.sets(done.dataset_id)
    assert label_set.name == "sentiment from rating"
    assert label_set.counts == {"negative": 2, "positive": 2, "neutral": 1}
    assert any("serves as label set" in warning for warning in done.warnings)
    assert len(store.labels.table(label_set.id)) == 5, "a row without a rating has no label"


@pytest.mark.parametrize("columns", [Columns("comment"), Columns("comment", rating="stars")])
def test_without_labels_and_ratings_that_differ_there_is_no_label_set(store, settings, columns):
    done = feedback.import_bytes(store, settings, b"comment,stars\nfine,4\ngood,4\n", "f.csv", columns, "F")
    assert store.labels.sets(done.dataset_id) == []


# ---- the sample ---------------------------------------------------------------------------


def test_the_sample_pressed_twice_is_one_dataset(store, settings):
    first, second = feedback.load_sample(store, settings), feedback.load_sample(store, settings)
    assert first == second
    assert (first.sample, len(store.datasets.list())) == (True, 1)
    (stored,) = store.datasets.imports(first.id)
    assert stored.rows_in == stored.rows_stored + stored.rows_rejected == 1514


def test_nothing_private_of_the_sample_is_in_the_data_folder(settings, import_upload):
    truth = json.loads((feedback.SAMPLE.parent / "truth.json").read_text(encoding="utf-8"))
    with feedback.SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        comments = [row["comment"] for row in csv.DictReader(file)]
    planted = [
        found
        for place in truth["personal_data"]
        for found in re.findall(PLANTED[place["kind"]], comments[place["row"]])
    ]
    assert len(planted) >= len(truth["personal_data"]) >= 20
    import_upload(feedback.SAMPLE.read_bytes(), "feedback.csv", feedback.SAMPLE_COLUMNS, "Sample")
    assert (settings.data_dir / "roadlens.db-wal").stat().st_size > 0, "the log is searched as well"
    stored = everything_in(settings.data_dir)
    for value in planted:
        for encoding in ("utf-8", "utf-16-le"):
            assert value.encode(encoding) not in stored, value
    assert b"Guest access that ends on a date" in stored, "the search finds what is there"


def test_authors_of_the_sample_are_stored_as_pseudonyms(store, settings):
    with feedback.SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        authors = {row["author"] for row in csv.DictReader(file)} - {""}
    stored = store.datasets.feedback(feedback.load_sample(store, settings).id)
    assert len(authors) > 50
    assert not authors & set(stored["author"])
    assert stored["author"].nunique() == pytest.approx(len(authors) + 1, abs=1)


def test_the_health_card_counts_the_labels_too(store, settings):
    done = feedback.import_bytes(store, settings, FILE, "f.csv", COLUMNS, "F")
    card = health.of_dataset(store, done.dataset_id)
    assert (card.rows, card.rated, card.labelled) == (2, 2, 2)
    assert card.label_counts == {"speed": 1, "praise": 1}
    assert card == health.measure(store, done.dataset_id), "the same from the store as while importing"
