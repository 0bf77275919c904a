import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select, text

from core.domain import Columns, RejectedRow, Rejection, TrainingOptions
from core.errors import Cancelled, CannotTrain, LeaseLost, NotFound, StoreError
from core.store.database import transaction
from core.store.held_out import MODEL, Answers
from core.store.staging import ROWS_A_TRANSACTION, Counts, FileFacts
from core.store.store import open_store
from core.store.tables import METADATA, feedback

FACTS = FileFacts(
    "may.csv", "f00d", "cp1252", ";", ("Comment", "Topic"), Columns("Comment", label="Topic"), {"header": "3"}
)


def facts(**changes):
    return FileFacts(**{**FACTS.__dict__, **changes})


def stage(store, *tables, **changes):
    """The tables of one file, staged and finished."""
    multi = changes.pop("multi", ())
    staged = store.staging.begin(facts(**changes), "May")
    for table in tables:
        store.staging.add(staged, table)
    rows = sum(len(table) for table in tables)
    store.staging.finish(staged, rows, (), (), {}, multi)
    return staged


def publish(store, *tables, **changes):
    return store.staging.publish(stage(store, *tables, **changes))


def append(store, dataset_id, *tables, **changes):
    return store.staging.merge(stage(store, *tables, **{"sha256": "beef", **changes}), dataset_id)


def texts_of(store, dataset_id):
    return store.datasets.feedback(dataset_id)["text"].tolist()


def labels_of(store, dataset_id):
    """Label set -> text -> its labels."""
    words = store.datasets.feedback(dataset_id).set_index("id")["text"]
    found = {}
    for known in store.labels.sets(dataset_id):
        table = store.labels.table(known.id)
        found[known.name] = table.groupby(table["feedback_id"].map(words))["label"].agg(list).to_dict()
    return found


def rows_in(store, table):
    with transaction(store.read_engine) as connection:
        return connection.scalar(select(func.count()).select_from(METADATA.tables[table]))


def hidden_rows(store):
    """What lies in the database and belongs to no dataset that is seen."""
    with transaction(store.read_engine) as connection:
        seen = [known.id for known in store.datasets.list()]
        return connection.scalar(
            select(func.count()).select_from(feedback).where(feedback.c.dataset_id.not_in(seen))
        )


# ---- a new dataset ------------------------------------------------------------------------


def test_a_file_becomes_a_dataset_with_all_that_is_known_of_it(store, make_table):
    staged = store.staging.begin(FACTS, "May", sample=True)
    store.staging.add(
        staged,
        make_table(["slow"], **{"label:Topic": ["bug"]}, cells=['[null, "bug"]']),
        [RejectedRow(3, "no text", ("", "x")), RejectedRow(7, "too long", ("a", "b", "=c"))],
    )
    store.staging.add(staged, make_table(["nice"], cells=['[null, ""]']))
    rejections = (Rejection("no text", 1, (3,)), Rejection("too long", 1, (7,)))
    store.staging.finish(staged, 4, rejections, ("guessed",), {"email": 2})
    assert (store.staging.list(), store.staging.facts(staged)) == ([staged], FACTS)
    done = store.staging.publish(staged, {"rows": 2})
    assert (done.rows_in, done.rows_stored, done.rows_rejected) == (4, 2, 2)
    assert (done.header, done.answers, done.masked) == (FACTS.header, FACTS.answers, {"email": 2})
    assert (done.rejections, done.warnings, done.encoding) == (rejections, ("guessed",), "cp1252")
    assert (store.staging.list(), store.datasets.imports(staged)) == ([], [done])
    known = store.datasets.get(done.dataset_id)
    assert (known.name, known.rows, known.sample) == ("May", 2, True)
    assert store.datasets.health(staged) == {"rows": 2}
    assert store.datasets.import_of(done.id) == done
    aside = store.datasets.rejected(done.id)
    assert aside.values.tolist() == [[3, "no text", ["", "x"]], [7, "too long", ["a", "b", "=c"]]]
    assert list(store.datasets.cells(staged)) == [
        (FACTS.header, ("slow", "bug")),
        (FACTS.header, ("nice", "")),
    ]
    assert store.datasets.intact(staged)


