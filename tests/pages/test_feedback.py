"""The Feedback page from the drop zone to a stored dataset, without a browser."""

import pytest

from core.domain import Columns
from core.workflow import accounts, importing, promotion
from core.workflow.importing import Order
from core.workflow.uploads import keep_upload
from pages.parts import resources, segment_sizes
from tests.pages.trained import train_now

HEADER = "ticket_id,created,stars,comment,topic,who"


def rows(start: int, stop: int, change: str = "") -> str:
    return "".join(
        f"T{n},2026-0{1 + n % 6}-{13 + n % 9},{1 + n % 5},The page number {n} is slow{change},"
        f"{('speed', 'design')[n % 2]},person {n % 7}\n"
        for n in range(start, stop)
    )


def table(start: int, stop: int, change: str = "") -> bytes:
    return f"{HEADER}\n{rows(start, stop, change)}".encode()


def days() -> bytes:
    """Dates of which nothing tells whether the day or the month comes first."""
    cells = (f"The page {n} is slow,0{1 + 5 * n % 9}/0{1 + 7 * n % 8}/2026" for n in range(30))
    return "\n".join(["comment,when", *cells]).encode()


def drop(app, name: str, data: bytes):
    app.file_uploader[0].upload(name, data).run()
    assert not app.exception
    return app


def press(app, label: str):
    (found,) = [button for button in app.button if button.label == label]
    found.click().run()
    assert not app.exception
    return app


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def texts(app) -> str:
    parts = [*app.markdown, *app.caption, *app.success, *app.info, *app.warning, *app.error, *app.subheader]
    return "\n".join(part.value.replace("\\", "").replace("\u2060", "") for part in parts)


def store_file(work, data: bytes, **more: object) -> int:
    """A stored import without the page; its dataset."""
    store, settings = resources.store(), resources.settings()
    upload = keep_upload(settings, data)
    columns = Columns(
        text="comment", label="topic", date="created", rating="stars", author="who", id="ticket_id"
    )
    importing.start(store, settings, upload, Order("first.csv", upload, columns, **more))
    work()
    return store.datasets.list()[0].id


def open_tab(app, name: str):
    app.session_state["about"] = name
    app.run()
    assert not app.exception
    return app


# ---- a new dataset ------------------------------------------------------------------------


def test_with_nothing_stored_there_is_a_drop_zone_and_nothing_else(open_page):
    app = open_page("feedback")
    assert len(app.file_uploader) == 1
    assert app.button == []
    assert len(app.tabs) == 0


def test_a_file_becomes_a_dataset_with_every_row_accounted_for(open_page, work):
    app = drop(open_page("feedback"), "march.csv", table(0, 40) + b"T90,2026-01-13,1,,speed,person 3\n")
    assert "41 rows" in texts(app)
    assert app.multiselect(key="role_texts").value == ["comment"]
    assert app.text_input(key="role_name").value == "march"
    press(app, "Import")
    assert "Importing march.csv" in texts(app)
    assert work()[0] == "done"
    app.run()
    assert "41 rows in the file = 40 stored + 1 not stored" in texts(app)
    (dataset,) = resources.store().datasets.list()
    assert (dataset.name, dataset.rows) == ("march", 40)
    assert "Train Quick and show the insights" in labels(app)
    assert list(resources.settings().uploads_dir.glob("*")) == [], "the unmasked copy is gone"


