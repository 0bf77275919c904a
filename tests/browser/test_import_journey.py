"""A file of one's own: a question, the columns, the import, a second file, and all of it undone."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.walking import (
    IMPORT_MS,
    choose,
    chosen,
    columns,
    drop,
    go,
    import_now,
    main,
    open_tab,
    press,
    reading,
    table,
    until,
    whole_numbers,
)

HEADER = "ticket_id,when,stars,comment,topic,account,author"
FIRST, NEXT = "march.csv", "april.csv"


def lines(start: int, stop: int, change: str = "") -> str:
    """Days and months up to nine: nothing in the file tells which comes first."""
    return "".join(
        f"T{n},0{1 + 5 * n % 9}/0{1 + 7 * n % 8}/2026,{1 + n % 5},"
        f"The page number {n} is slow{change} {words(n)},"
        f"{('speed', 'design')[n % 2]},A{n % 8},person {n % 10}\n"
        for n in range(start, stop)
    )


def words(number: int) -> str:
    """No two comments are alike."""
    names = ("report", "login", "search", "export", "mail", "chart", "invoice", "mobile")
    return " ".join(names[(number // 8**place) % 8] for place in range(3))


def file_of(name: str, text: str) -> dict:
    return {"name": name, "mimeType": "text/csv", "buffer": f"{HEADER}\n{text}".encode()}


ACCOUNTS = {
    "name": "accounts.csv",
    "mimeType": "text/csv",
    "buffer": (
        "account id,plan,revenue\n" + "".join(f"A{n},{('free', 'pro')[n % 2]},{n * 100}\n" for n in range(12))
    ).encode(),
}


def test_from_the_first_file_to_forgetting_a_person(start_server, page):
    server = start_server()
    page.goto(f"{server.url}/feedback")
    answer_the_question(page)
    import_the_first_file(page, server)
    assert stored(server) == 60
    append_the_second_file(page, server)
    assert stored(server) == 80
    undo_the_second_file(page, server)
    assert stored(server) == 60
    attach_accounts(page, server)
    assert len(authors(server)) == 10
    forget_a_person(page, server)
    until(lambda: stored(server) == 54, 10, "the comments are gone")
    assert len(authors(server)) == 9


def stored(server: Server) -> int:
    """Comments of the only dataset."""
    with reading(server.data_dir) as store:
        (dataset,) = store.datasets.list()
        return dataset.rows


def authors(server: Server) -> set[str]:
    """The pseudonyms of those who wrote them."""
    with reading(server.data_dir) as store:
        return set(store.datasets.feedback(store.datasets.list()[0].id)["author"])


def answer_the_question(page: Page) -> None:
    drop(page, file_of(FIRST, lines(0, 60)))
    question = page.locator(".st-key-question")
    expect(question).to_be_visible(timeout=IMPORT_MS)
    expect(main(page).get_by_role("button", name="Import", exact=True)).to_have_count(0)
    question.locator("label").filter(has_text="Month before day").click()
    press(page, "Continue")
    expect(main(page).get_by_role("button", name="Import", exact=True)).to_be_visible(timeout=IMPORT_MS)
    expect(main(page).get_by_role("button", name="Change", exact=True)).to_be_visible()


def import_the_first_file(page: Page, server: Server) -> None:
    expect(main(page)).to_contain_text("60 rows · 7 columns")
    assert columns(page, "texts") == ["comment"]
    assert columns(page, "labels") == ["topic"]
    assert chosen(page, "Rating scale") == "1 to 5"
    assert table(page, "The first rows of the file")[0][0] == "T0"
    for role, column in (("ID in the source", "ticket_id"), ("Account", "account"), ("Author", "author")):
        if chosen(page, role) != column:
            choose(page, role, column)
    assert import_now(page) == [60, 60, 0]
    with reading(server.data_dir) as store:
        (dataset,) = store.datasets.list()
        assert dataset.name == "march"
        assert store.datasets.feedback(dataset.id)["date"].dt.month.max() == 9
    assert not list((server.data_dir / "uploads").glob("*")), "the unmasked copy is gone"


def append_the_second_file(page: Page, server: Server) -> None:
    """Ten as they are, ten changed, twenty new; nothing is added before a press."""
    drop(page, file_of(NEXT, lines(40, 50) + lines(50, 60, "er") + lines(60, 80)))
    expect(page.get_by_role("radio", name="Add to march")).to_be_checked(timeout=IMPORT_MS)
    expect(page.locator(".st-key-question")).to_have_count(0)  # the answer is remembered
    press(page, "Import")
    card = page.locator("[class*='st-key-waiting_']")
    expect(card).to_be_visible(timeout=IMPORT_MS)
    assert metrics(page) >= {("New", 20), ("Changed", 10), ("The same", 10)}
    with reading(server.data_dir) as store:
        assert store.datasets.list()[0].rows == 60
    press(page, "Add 30 comments")
    sentence = main(page).get_by_test_id("stAlert").filter(has_text="rows in the file =")
    expect(sentence).to_contain_text("40 rows in the file = 30 stored", timeout=IMPORT_MS)


def metrics(page: Page) -> set[tuple[str, int]]:
    found = page.locator("[class*='st-key-waiting_'] [data-testid=stMetric]")
    return {
        (
            metric.get_by_test_id("stMetricLabel").inner_text().strip(),
            whole_numbers(metric.get_by_test_id("stMetricValue").inner_text())[0],
        )
        for metric in found.all()
    }


def undo_the_second_file(page: Page, server: Server) -> None:
    open_tab(page, "Imports")
    card = page.locator("[class*='st-key-import_']").filter(has_text=NEXT)
    card.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("20 comments of april.csv go, and 10 comments it changed")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(card).to_have_count(0)
    with reading(server.data_dir) as store:
        (dataset,) = store.datasets.list()
        assert not store.datasets.feedback(dataset.id)["text"].str.contains("slower").any()


def attach_accounts(page: Page, server: Server) -> None:
    """Twelve accounts, of which comments name eight; a number of the base is typed in."""
    open_tab(page, "Accounts")
    drop(page, ACCOUNTS, "Accounts")
    press(page, "Join the accounts")
    card = page.locator(".st-key-accounts_card")
    expect(card).to_contain_text("12 accounts", timeout=IMPORT_MS)
    expect(card).to_contain_text("100%")
    expect(card.get_by_test_id("stMetric").filter(has_text="Not heard from")).to_contain_text("4")
    rows = {row[0]: row for row in table(page, "Customers and comments by plan")}
    assert [rows[plan][1:3] for plan in ("free", "pro")] == [["6", "4"], ["6", "4"]]
    with reading(server.data_dir) as store:
        feedback = store.datasets.feedback(store.datasets.list()[0].id)
    assert set(feedback["segment:plan"]) == {"free", "pro"}


def forget_a_person(page: Page, server: Server) -> None:
    open_tab(page, "Forget a person")
    page.get_by_role("textbox", name="Name or ID").fill("person 3")
    press(page, "Find")
    card = page.locator(".st-key-person_card")
    expect(card).to_contain_text("6 comments")
    forget = page.get_by_role("button", name="Forget", exact=True)
    expect(forget).to_be_disabled()
    confirm = page.get_by_role("textbox", name="Type “forget”")
    confirm.fill("forget")
    confirm.press("Enter")
    expect(forget).to_be_enabled()
    forget.click()
    proof = page.locator(".st-key-proof")
    expect(proof).to_contain_text("0 hits", timeout=IMPORT_MS)
    expect(proof).to_contain_text("6 comments")


def test_an_import_goes_on_when_the_page_is_left_and_can_be_cancelled(start_server, page):
    server = start_server()
    page.goto(f"{server.url}/feedback")
    many = "".join(lines(n * 1000, n * 1000 + 1000) for n in range(60))
    drop(page, file_of("many.csv", many))
    press(page, "Continue")
    press(page, "Import")
    expect(main(page)).to_contain_text("Importing many.csv", timeout=IMPORT_MS)
    page.reload()
    expect(main(page)).to_contain_text("Importing many.csv")
    go(page, "Home")
    expect(main(page)).to_contain_text("Importing many.csv")
    go(page, "Feedback")
    press(page, "Cancel")
    expect(main(page)).to_contain_text("was cancelled. Nothing of it was stored.", timeout=IMPORT_MS)
    press(page, "Throw the file away")
    expect(main(page)).not_to_contain_text("was cancelled")
    with reading(server.data_dir) as store:
        assert store.datasets.list() == []
    assert not list((server.data_dir / "uploads").glob("*"))