def test_rows_kept_aside_may_begin_on_the_same_line(store, make_table):
    staged = store.staging.begin(FACTS, "May")
    store.staging.add(staged, make_table(["a"]), [RejectedRow(3, "no text", ("1",))] * 2)
    store.staging.add(staged, make_table(["b"]), [RejectedRow(3, "too long", ("2",)), RejectedRow(2, "", ())])
    aside = store.datasets.rejected(store.staging.publish(staged).id)
    assert aside.values.tolist() == [
        [2, "", []],
        [3, "no text", ["1"]],
        [3, "no text", ["1"]],
        [3, "too long", ["2"]],
    ]


def test_staged_rows_refer_to_what_is_there(store, make_table):
    stage(store, make_table(["slow", "nice"], **{"label:Topic": ["bug", ""]}))
    with transaction(store.read_engine) as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []


def test_nothing_is_seen_before_it_is_published(store, make_table):
    staged = stage(store, make_table(["slow"], **{"label:Topic": ["bug"]}))
    assert store.datasets.list() == []
    assert store.datasets.imports(staged) == []
    assert store.labels.sets(staged) == []
    for ask in (
        store.datasets.get,
        store.datasets.feedback,
        store.datasets.intact,
        store.datasets.health,
        store.datasets.delete,
        lambda key: list(store.datasets.cells(key)),
        lambda key: store.datasets.rename(key, "x"),
        lambda key: store.datasets.set_health(key, {}),
        lambda key: store.datasets.import_of(1),
        lambda key: store.datasets.rejected(1),
        lambda key: store.datasets.undo(1),
        lambda key: store.labels.get(1),
        lambda key: store.staging.merge(stage(store, make_table(["x"]), sha256="b"), key),
        lambda key: store.runs.add(key, 1, TrainingOptions(), "data", "k"),
    ):
        with pytest.raises(NotFound):
            ask(staged)


def test_the_pieces_of_a_file_do_not_matter(store, make_table):
    table = make_table(
        [f"t{i}" for i in range(6)], **{"label:a": list("xyxy  "), "segment:Plan": ["Pro"] * 6}
    )
    whole = publish(store, table)
    pieces = publish(store, table[4:], table[:1], table[1:4], sha256="other")
    first, second = store.datasets.get(whole.dataset_id), store.datasets.get(pieces.dataset_id)
    assert (first.sha256, first.rows) == (second.sha256, second.rows)
    assert int(first.sha256, 16) > 0


def test_a_large_piece_is_stored_in_short_transactions(store, make_table):
    n = ROWS_A_TRANSACTION + 5
    done = publish(store, make_table([f"t{i}" for i in range(n)], **{"label:a": ["x", *[""] * (n - 2), "y"]}))
    assert done.rows_stored == n
    assert labels_of(store, done.dataset_id) == {"a": {"t0": ["x"], f"t{n - 1}": ["y"]}}
    assert store.datasets.intact(done.dataset_id)


def test_several_label_sets_and_several_labels_a_row(store, make_table):
    table = make_table(
        ["a", "b", "c"], **{"label:kind": ["bug\x1fbilling\x1fbug", "", "bug"], "label:mood": ["", "", "sad"]}
    )
    done = publish(store, table, multi=["kind"])
    kind, mood = store.labels.sets(done.dataset_id)
    assert (kind.name, kind.multi, kind.counts) == ("kind", True, {"bug": 2, "billing": 1})
    assert (mood.name, mood.multi, mood.counts) == ("mood", False, {"sad": 1})
    assert labels_of(store, done.dataset_id)["kind"] == {"a": ["billing", "bug"], "c": ["bug"]}
    assert store.datasets.intact(done.dataset_id)


def test_numbers_come_back(store, make_table):
    table = make_table(["a", "b"], **{"number:Effort": [2.5, np.nan], "segment:Plan": ["Pro", ""]})
    back = store.datasets.feedback(publish(store, table).dataset_id)
    assert back["number:Effort"].dtype == "float64"
    pd.testing.assert_frame_equal(
        back[["segment:Plan", "number:Effort"]], table[["segment:Plan", "number:Effort"]], check_dtype=False
    )
    with transaction(store.read_engine) as connection:
        assert connection.scalars(select(feedback.c.numbers)).all() == ['{"Effort": 2.5}', "{}"]


