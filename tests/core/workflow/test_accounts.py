import csv
import io
import math

import pytest

from core.domain import Columns, TrainingOptions
from core.errors import BadColumns, BadFile, NotFound
from core.ingest.accounts import AccountColumns
from core.workflow import accounts
from core.workflow.accounts_file import attach_here, preview_here
from core.workflow.import_file import Order, import_here, sha256_of
from core.workflow.uploads import keep_upload, upload_file

COMMENTS = [
    ("comment", "account", "plan", "topic"),
    ("the export is slow today", "Acme", "", "a"),
    ("the export is slow again", "ACME ", "", "b"),
    ("my invoice is wrong", "beta@x.org", "Own", "a"),
    ("please fix the login", "Gone", "", "a"),
    ("nobody knows who wrote this", "", "", "b"),
]
FILE = [
    ("Account ID", "Plan", "ARR", "Seats", "Contact"),
    ("acme", "Pro", "$1,000", "5", "ann@x.org"),
    ("Beta@x.org", "Free", "20", "7", "bob@x.org"),
    ("silent", "Pro", "30", "x", "c"),
    ("quiet", "Free", "40", "9", "d"),
    ("quiet", "Pro", "50", "9", "d"),
]
CHOICE = AccountColumns("Account ID", "ARR", "Seats", ("plan",))


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def dataset(store, settings):
    columns = Columns("comment", label="topic", account="account", segments=("plan",))
    data = as_csv(COMMENTS)
    return import_here(
        store, settings, data, Order("c.csv", sha256_of(data), columns, assume=True)
    ).dataset_id


def test_the_preview_matches_and_stores_nothing(store, settings, dataset):
    seen = preview_here(store, settings, dataset, as_csv(FILE))
    assert seen.columns == AccountColumns("Account ID", "ARR", "Seats", ("Plan",))
    assert (seen.rows_in, seen.rejected, len(seen.first_rows)) == (5, 0, 5)
    # Acme and "ACME" are two accounts to the comments, so the file's "acme" is neither of them for sure.
    assert (seen.matched.accounts, seen.matched.matched, seen.matched.base) == (4, 1, 4)
    assert (seen.matched.account_share, seen.matched.comment_share) == (0.25, 0.2)
    assert set(seen.matched.unmatched) == {"Acme", "ACME", "Gone"} and seen.matched.silent == 3
    assert len([line for line in seen.warnings if "comes again" in line or "no number" in line]) == 2
    assert accounts.attached(store, dataset) is None


def test_an_attached_file_gives_segments_and_can_be_taken_off(store, settings, dataset):
    file = [FILE[0], ("Acme", "Pro", "1", "2", ""), ("BETA@x.org", "Free", "1", "2", "")]
    renamed = [("Account ID", "plan", *FILE[0][2:]), *file[1:]]
    attach_here(store, settings, dataset, as_csv(renamed), "a.csv", CHOICE)
    done = accounts.attached(store, dataset)
    assert (done.file.rows, done.matched.matched) == (2, 2)
    table = store.datasets.feedback(dataset)
    assert table["segment:plan"].tolist() == ["Pro", "", "Own", "", ""]  # the comment's own word goes first
    accounts.detach(store, dataset)
    assert accounts.attached(store, dataset) is None
    assert store.datasets.feedback(dataset)["segment:plan"].tolist() == ["", "", "Own", "", ""]


def test_who_is_heard_from_of_the_whole_base(store, settings, dataset):
    file = [("id", "tier"), ("Acme", "Pro"), ("ACME", "Pro"), ("Gone", "Free"), ("x", "Free"), ("y", "Pro")]
    columns = AccountColumns("id", segments=("tier",))
    attach_here(store, settings, dataset, as_csv(file), "a.csv", columns)
    table = accounts.segment_table(store, dataset, "tier")
    assert table["value"].tolist() == ["Pro", "Free", accounts.NONE]
    assert table["accounts"].tolist()[:2] == [3, 2] and math.isnan(table["accounts"][2])
    assert table["heard"].tolist() == [2, 1, 1]
    assert table["comments"].tolist() == [2, 1, 2]
    assert table["base_share"].tolist()[:2] == [0.6, 0.4]
    assert table["comment_share"].tolist()[:2] == [2 / 3, 1 / 3]


def test_typed_sizes_serve_a_segment_of_the_comments(store, dataset):
    store.accounts.set_sizes(dataset, "plan", {"Own": 10, "Never heard": 90})
    assert accounts.segments(store, dataset) == ("plan",)
    table = accounts.segment_table(store, dataset, "plan")
    rows = [tuple(row) for row in table[["value", "accounts", "heard", "comments"]].values.tolist()]
    assert rows[:2] == [("Never heard", 90, 0, 0), ("Own", 10, 1, 1)]


def test_the_rows_and_their_hash_stay_as_they_are(store, settings, dataset):
    before = store.datasets.get(dataset)
    attach_here(store, settings, dataset, as_csv(FILE), "a.csv", AccountColumns("Account ID"))
    assert store.datasets.get(dataset) == before and store.datasets.intact(dataset)


def test_insights_frozen_before_the_file_came_say_so(store, settings, dataset):
    label_set = store.labels.sets(dataset)[0]
    run = store.runs.add(dataset, label_set.id, TrainingOptions(), "data", "k")
    columns = AccountColumns("Account ID")
    assert accounts.newer_than_insights(store, run.id) == ""
    store.reports.add(run.id, "r", "{}")
    attach_here(store, settings, dataset, as_csv(FILE), "a.csv", columns)
    assert "'a.csv' is newer" in accounts.newer_than_insights(store, run.id)
    store.reports.add(run.id, "r", "{} ")
    assert accounts.newer_than_insights(store, run.id) == ""


def test_what_cannot_be_accounts_is_refused(store, settings, dataset):
    with pytest.raises(BadColumns, match="no column 'x'"):
        attach_here(store, settings, dataset, as_csv(FILE), "a.csv", AccountColumns("x"))
    with pytest.raises(BadFile, match="no account id"):
        attach_here(store, settings, dataset, as_csv([("id", "b"), ("", "1")]), "a.csv", AccountColumns("id"))
    with pytest.raises(NotFound):
        attach_here(store, settings, 99, as_csv(FILE), "a.csv", AccountColumns("Account ID"))
    assert accounts.attached(store, dataset) is None


@pytest.fixture
def kept(settings):
    return lambda data: upload_file(settings, keep_upload(settings, data))


def test_an_upload_is_read_and_attached_in_a_child(store, settings, dataset, kept):
    path = kept(as_csv(FILE))
    seen = accounts.preview(store, settings, dataset, path)
    assert seen == preview_here(store, settings, dataset, as_csv(FILE))
    done = accounts.attach(store, settings, dataset, path, "a.csv", seen.columns)
    assert done.matched == seen.matched and done.warnings == seen.warnings
    assert accounts.attached(store, dataset).file.file_name == "a.csv"


def test_a_question_comes_back_from_the_child(store, settings, dataset, kept):
    seen = accounts.preview(store, settings, dataset, kept(b"a,b;c\n1,2;3\n4,5;6\n"))
    assert [question.key for question in seen.questions] == ["delimiter"] and seen.columns is None
    assert {answer.value for answer in seen.questions[0].answers} >= {",", ";"}


def test_what_the_child_refuses_is_refused_here(store, settings, dataset, kept):
    with pytest.raises(BadFile):
        accounts.preview(store, settings, dataset, kept(b"\x89PNG\r\n\x1a\n" + b"\0" * 50))
