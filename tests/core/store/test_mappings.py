from core.domain import Columns

CHOICE = Columns("Comment", label="Topic", segments=("Plan", "Region"), more_text=("Title",))
HEADER = ("Title", "Comment", "Topic", "Plan", "Region", "Date")


def test_a_header_that_was_never_seen_has_no_choice(store):
    assert store.mappings.get(HEADER) is None


def test_order_case_and_spaces_of_the_names_do_not_matter(store):
    store.mappings.keep(HEADER, CHOICE, {"dates:Date": "day", "encoding": "cp1252"})
    columns, answers = store.mappings.get(("date", "REGION", "Plan ", " plan", "x")) or (None, None)
    assert columns is None  # another set of names
    columns, answers = store.mappings.get(("date", "REGION", "plan", "topic", "  comment", "Title"))
    assert columns == Columns("  comment", label="topic", segments=("plan", "REGION"), more_text=("Title",))
    assert answers == {"dates:date": "day", "encoding": "cp1252"}


def test_names_that_differ_in_case_alone_stay_apart(store):
    store.mappings.keep(("text", "Text"), Columns("Text", label="text"), {})
    assert store.mappings.get(("Text", "text"))[0] == Columns("Text", label="text")


def test_the_last_choice_counts_and_can_be_forgotten(store):
    store.mappings.keep(HEADER, CHOICE, {})
    store.mappings.keep(HEADER, Columns("Title"), {})
    assert store.mappings.get(HEADER) == (Columns("Title"), {})
    store.mappings.forget(HEADER)
    assert store.mappings.get(HEADER) is None