def test_segments_of_accounts_are_joined_and_the_rows_own_go_first(store, make_table):
    table = make_table(
        ["a", "b", "c"], account=["Acme", "Acme", "Zeta"], **{"segment:Plan": ["Pro", "", "Free"]}
    )
    done = publish(store, table)
    with transaction(store.engine) as connection:
        fields = json.dumps({"Plan": "Team", "Region": "EU"})
        connection.execute(
            text("INSERT INTO account (dataset_id, account, fields) VALUES (:d, 'Acme', :f)"),
            {"d": done.dataset_id, "f": fields},
        )
    back = store.datasets.feedback(done.dataset_id)
    assert back["segment:Plan"].tolist() == ["Pro", "Team", "Free"]
    assert back["segment:Region"].tolist() == ["EU", "EU", ""]


def test_the_same_file_read_in_the_same_way_is_one_dataset(store, make_table):
    table = make_table(["slow", "nice"])
    first = publish(store, table)
    assert publish(store, table) == first
    assert (store.staging.list(), hidden_rows(store), len(store.datasets.list())) == ([], 0, 1)
    assert publish(store, table, answers={"header": "4"}).id != first.id
    assert publish(store, table, columns=Columns("Comment")).id != first.id
    assert publish(store, table, sha256="cafe").id != first.id


def test_publishing_twice_gives_the_same(store, make_table):
    staged = stage(store, make_table(["slow"]))
    assert store.staging.publish(staged) == store.staging.publish(staged)


def test_what_was_cleared_away_takes_no_rows(store, make_table):
    staged = stage(store, make_table(["slow"]))
    other = stage(store, make_table(["nice"]), sha256="beef")
    store.staging.sweep(alive={other})
    assert store.staging.list() == [other]
    for ask in (
        lambda: store.staging.add(staged, make_table(["more"])),
        lambda: store.staging.finish(staged, 1, (), (), {}),
        lambda: store.staging.publish(staged),
        lambda: store.staging.counts(staged, 1),
        lambda: store.staging.facts(staged),
    ):
        with pytest.raises(NotFound, match="Choose the file again"):
            ask()
    store.staging.drop(staged)  # once more does nothing
    store.staging.drop(other)
    assert (rows_in(store, "dataset"), rows_in(store, "feedback"), rows_in(store, "import")) == (0, 0, 0)


def test_dropping_never_takes_what_is_published(store, make_table):
    done = publish(store, make_table(["slow"]))
    store.staging.drop(done.dataset_id)
    store.staging.sweep()
    assert texts_of(store, done.dataset_id) == ["slow"]


def test_a_worker_that_lost_its_job_writes_nothing(store, make_table):
    held = store.jobs.enqueue("import", {}, device="import")
    held = store.jobs.claim("me", 20, "import")
    fence, late = (held.id, "me", 1), (held.id, "me", 2)
    staged = store.staging.begin(FACTS, "May", fence=fence)
    store.staging.add(staged, make_table(["slow"]), fence=fence)
    target = publish(store, make_table(["old"]), sha256="old").dataset_id
    for ask in (
        lambda: store.staging.begin(FACTS, "May", fence=late),
        lambda: store.staging.add(staged, make_table(["more"]), fence=late),
        lambda: store.staging.finish(staged, 1, (), (), {}, fence=late),
        lambda: store.staging.publish(staged, fence=late),
        lambda: store.staging.merge(staged, target, fence=late),
    ):
        with pytest.raises(LeaseLost):
            ask()
    store.staging.finish(staged, 1, (), (), {}, fence=fence)
    assert store.staging.merge(staged, target, fence=list(fence)).rows_stored == 1  # as it comes from JSON
    assert len(store.datasets.list()) == 1


