import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from core.domain import FEEDBACK, Columns, Rejection
from core.errors import NotFound
from core.store.database import transaction
from core.store.explanations import Question

HOSTILE = ["=1+1", "a\x1fb", 'say "hi"', "naïve 🙂", "'; DROP TABLE feedback; --", "x" * 50_000, ""]


def count(store, table):
    with transaction(store.read_engine) as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}"))


def test_what_goes_in_comes_out(store, make_table, add):
    n = len(HOSTILE)
    table = make_table(
        HOSTILE,
        date=pd.to_datetime(
            ["2024-02-29 23:59:59.123456", None, *["2023-01-01"] * (n - 2)], format="ISO8601"
        ),
        rating=[np.nan, 4.5, *[0.0] * (n - 2)],
        account=["", *["Acme, Inc."] * (n - 1)],
        **{"segment:Plan": ["Pro", *[""] * (n - 1)], "segment:Größe": ["10"] * n},
    )
    back = store.datasets.feedback(add(store, table).dataset_id)
    assert list(back.columns) == [*FEEDBACK, "segment:Plan", "segment:Größe"]
    assert back["id"].is_monotonic_increasing
    expected = table.assign(date=table["date"].astype("datetime64[us]"))
    pd.testing.assert_frame_equal(back.drop(columns="id"), expected, check_dtype=False)
    kinds = {"id": "int64", "date": "datetime64[us]", "rating": "float64"}
    assert {name: str(back[name].dtype) for name in back} == {name: kinds.get(name, "str") for name in back}


def test_missing_words_are_stored_as_empty(store, make_table, add):
    stored = add(store, make_table(["a", "b"], channel=[None, "web"]))
    assert store.datasets.feedback(stored.dataset_id)["channel"].tolist() == ["", "web"]


def test_an_empty_file_keeps_its_types(store, make_table, add):
    stored = add(store, make_table(["x"]).iloc[:0])
    back = store.datasets.feedback(stored.dataset_id)
    assert list(back.columns) == list(FEEDBACK)
    assert [str(back[name].dtype) for name in ("id", "date", "rating", "text")] == [
        "int64",
        "datetime64[us]",
        "float64",
        "str",
    ]


def test_the_import_round_trips(store, make_table, add):
    columns = Columns("Comment", label="Topic", date="When", segments=("Plan", "Region"))
    rejections = (Rejection("no text", 2, (3, 9)), Rejection("too long", 1, (12,)))
    stored = add(
        store, make_table(["a", "b"]), columns=columns, rejections=rejections, warnings=("guessed cp1252",)
    )
    assert store.datasets.imports(stored.dataset_id) == [stored]
    assert (stored.columns, stored.rejections, stored.warnings) == (columns, rejections, ("guessed cp1252",))
    assert (stored.rows_stored, stored.rows_rejected, stored.file_name) == (2, 3, "reviews.csv")
    assert stored.created_at.utcoffset().total_seconds() == 0


def test_some_rows_by_id(store, stored, make_table, add):
    other = add(store, make_table(["else"]), sha256="other")
    ids = store.datasets.feedback(stored.dataset_id)["id"].tolist()
    foreign = store.datasets.feedback(other.dataset_id)["id"].tolist()
    found = store.datasets.feedback(stored.dataset_id, ids=[ids[2], ids[0], ids[0], *foreign, 10**9])
    assert found["text"].tolist() == ["slow", "nice"]


def test_more_ids_than_one_query_takes(store, make_table, add):
    stored = add(store, make_table([f"t{i}" for i in range(25_000)]))
    ids = store.datasets.feedback(stored.dataset_id)["id"].to_numpy()
    assert store.datasets.feedback(stored.dataset_id, ids[1:])["text"].iloc[-1] == "t24999"
    assert len(store.datasets.feedback(stored.dataset_id, ids[1:])) == 24_999


def test_the_same_file_is_stored_once(store, stored, make_table, add):
    again = add(store, make_table(["slow", "crash", "nice"], ["bug", "bug", ""]))
    assert again == stored
    assert [known.name for known in store.datasets.list()] == ["Reviews"]
    into_itself = add(store, make_table(["slow"]), dataset_id=stored.dataset_id)
    assert into_itself == stored


def test_another_file_mapping_or_target_is_stored_again(store, stored, make_table, add):
    table = make_table(["slow"])
    assert add(store, table, sha256="beef").dataset_id != stored.dataset_id
    assert add(store, table, columns=Columns("other")).dataset_id != stored.dataset_id
    first = add(store, table, sha256="cafe", dataset_id=stored.dataset_id)
    alone = add(store, table, sha256="cafe")  # as a dataset of its own it is new
    assert (first.dataset_id, alone.dataset_id != stored.dataset_id) == (stored.dataset_id, True)


def test_a_file_whose_rows_are_not_all_there_is_stored_again(store, stored, make_table, add):
    with transaction(store.engine) as connection:
        connection.execute(text("DELETE FROM feedback WHERE text = 'nice'"))
    again = add(store, make_table(["slow", "crash", "nice"], ["bug", "bug", ""]))
    assert again.dataset_id != stored.dataset_id


