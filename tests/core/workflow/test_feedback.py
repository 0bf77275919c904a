import csv
import gzip
import json
import multiprocessing
import os
import re
import time
from pathlib import Path

import pytest

from core.domain import Columns
from core.errors import BadColumns, BadFile, NotFound, TooLarge
from core.workflow import feedback

FORK = multiprocessing.get_context("fork")
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


# ---- uploads ------------------------------------------------------------------------------


def test_an_upload_is_shown_stored_and_its_unmasked_copy_removed(store, settings):
    upload = feedback.keep_upload(settings, FILE)
    assert b"ann@mail.example" in everything_in(settings.data_dir)
    assert b"ann@mail.example" not in b"".join(path.read_bytes() for path in settings.uploads_dir.iterdir())

    seen = feedback.preview(settings, upload, "may.csv")
    assert (seen.header, seen.rows_in, seen.delimiter) == (("comment", "topic", "stars"), 3, ",")
    assert (seen.columns.text, seen.columns.rating) == ("comment", "stars")
    assert list(seen.first_rows["comment"])[1] == "Love it"

    done = feedback.import_upload(store, settings, upload, "may.csv", COLUMNS, "  May  ")
    assert list(settings.uploads_dir.iterdir()) == []
    assert b"ann@mail.example" not in everything_in(settings.data_dir)
    assert (done.rows_in, done.rows_stored, done.rows_rejected) == (3, 2, 1)
    assert store.datasets.get(done.dataset_id).name == "May"
    assert list(store.datasets.feedback(done.dataset_id)["text"]) == [
        "The app is slow, write to [email]",
        "Love it",
    ]
    assert store.labels.sets(done.dataset_id)[0].counts == {"praise": 1, "speed": 1}
    assert any(warning.startswith("Masked before storing: 1 email") for warning in done.warnings)


def test_the_kept_copy_can_be_read_by_its_owner_alone(settings):
    upload = feedback.keep_upload(settings, FILE)
    (path,) = settings.uploads_dir.iterdir()
    assert path.name == f"{upload}.gz"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "upload", ["", "../author", "f" * 63, "F" * 64, "/etc/passwd", "f" * 64 + "\n", "é" * 64]
)
def test_an_id_that_is_no_hash_never_becomes_a_path(store, settings, upload):
    with pytest.raises(BadColumns, match="Choose the file again"):
        feedback.preview(settings, upload, "x.csv")
    with pytest.raises(BadColumns, match="Choose the file again"):
        feedback.import_upload(store, settings, upload, "x.csv", COLUMNS, "X")


def test_an_upload_that_is_gone_or_spoiled_asks_for_the_file(store, settings):
    upload = feedback.keep_upload(settings, FILE)
    feedback.import_upload(store, settings, upload, "may.csv", COLUMNS, "May")
    with pytest.raises(NotFound, match="no longer kept. Choose the file again"):
        feedback.preview(settings, upload, "may.csv")
    feedback.keep_upload(settings, FILE)
    (path,) = settings.uploads_dir.iterdir()
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(NotFound, match="Choose the file again"):
        feedback.preview(settings, upload, "may.csv")


def test_a_file_over_the_limit_is_refused_and_not_kept(settings):
    small = settings.model_copy(update={"max_upload_mb": 1})
    with pytest.raises(TooLarge, match="the limit is 1 MB"):
        feedback.keep_upload(small, b"x" * (2**20 + 1))
    assert list(settings.uploads_dir.iterdir()) == []
    feedback.keep_upload(small, b"x" * 2**20)


def test_uploads_go_after_a_day_unless_they_are_sent_again(settings):
    old, kept = feedback.keep_upload(settings, FILE), feedback.keep_upload(settings, FILE + b"x,y,1\n")
    unfinished = settings.uploads_dir / f".{old}.12ab34cd"
    unfinished.write_bytes(b"from a process that was killed")
    yesterday = time.time() - 25 * 3600
    for path in settings.uploads_dir.iterdir():
        os.utime(path, (yesterday, yesterday))
    os.utime(settings.uploads_dir / f"{kept}.gz", (yesterday + 7200, yesterday + 7200))
    feedback.keep_upload(settings, FILE + b"x,y,1\n")
    assert [path.name for path in settings.uploads_dir.iterdir()] == [f"{kept}.gz"]
    assert time.time() - (settings.uploads_dir / f"{kept}.gz").stat().st_mtime < 60


def test_a_file_without_a_text_is_refused_and_the_upload_stays(store, settings):
    upload = feedback.keep_upload(settings, b"comment,stars\n,1\n ,2\n")
    with pytest.raises(BadFile, match="'comment' is empty. Choose the column"):
        feedback.import_upload(store, settings, upload, "x.csv", Columns("comment"), "X")
    assert store.datasets.list() == []
    assert feedback.preview(settings, upload, "x.csv").rows_in == 2


# ---- labels -------------------------------------------------------------------------------


def test_rows_in_are_rows_stored_and_rows_rejected(store, settings, shared_data):
    data = b"\n".join((shared_data / "app_reviews_youtube_ios.csv").read_bytes().split(b"\n")[:400]) + b"\n"
    data += b'3.0,,"no text",2017-04-03,1,CA\n1.0,too,few\n'
    seen = feedback.preview(settings, feedback.keep_upload(settings, data), "reviews.csv")
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


def test_nothing_private_of_the_sample_is_in_the_data_folder(store, settings):
    truth = json.loads((feedback.SAMPLE.parent / "truth.json").read_text(encoding="utf-8"))
    with feedback.SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        comments = [row["comment"] for row in csv.DictReader(file)]
    planted = [
        found
        for place in truth["personal_data"]
        for found in re.findall(PLANTED[place["kind"]], comments[place["row"]])
    ]
    assert len(planted) >= len(truth["personal_data"]) >= 20
    feedback.import_upload(
        store,
        settings,
        feedback.keep_upload(settings, feedback.SAMPLE.read_bytes()),
        "feedback.csv",
        feedback.SAMPLE_COLUMNS,
        "Sample",
    )
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


# ---- the secret ---------------------------------------------------------------------------


def make_secret(settings, start, results):
    start.wait()
    results.put(feedback.author_secret(settings))


def test_of_racing_processes_one_makes_the_secret_and_all_use_it(settings):
    start, results = FORK.Barrier(8), FORK.Queue()
    racers = [FORK.Process(target=make_secret, args=(settings, start, results)) for _ in range(8)]
    for racer in racers:
        racer.start()
    found = {results.get(timeout=20) for _ in racers}
    for racer in racers:
        racer.join()
    assert len(found) == 1
    assert len(found.pop()) == 32
    kept = [path for path in settings.data_dir.iterdir() if "author" in path.name]
    assert [path.name for path in kept] == ["author.key"]
    assert kept[0].stat().st_mode & 0o077 == 0


def test_the_health_card_counts_the_labels_too(store, settings):
    done = feedback.import_bytes(store, settings, FILE, "f.csv", COLUMNS, "F")
    card = feedback.health_of(store, done.dataset_id)
    assert (card.rows, card.rated, card.labelled) == (2, 2, 2)
    assert card.label_counts == {"speed": 1, "praise": 1}