def test_a_cancel_before_the_commit_leaves_no_dataset(store, make_table):
    fence = _fence_of_a_job(store)
    target = publish(store, make_table(["old"]), sha256="old").dataset_id
    staged = stage(store, make_table(["slow"]))
    before = store.datasets.get(target)
    assert store.jobs.cancel(fence[0]).cancel_requested
    for ask in (
        lambda: store.staging.publish(staged, fence=fence),
        lambda: store.staging.merge(staged, target, fence=fence),
    ):
        with pytest.raises(Cancelled):
            ask()
    assert store.datasets.list() == [before] and store.staging.list() == [staged]


@pytest.mark.parametrize("appends", [False, True])
def test_a_cancel_after_the_commit_comes_too_late(store, make_table, appends):
    fence = _fence_of_a_job(store)
    target = publish(store, make_table(["old"]), sha256="old").dataset_id
    staged = stage(store, make_table(["slow"]))

    def arrive():
        if appends:
            return store.staging.merge(staged, target, fence=fence)
        return store.staging.publish(staged, fence=fence)

    done = arrive()
    late = store.jobs.cancel(fence[0])
    assert (late.state, late.cancel_requested, store.jobs.beat(*fence).cancel) == ("running", False, False)
    assert arrive() == done
    store.jobs.release(fence[0], "me")  # its worker dies before it can say done
    assert store.jobs.cancel(fence[0]).state == "queued"


def _fence_of_a_job(store):
    store.jobs.enqueue("import", {}, device="import")
    return store.jobs.claim("me", 20, "import").id, "me", 1


# ---- appending ----------------------------------------------------------------------------


@pytest.fixture
def base(store, make_table):
    """Three rows of two authors with topics."""
    table = make_table(
        ["slow", "crash", "nice"],
        author=["ann", "ann", "bo"],
        **{"label:Topic": ["bug", "bug", ""], "segment:Plan": ["Pro"] * 3},
        cells=['[null, "bug"]', '[null, "bug"]', '[null, ""]'],
    )
    return publish(store, table), table


@pytest.fixture
def june(base):
    """One row as it was, one changed, one with words that its author said before, two new."""
    _, table = base
    changed = table.iloc[[1]].assign(
        text="crash!", text_hash="hcrash!", cells='["crash!", "praise"]', **{"label:Topic": "praise"}
    )
    again = table.iloc[[2]].assign(row="f" * 12, date=pd.Timestamp("2025-01-01"))
    new = table.iloc[[0, 0]].assign(
        row=["d" * 12, "e" * 12],
        text=["late", "later"],
        text_hash=["hlate", "hlater"],
        **{"label:Topic": ["bug", ""], "label:Mood": ["sad", ""]},
    )
    return pd.concat([table.iloc[[0]], changed, again, new])


def test_counts_before_a_word_is_said(store, base, june):
    done, _ = base
    staged = stage(store, june, sha256="june")
    before = store.datasets.get(done.dataset_id)
    ids = store.datasets.feedback(done.dataset_id)["id"]
    counts = store.staging.counts(staged, done.dataset_id)
    assert counts == Counts(new=2, updated=1, same=1, repeated=1, examples=(ids[1],))
    assert store.staging.counts(staged, done.dataset_id) == counts
    assert (store.datasets.get(done.dataset_id), store.staging.list()) == (before, [staged])


def test_an_append_changes_what_changed_and_adds_what_is_new(store, base, june):
    done, _ = base
    ids = store.datasets.feedback(done.dataset_id)["id"].tolist()
    store.datasets.set_health(done.dataset_id, {"rows": 3})
    added = append(store, done.dataset_id, june)
    back = store.datasets.feedback(done.dataset_id)
    assert back["text"].tolist() == ["slow", "crash!", "nice", "late", "later"]
    assert back["id"].tolist()[:3] == ids
    assert labels_of(store, done.dataset_id) == {
        "Topic": {"slow": ["bug"], "crash!": ["praise"], "late": ["bug"]},
        "Mood": {"late": ["sad"]},
    }
    assert (added.rows_in, added.rows_stored, added.rows_updated, added.rows_rejected) == (5, 3, 1, 2)
    assert added.rejections == (Rejection("already in the dataset", 2, ()),)
    assert (added.dataset_id, store.datasets.get(done.dataset_id).rows) == (done.dataset_id, 5)
    assert store.datasets.health(done.dataset_id) is None
    assert store.datasets.intact(done.dataset_id)
    assert (store.staging.list(), hidden_rows(store)) == ([], 0)
    assert [cells for _, cells in store.datasets.cells(done.dataset_id)][1] == ("crash!", "praise")