def test_a_dataset_grows(store, stored, make_table, add):
    before = store.datasets.get(stored.dataset_id)
    more = make_table(["late"], ["praise"], **{"segment:Plan": ["Pro"]})
    add(store, more, sha256="cafe", dataset_id=stored.dataset_id)
    after = store.datasets.get(stored.dataset_id)
    assert (after.rows, after.sha256 != before.sha256) == (4, True)
    back = store.datasets.feedback(stored.dataset_id)
    assert back["text"].tolist() == ["slow", "crash", "nice", "late"]
    assert back["segment:Plan"].tolist() == ["", "", "", "Pro"]
    assert store.labels.sets(stored.dataset_id)[0].counts == {"bug": 2, "praise": 1}
    assert store.datasets.intact(stored.dataset_id)


def test_datasets_are_listed_newest_first_and_renamed(store, stored, make_table, add):
    add(store, make_table(["a"]), sha256="b", name="Second", sample=True)
    store.datasets.rename(stored.dataset_id, "First")
    assert [(known.name, known.sample) for known in store.datasets.list()] == [
        ("Second", True),
        ("First", False),
    ]


def test_one_changed_cell_of_60000_rows_changes_the_hash(store, make_table, add):
    n = 60_000
    labels = ["bug", "", "praise"] * (n // 3)
    table = make_table([f"text {i % 700}" for i in range(n)], labels, **{"segment:Plan": ["Pro"] * n})
    changes = {"": "", "text": "text X", "label": "praise", "rating": np.nan, "segment:Plan": "Free"}
    found = set()
    for name, new in changes.items():
        changed = table.copy()
        if name:
            changed.loc[43_210, name] = new
        stored = add(store, changed, sha256=f"file {name}")
        found.add(store.datasets.get(stored.dataset_id).sha256)
    assert len(found) == len(changes)


@pytest.mark.parametrize(
    ("cell", "new"),
    [
        ("date", pd.Timestamp("2024-03-02")),
        ("row", "f" * 12),
        ("author", "Bo"),
        ("account", ""),
        ("language", "de"),
    ],
)
def test_every_cell_counts_in_the_hash(store, stored, make_table, add, cell, new):
    table = make_table(["slow", "crash", "nice"], ["bug", "bug", ""])
    table.loc[1, cell] = new
    other = add(store, table, sha256="other")
    assert store.datasets.get(other.dataset_id).sha256 != store.datasets.get(stored.dataset_id).sha256


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE feedback SET text = 'slaw' WHERE text = 'slow'",
        "UPDATE label SET label = 'bag' WHERE feedback_id = 2",
        "DELETE FROM feedback WHERE text = 'nice'",
    ],
)
def test_damage_is_noticed(store, stored, damage):
    assert store.datasets.intact(stored.dataset_id)
    with transaction(store.engine) as connection:
        connection.execute(text(damage))
    assert not store.datasets.intact(stored.dataset_id)


def test_deleting_takes_everything_that_hangs_on_it(store, stored, new_run, make_table, add, tmp_path):
    run, _ = new_run()
    ids = store.datasets.feedback(stored.dataset_id)["id"].to_numpy()
    frame = pd.DataFrame({"feedback_id": ids, "part": "train", "label": "bug"})
    store.runs.set_rows(run.id, frame)
    store.runs.finish(run.id, None, (ids, np.full((3, 2), 0.5, np.float32)))
    store.reports.add(run.id, "Review", "{}")
    store.explanations.keep_finding(run.id, "drivers", "bug", {"quotes": ["crash"]}, "x")
    store.explanations.keep_attribution(run.id, Question(int(ids[0]), "bug", "", "m"), "h", 1, {})
    store.explanations.keep_places(run.id, ids, np.zeros((3, 2)))
    kept = add(store, make_table(["kept words"], ["x"]), sha256="kept")
    store.datasets.delete(stored.dataset_id)
    left = {"import": 1, "feedback": 1, "label_set": 1, "label": 1, "run": 0, "run_row": 0, "prediction": 0}
    left |= {"report": 0, "job": 0, "dataset": 1, "finding": 0, "attribution": 0, "place": 0}
    assert {name: count(store, name) for name in left} == left
    assert store.datasets.intact(kept.dataset_id)
    on_disk = b"".join(path.read_bytes() for path in tmp_path.glob("roadlens.db*"))
    assert b"kept words" in on_disk
    assert b"crash" not in on_disk


def test_ids_are_never_used_twice(store, stored, make_table, add):
    last = store.datasets.feedback(stored.dataset_id)["id"].max()
    store.datasets.delete(stored.dataset_id)
    again = add(store, make_table(["slow"]))
    assert again.dataset_id > stored.dataset_id
    assert store.datasets.feedback(again.dataset_id)["id"].min() > last


def test_what_is_not_there_is_said(store, make_table, add):
    for ask in (store.datasets.get, store.datasets.feedback, store.datasets.delete, store.datasets.intact):
        with pytest.raises(NotFound, match="Choose another"):
            ask(7)
    with pytest.raises(NotFound):
        store.datasets.rename(7, "x")
    with pytest.raises(NotFound):
        add(store, make_table(["a"]), dataset_id=7)
    assert count(store, "feedback") == 0


def test_the_same_content_gives_the_same_hash(store, stored, make_table, add):
    again = add(store, make_table(["slow", "crash", "nice"], ["bug", "bug", ""]), sha256="copy", name="Copy")
    assert store.datasets.get(again.dataset_id).sha256 == store.datasets.get(stored.dataset_id).sha256