def test_a_file_that_is_no_table_is_refused_and_the_drop_zone_is_back(open_page):
    app = drop(open_page("feedback"), "deck.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 20)
    assert len(app.error) == 1
    assert "deck" in texts(app)
    assert len(app.file_uploader) == 1
    assert list(resources.settings().uploads_dir.glob("*")) == []


def test_another_file_can_be_chosen_and_the_first_one_is_gone(open_page):
    app = drop(open_page("feedback"), "march.csv", table(0, 20))
    press(app, "Choose another file")
    assert len(app.file_uploader) == 1
    assert list(resources.settings().uploads_dir.glob("*")) == []


def test_what_only_a_person_knows_is_asked_first(open_page, work):
    app = drop(open_page("feedback"), "days.csv", days())
    assert len(app.radio) == 1
    assert "Import" not in labels(app)
    month = next(n for n, words in enumerate(app.radio[0].options) if words.startswith("Month"))
    app.radio[0].set_value(month).run()
    press(app, "Continue")
    assert app.selectbox(key="role_date").value == 2
    press(app, "Change")
    assert "Continue" in labels(app)
    app.radio[0].set_value(month).run()
    press(app, "Continue")
    press(app, "Import")
    work()
    feedback = resources.store().datasets.feedback(resources.store().datasets.list()[0].id)
    assert feedback["date"].dt.month.max() == 9
    assert feedback["date"].dt.day.max() == 8


def test_a_column_in_two_places_or_no_text_cannot_be_imported(open_page):
    app = drop(open_page("feedback"), "march.csv", table(0, 20))
    app.multiselect(key="role_labels").set_value(["comment"]).run()
    assert "chosen twice" in texts(app)
    assert next(button for button in app.button if button.label == "Import").disabled
    app.multiselect(key="role_labels").set_value([])
    app.multiselect(key="role_texts").set_value([]).run()
    assert next(button for button in app.button if button.label == "Import").disabled


def test_own_ids_are_masked_and_the_scale_is_the_confirmed_one(open_page, work):
    app = drop(open_page("feedback"), "march.csv", table(0, 20, " for CUST-123456"))
    app.text_area(key="role_patterns").set_value("customer = CUST-\\d{6}").run()
    scale = next(box for box in app.selectbox if box.label == "Rating scale")
    scale.set_value("0-10").run()
    press(app, "Import")
    work()
    store = resources.store()
    (dataset,) = store.datasets.list()
    (done,) = store.datasets.imports(dataset.id)
    assert done.answers["scale:stars"] == "0-10"
    feedback = store.datasets.feedback(dataset.id)
    assert feedback["text"].str.contains("[customer]", regex=False).all()
    assert done.masked["customer"] == 20


# ---- imports that end otherwise -----------------------------------------------------------


def test_a_failed_import_says_why_and_can_be_tried_again(open_page, work):
    app = open_page("feedback")
    store, settings = resources.store(), resources.settings()
    upload = keep_upload(settings, table(0, 20))
    importing.start(store, settings, upload, Order("march.csv", upload, Columns(text="nothing like it")))
    assert work() == ["failed"]
    app.run()
    assert "march.csv was not imported" in texts(app)
    press(app, "Try again")
    app.multiselect(key="role_texts").set_value(["comment"]).run()
    press(app, "Import")
    assert work()[0] == "done"
    app.run()
    assert "20 rows in the file = 20 stored" in texts(app)
    assert "was not imported" not in texts(app)


def test_an_import_that_is_cancelled_leaves_the_file_to_try_again_or_throw_away(open_page):
    app = drop(open_page("feedback"), "march.csv", table(0, 20))
    press(app, "Import")
    press(app, "Cancel")
    app.run()
    assert "was cancelled" in texts(app)
    press(app, "Throw the file away")
    assert "was cancelled" not in texts(app)
    assert list(resources.settings().uploads_dir.glob("*")) == []


def test_an_import_that_waits_for_an_answer_asks_it_and_goes_on(open_page, work):
    app = open_page("feedback")
    store, settings = resources.store(), resources.settings()
    upload = keep_upload(settings, days())
    importing.start(store, settings, upload, Order("days.csv", upload, Columns(text="comment", date="when")))
    assert work() == ["done"]
    app.run()
    assert "waits for an answer" in texts(app)
    press(app, "Answer")
    press(app, "Continue")
    assert "Importing days.csv" in texts(app)
    assert work()[0] == "done"
    assert store.datasets.list()[0].rows == 30


# ---- a dataset that is there --------------------------------------------------------------


def test_the_next_file_is_counted_first_and_added_on_a_word(open_page, work):
    app = open_page("feedback")
    store_file(work, table(0, 40))
    app.run()
    drop(app, "next.csv", table(30, 60, "er") + rows(0, 10).encode())
    assert next(item for item in app.radio if item.label == "Where to").value != -1, "the same columns"
    press(app, "Import")
    work()
    app.run()
    counts = {metric.label: metric.value for metric in app.metric}
    assert {name: counts[name] for name in ("New", "Changed", "The same")} == {
        "New": "20",
        "Changed": "10",
        "The same": "10",
    }
    assert resources.store().datasets.list()[0].rows == 40, "nothing yet"
    press(app, "Add 30 comments")
    work()
    app.run()
    assert resources.store().datasets.list()[0].rows == 60
    assert "40 rows in the file = 30 stored (10 of them changed a comment that was there)" in texts(app)


def test_comments_unlike_those_of_the_training_are_told_as_soon_as_they_are_added(open_page, work):
    app = open_page("feedback")
    dataset = store_file(work, table(0, 180))
    run = train_now(resources.store().datasets.get(dataset))
    promotion.promote(resources.store(), resources.settings(), run.id, anyway=True)
    story = " and that is only the beginning of a story that nobody here has told before in so many words"
    store_file(work, table(500, 560, story), dataset_id=dataset)
    app.run()
    press(app, "Add 60 comments")
    work()
    app.run()
    assert not app.exception
    assert "The comments have become longer." in texts(app)
    assert [job.params for job in resources.store().jobs.active("model")] == [{"run": run.id}]


def test_what_was_remembered_can_be_forgotten_and_is_asked_again(open_page, work):
    app = drop(open_page("feedback"), "days.csv", days())
    app.radio[0].set_value(1).run()
    press(app, "Continue")
    press(app, "Import")
    work()
    app.run()
    drop(app, "later.csv", days())
    assert "Recognised: a file that you imported before" in texts(app)
    assert "with the month first, as you answered before" in texts(app)
    press(app, "Guess anew")
    assert "Continue" in labels(app)


def test_an_append_can_be_discarded(open_page, work):
    app = open_page("feedback")
    dataset = store_file(work, table(0, 40))
    store_file(work, table(40, 50), dataset_id=dataset)
    app.run()
    press(app, "Discard")
    assert "Discard" not in labels(app)
    assert resources.store().datasets.get(dataset).rows == 40


def test_each_import_can_be_taken_back(open_page, work):
    app = open_page("feedback")
    dataset = store_file(work, table(0, 40))
    before = resources.store().datasets.get(dataset)
    store_file(work, table(35, 50, " again"), dataset_id=dataset)
    app.run()
    press(app, "Add 15 comments")
    work()
    open_tab(app, "Imports")
    first, second = resources.store().datasets.imports(dataset)
    newest = max(first.id, second.id)
    assert app.button(key=f"undo_now_{newest}")
    app.button(key=f"undo_now_{newest}").click().run()
    assert not app.exception
    assert resources.store().datasets.get(dataset) == before
    app.button(key=f"undo_now_{min(first.id, second.id)}").click().run()
    assert resources.store().datasets.list() == []
    assert not app.exception


@pytest.mark.parametrize(
    "tab", ["Health", "Labels", "Said more than once", "Imports", "Accounts", "Forget a person"]
)
@pytest.mark.parametrize("count", [1, 30])
def test_every_tab_works_with_few_rows(open_page, work, tab, count):
    app = open_page("feedback")
    store_file(work, table(0, count))
    open_tab(app, tab)
    assert not app.error


def test_a_file_without_anything_but_comments_has_a_page_too(open_page, work):
    app = open_page("feedback")
    drop(app, "plain.csv", b"comment\n" + b"".join(b"Comment number %d is here\n" % n for n in range(12)))
    press(app, "Import")
    work()
    app.run()
    for tab in ("Health", "Labels", "Said more than once", "Imports", "Accounts", "Forget a person"):
        open_tab(app, tab)
    assert resources.store().datasets.list()[0].rows == 12


def test_the_dataset_can_be_removed(open_page, work):
    app = open_page("feedback")
    store_file(work, table(0, 20))
    app.run()
    press(app, "Remove it")
    assert resources.store().datasets.list() == []
    assert len(app.file_uploader) == 1


# ---- accounts ----------------------------------------------------------------------------


def test_accounts_are_matched_joined_and_their_numbers_can_be_typed_in(open_page, work):
    app = open_page("feedback")
    lines = "".join(f"Comment number {n} is here,A{n % 4}\n" for n in range(20))
    app = drop(app, "plain.csv", f"comment,account\n{lines}".encode())
    press(app, "Import")
    work()
    open_tab(app, "Accounts")
    base = "account,plan\nA0,free\nA1,pro\nA2,free\nA8,pro\n"
    app.file_uploader[1].upload("base.csv", base.encode()).run()
    shares = {metric.label: metric.value for metric in app.metric}
    assert shares == {"Accounts matched": "75%", "Comments matched": "75%", "Not heard from": "1"}
    assert "A3" in texts(app)
    press(app, "Join the accounts")
    (dataset,) = resources.store().datasets.list()
    assert resources.store().accounts.sizes(dataset.id) == {"plan": {"free": 2, "pro": 2}}
    sizes = accounts.segment_table(resources.store(), dataset.id, "plan")
    edited = {"edited_rows": {0: {"accounts": 50}}, "added_rows": [], "deleted_rows": []}
    app.session_state[segment_sizes.editor_key(dataset, 0, sizes)] = edited
    app.run()
    press(app, "Save the numbers")
    assert resources.store().accounts.sizes(dataset.id) == {"plan": {"free": 50, "pro": 2}}
    press(app, "Remove the accounts")
    assert resources.store().accounts.file(dataset.id) is None


# ---- forgetting ---------------------------------------------------------------------------


def test_a_person_is_found_handed_out_and_forgotten_with_proof(open_page, work):
    app = open_page("feedback")
    dataset = store_file(work, table(0, 40))
    open_tab(app, "Forget a person")
    app.text_input(key="person_name").set_value("person 3")
    press(app, "Find")
    assert "Stored of person 3:** 6 comments" in texts(app)
    assert app.button(key="person_forget").disabled
    app.text_input(key="person_confirm").set_value("Forget").run()
    app.button(key="person_forget").click().run()
    assert not app.exception
    assert "Forgotten." in texts(app)
    assert "0 hits" in texts(app)
    assert app.text_input(key="person_name").value == ""
    feedback = resources.store().datasets.feedback(dataset)
    assert len(feedback) == 34
    assert not feedback["text"].str.contains("number 3 is").any()


def test_nothing_is_claimed_about_somebody_unknown(open_page, work):
    app = open_page("feedback")
    store_file(work, table(0, 20))
    open_tab(app, "Forget a person")
    app.text_input(key="person_name").set_value("nobody at all")
    press(app, "Find")
    assert "Nothing is stored of nobody at all" in texts(app)


# ---- the other pages ----------------------------------------------------------------------


def test_train_offers_label_sets_with_one_and_with_several_labels_a_comment(open_page, work):
    app = open_page("feedback")
    lines = "".join(f'"The page {n} is slow","bug; speed",{("a", "b")[n % 2]}\n' for n in range(40))
    store, settings = resources.store(), resources.settings()
    upload = keep_upload(settings, f"comment,tags,team\n{lines}".encode())
    columns = Columns(text="comment", label="tags", more_labels=("team",), multi=("tags",))
    importing.start(store, settings, upload, Order("tags.csv", upload, columns))
    work()
    app.switch_page("pages/train.py").run()
    assert not app.exception
    assert app.selectbox(key="label_set").options == ["tags", "team"]
    app.selectbox(key="label_set").set_value("tags").run()
    assert "a comment may have several" in texts(app)


def test_home_shows_an_import_that_goes_on(open_page):
    app = drop(open_page("feedback"), "march.csv", table(0, 20))
    press(app, "Import")
    app.switch_page("pages/home.py").run()
    assert "Importing march.csv" in texts(app)