def test_an_append_gives_the_hash_of_the_same_rows_imported_at_once(store, base, june):
    done, table = base
    append(store, done.dataset_id, june)
    whole = pd.concat([table.iloc[[0]], june.iloc[[1]], table.iloc[[2]], june.iloc[3:]])
    at_once = publish(store, whole, sha256="whole")
    now = store.datasets.get(done.dataset_id)
    assert now.sha256 == store.datasets.get(at_once.dataset_id).sha256


def test_undoing_an_append_is_exact(store, base, june):
    done, _ = base
    before = store.datasets.get(done.dataset_id)
    rows, labels = store.datasets.feedback(done.dataset_id), labels_of(store, done.dataset_id)
    added = append(
        store, done.dataset_id, june, columns=Columns("Comment", multi=("Topic",)), multi=["Topic"]
    )
    assert store.labels.sets(done.dataset_id)[0].multi
    store.datasets.undo(added.id)
    assert store.datasets.get(done.dataset_id) == before
    pd.testing.assert_frame_equal(store.datasets.feedback(done.dataset_id), rows)
    assert labels_of(store, done.dataset_id) == labels
    assert not store.labels.sets(done.dataset_id)[0].multi
    assert store.datasets.intact(done.dataset_id)
    assert store.datasets.imports(done.dataset_id) == [done]
    assert rows_in(store, "feedback_before") == 0
    again = append(store, done.dataset_id, june)
    assert (again.rows_stored, again.rows_updated) == (3, 1)


def test_two_appends_are_undone_one_after_the_other(store, base, june):
    done, table = base
    first_hash = store.datasets.get(done.dataset_id).sha256
    first = append(store, done.dataset_id, june, file_name="june.csv")
    second_hash = store.datasets.get(done.dataset_id).sha256
    july = june.iloc[[1]].assign(text="crash?", text_hash="hcrash?")
    second = append(store, done.dataset_id, july, sha256="july", file_name="july.csv")
    for earlier in (first.id, done.id):
        with pytest.raises(StoreError, match=r"'july.csv'.*Undo that import first"):
            store.datasets.undo(earlier)
    store.datasets.undo(second.id)
    assert store.datasets.get(done.dataset_id).sha256 == second_hash
    with pytest.raises(StoreError, match="'june.csv'"):
        store.datasets.undo(done.id)
    store.datasets.undo(first.id)
    assert store.datasets.get(done.dataset_id).sha256 == first_hash


def test_two_appends_that_waited_are_undone_in_the_order_of_their_merges(store, base, june):
    done, _ = base
    before = store.datasets.get(done.dataset_id).sha256
    cells = '["crash?", "bug"]'
    july = june.iloc[[1]].assign(text="crash?", text_hash="hcrash?", cells=cells, row=june.iloc[1]["row"])
    waiting = stage(store, june, sha256="june", file_name="june.csv", header=("Comment", "June"))
    sooner = append(
        store, done.dataset_id, july, sha256="july", file_name="july.csv", header=("Comment", "July")
    )
    between = store.datasets.get(done.dataset_id).sha256
    later = store.staging.merge(waiting, done.dataset_id)
    assert later.id < sooner.id
    assert dict(zip(texts_of(store, done.dataset_id), store.datasets.cells(done.dataset_id), strict=True))[
        "crash!"
    ][0] == ("Comment", "June")
    with pytest.raises(StoreError, match=r"'june.csv'.*Undo that import first"):
        store.datasets.undo(sooner.id)
    store.datasets.undo(later.id)
    assert store.datasets.get(done.dataset_id).sha256 == between
    store.datasets.undo(sooner.id)
    assert store.datasets.get(done.dataset_id).sha256 == before


def test_an_earlier_import_can_go_when_nothing_later_changed_it(store, base, make_table):
    done, _ = base
    append(store, done.dataset_id, make_table(["late"], **{"label:Mood": ["sad"]}))
    store.datasets.undo(done.id)
    assert texts_of(store, done.dataset_id) == ["late"]
    assert [known.name for known in store.labels.sets(done.dataset_id)] == ["Mood"]
    assert store.datasets.intact(done.dataset_id)


def test_undoing_the_only_import_deletes_the_dataset(store, base):
    done, _ = base
    store.datasets.undo(done.id)
    assert store.datasets.list() == []
    assert {
        name: rows_in(store, name) for name in ("dataset", "import", "feedback", "label", "label_set")
    } == {
        "dataset": 0,
        "import": 0,
        "feedback": 0,
        "label": 0,
        "label_set": 0,
    }
    with pytest.raises(NotFound):
        store.datasets.undo(done.id)


def test_the_same_file_is_appended_once(store, base, june):
    done, _ = base
    first = append(store, done.dataset_id, june)
    before = store.datasets.get(done.dataset_id)
    assert append(store, done.dataset_id, june) == first
    assert store.datasets.get(done.dataset_id) == before
    assert (store.staging.list(), hidden_rows(store)) == ([], 0)


def test_merging_twice_gives_the_same(store, base, june):
    done, _ = base
    staged = stage(store, june, sha256="june")
    assert store.staging.merge(staged, done.dataset_id) == store.staging.merge(staged, done.dataset_id)
    assert store.datasets.get(done.dataset_id).rows == 5


def test_a_file_of_nothing_new_is_an_import_without_rows(store, base):
    done, table = base
    before = store.datasets.get(done.dataset_id)
    added = append(store, done.dataset_id, table)
    assert (added.rows_in, added.rows_stored, added.rows_rejected) == (3, 0, 3)
    assert store.datasets.get(done.dataset_id) == before
    assert append(store, done.dataset_id, table) == added
    store.datasets.undo(added.id)
    assert store.datasets.get(done.dataset_id) == before


def test_only_new_rows_move_with_their_hashes(store, base, make_table):
    done, _ = base
    append(store, done.dataset_id, make_table(["late", "later"], **{"label:Topic": ["bug", ""]}))
    assert texts_of(store, done.dataset_id) == ["slow", "crash", "nice", "late", "later"]
    assert store.datasets.intact(done.dataset_id)


def test_the_same_words_of_others_or_of_nobody_are_votes(store, base):
    done, table = base
    votes = table.assign(row=["a" * 12, "b" * 12, "c" * 12], author=["cy", "", "ann"])
    added = append(store, done.dataset_id, votes)
    assert (added.rows_stored, added.rows_rejected) == (3, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"rating": 1.0},
        {"rating": np.nan},
        {"date": pd.NaT},
        {"segment:Plan": "Free"},
        {"number:Effort": 2.0},
        {"cells": '["slow","bug"]'},
        {"label:Topic": ""},
        {"label:Topic": "bug\x1fpraise"},
        {"label:Mood": "sad"},
    ],
)
def test_any_changed_cell_is_an_update_and_can_be_undone(store, base, change):
    done, table = base
    before = store.datasets.get(done.dataset_id)
    added = append(store, done.dataset_id, pd.concat([table.iloc[[0]].assign(**change), table.iloc[[2]]]))
    if change == {"label:Topic": ""}:  # no label at all in the file: it says nothing of labels
        assert (added.rows_updated, added.rows_rejected) == (0, 2)
    else:
        assert (added.rows_updated, added.rows_rejected) == (1, 1)
        assert store.datasets.get(done.dataset_id).sha256 != before.sha256
    assert store.datasets.intact(done.dataset_id)
    store.datasets.undo(added.id)
    assert store.datasets.get(done.dataset_id) == before
    assert store.datasets.intact(done.dataset_id)


def test_a_label_that_a_person_gave_is_not_touched_by_a_file(store, base, june):
    done, _ = base
    with transaction(store.engine) as connection:
        connection.execute(
            text("UPDATE label SET label = 'billing', origin = 'person' WHERE feedback_id = 2")
        )
    append(store, done.dataset_id, june)
    assert labels_of(store, done.dataset_id)["Topic"]["crash!"] == ["billing"]


def test_nothing_changes_while_a_training_goes_on(store, base, june):
    done, _ = base
    label_set = store.labels.sets(done.dataset_id)[0]
    run, job = store.runs.add_with_job(done.dataset_id, label_set.id, TrainingOptions(), "d", "k", "train")
    staged = stage(store, june, sha256="june")
    with pytest.raises(CannotTrain, match="Wait until it is done or cancel it"):
        store.staging.merge(staged, done.dataset_id)
    with pytest.raises(CannotTrain, match="Wait until it is done or cancel it"):
        store.datasets.undo(done.id)
    store.jobs.cancel(job.id)
    assert store.staging.merge(staged, done.dataset_id).rows_stored == 3


def test_a_label_set_that_a_run_uses_stays(store, base, make_table):
    done, _ = base
    added = append(store, done.dataset_id, make_table(["late"], **{"label:Mood": ["sad"]}))
    mood = store.labels.sets(done.dataset_id)[1]
    run = store.runs.add(done.dataset_id, mood.id, TrainingOptions(), "d", "k")
    store.runs.update(run.id, status="done")
    store.datasets.undo(added.id)
    assert store.runs.get(run.id).label_set_id == mood.id
    assert store.labels.get(mood.id).counts == {}


def test_predictions_of_undone_rows_go_and_the_others_stay(store, base, make_table):
    done, _ = base
    added = append(store, done.dataset_id, make_table(["late"]))
    label_set = store.labels.sets(done.dataset_id)[0]
    run = store.runs.add(done.dataset_id, label_set.id, TrainingOptions(), "d", "k")
    ids = store.datasets.feedback(done.dataset_id)["id"].to_numpy()
    store.runs.finish(run.id, None, (ids, np.full((4, 2), 0.5, np.float32)))
    store.datasets.undo(added.id)
    assert store.predictions.table(run.id)[0].tolist() == ids[:3].tolist()


def test_predictions_go_with_the_text_they_were_made_of(store, base):
    done, table = base
    label_set = store.labels.sets(done.dataset_id)[0]
    slow, crash, nice = store.datasets.feedback(done.dataset_id)["id"].tolist()
    ids, cells = np.array([slow, crash, nice]), np.full((3, 2), 0.5, np.float32)
    runs = [store.runs.add(done.dataset_id, label_set.id, TrainingOptions(), "d", key).id for key in "ab"]
    once = np.zeros(3, np.int64)
    for run in runs:
        store.runs.finish(run, None, (ids, cells), {MODEL: Answers(ids, once, once, cells)})

    def missing():
        return [store.predictions.missing(run, done.dataset_id) for run in runs]

    dated = table.iloc[[0]].assign(date=pd.Timestamp("2025-01-01"), **{"label:Topic": "praise"})
    changed = table.iloc[[1]].assign(text="crash!", text_hash="hcrash!")
    added = append(store, done.dataset_id, pd.concat([dated, changed]))
    assert (added.rows_updated, missing()) == (2, [[crash], [crash]]), "another date leaves the text"
    store.predictions.add(runs[0], np.array([crash]), ["crash!"], cells[:1])
    assert missing() == [[], [crash]]
    store.datasets.undo(added.id)
    assert missing() == [[crash], [crash]]
    assert [store.held_out.get(run).ids.tolist() for run in runs] == [[slow, crash, nice]] * 2


def test_an_append_comes_when_it_is_merged_and_not_when_it_was_staged(store, base, june):
    done, _ = base
    _, crash, _ = store.datasets.feedback(done.dataset_id)["id"].tolist()
    staged = stage(store, june, sha256="june")
    moment = datetime.now(UTC)
    assert store.datasets.since(done.dataset_id, moment) == []
    added = store.staging.merge(staged, done.dataset_id)
    assert added.created_at > moment
    *_, late, later = store.datasets.feedback(done.dataset_id)["id"].tolist()
    assert store.datasets.since(done.dataset_id, moment) == [crash, late, later], "one says something else"
    assert store.datasets.since(done.dataset_id, added.created_at) == []
    july = june.iloc[:2].assign(text=["slow", "crash"], text_hash=["hslow", "hcrash"], rating=1.0)
    second = append(store, done.dataset_id, july, sha256="july")
    assert second.rows_updated == 2
    assert store.datasets.since(done.dataset_id, moment) == [late, later], "it says again what it said then"
    assert store.datasets.since(done.dataset_id, added.created_at) == [crash]
    assert store.datasets.since(done.dataset_id, done.created_at) == [late, later]
    store.datasets.undo(second.id)
    assert store.datasets.since(done.dataset_id, moment) == [crash, late, later]


def test_findings_go_when_words_change_or_rows_go_and_stay_when_rows_come(store, base, june, make_table):
    done, _ = base
    label_set = store.labels.sets(done.dataset_id)[0]
    run = store.runs.add(done.dataset_id, label_set.id, TrainingOptions(), "d", "k")
    store.runs.update(run.id, status="done")

    def found():
        return len(store.explanations.findings(run.id, "drivers"))

    store.explanations.keep_finding(run.id, "drivers", "bug", {}, "x")
    late = append(store, done.dataset_id, make_table(["late"]))
    assert found() == 1
    store.datasets.undo(late.id)
    assert found() == 0
    store.explanations.keep_finding(run.id, "drivers", "bug", {}, "x")
    append(store, done.dataset_id, june)
    assert found() == 0


def test_runs_and_reports_of_a_dataset_that_is_going_are_hidden(store, base):
    done, _ = base
    label_set = store.labels.sets(done.dataset_id)[0]
    run = store.runs.add(done.dataset_id, label_set.id, TrainingOptions(), "d", "k")
    report = store.reports.add(run.id, "Review", "{}")
    with transaction(store.engine) as connection:
        connection.execute(text("UPDATE dataset SET state = 'deleting'"))
    assert (store.runs.list(), store.reports.list(run.id), store.datasets.list()) == ([], [], [])
    for ask in (lambda: store.runs.get(run.id), lambda: store.reports.get(report)):
        with pytest.raises(NotFound):
            ask()
    store.staging.sweep()
    assert (rows_in(store, "run"), rows_in(store, "dataset"), rows_in(store, "feedback")) == (0, 0, 0)


# ---- many at once -------------------------------------------------------------------------


def import_alone(i, start, url, folder, make_table):
    store = open_store(url, folder)
    start.wait()
    staged = stage(store, make_table(["slow", "nice"], **{"label:Topic": ["bug", ""]}))
    return store.staging.publish(staged).dataset_id


def append_alone(i, start, url, folder, table, dataset_id):
    store = open_store(url, folder)
    start.wait()
    return append(store, dataset_id, table).id


def test_eight_processes_import_the_same_file_once(store, tmp_path, in_processes, make_table):
    found = in_processes(8, import_alone, store.url, tmp_path, make_table)
    assert len(set(found)) == 1
    assert [known.rows for known in store.datasets.list()] == [2]
    store.staging.sweep()
    assert (rows_in(store, "feedback"), rows_in(store, "dataset"), store.datasets.intact(found[0])) == (
        2,
        1,
        True,
    )


def test_eight_processes_append_the_same_file_once(store, tmp_path, in_processes, base, june):
    done, _ = base
    found = in_processes(8, append_alone, store.url, tmp_path, june, done.dataset_id)
    assert len(set(found)) == 1
    assert store.datasets.get(done.dataset_id).rows == 5
    assert store.datasets.intact(done.dataset_id)
    assert (rows_in(store, "feedback"), rows_in(store, "dataset")) == (5, 1)


# ---- similar comments ---------------------------------------------------------------------


def test_groups_of_similar_comments_are_named_by_their_first_row(store, base):
    done, _ = base
    ids = store.datasets.feedback(done.dataset_id)["id"].to_numpy()
    store.datasets.set_similar(done.dataset_id, ids, np.array([5, -1, 5]))
    assert store.datasets.similar(done.dataset_id).values.tolist() == [[ids[0], ids[0]], [ids[2], ids[0]]]
    store.datasets.set_similar(done.dataset_id, np.append(ids, 10**6), np.array([-1, 0, 0, 0]))
    assert store.datasets.similar(done.dataset_id).values.tolist() == [[ids[1], ids[1]], [ids[2], ids[1]]]
    store.datasets.set_similar(done.dataset_id, ids, np.full(3, -1))
    assert store.datasets.similar(done.dataset_id).empty
