"""A file in which everything is hostile: shown as written on every page, and inert in every download."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from core.charts.labels import shorten
from core.domain import Insights
from core.reports.safe import FORMULA_STARTS
from core.workflow.insights import insights, predicted
from tests.browser.conftest import Server
from tests.browser.report_files import download_all
from tests.browser.walking import (
    chart,
    choose,
    chosen,
    click_mark,
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
)

PICTURE = "![x](http://beacon.example/a.png)"
TAG = "<img src=http://beacon.example/b.png onerror=alert(1)>"
LINK = "[click](javascript:alert(1))"
SCRIPT = "</script><script>alert(1)</script>"
FORMULA = "=cmd|'/c calc'!A1"
TURNED = "\u202egnp.exe\u202c"
FAMILY = "👩\u200d👩\u200d👧 <b>é</b>"

FILE = "<img src=x onerror=alert(1)> =cmd() ![x](y) \u202efdp.csv"
TEXT, LABEL, DATE, SEGMENT = HEADER = (
    f"=text {PICTURE}",
    f"{TAG} label",
    ":red[when] $x$ `d`",
    f"+plan {LINK} {SCRIPT} {PICTURE} $x$",
)
LABELS = (FORMULA, f"{PICTURE} {TURNED}", f"{LINK} {FAMILY}", SCRIPT + "long " * 60 + "end")
SEGMENTS = (f"@ SUM(1+1) {TAG}", f"-1+1 {PICTURE}", f"{FAMILY} {TURNED}")
TEXTS = (
    f"{FORMULA} the export is broken again number",
    f"{TAG} and {PICTURE} should be words in number",
    f"{LINK} javascript:alert(1) is what somebody wrote number",
    f"+1 {TURNED} turned {FAMILY} in the comment of number",
    "-2+3 # head > quote | - item 1. *b* `c` ~~s~~ &amp; &#x41; \\* $x^2$ :smile: number",
    "very " * 3000 + "long comment with the number",
    "two\nlines, \"quotes\"; \ttabs and ''' number",
)
ROWS = tuple(
    (
        f"{TEXTS[number % 7]} {number}",
        LABELS[number % 4],
        f"2025-0{1 + number % 6}-1{number % 9}",
        SEGMENTS[number % 3],
    )
    for number in range(84)
)
MADE_OF_DATA = (
    "[src*=beacon], [href*=beacon], [href^=javascript], img[src=x], img[src=y], [onerror], .katex, "
    "[data-testid=stMain] script, [data-testid=stMain] b"
)


def test_hostile_words_stay_words_on_every_page_and_in_every_file(start_server, page, open_page, tmp_path):
    server = start_server(ROADLENS_DEVICE="cpu")
    upload(page, server)
    train(page)
    walk_through_explain(page, server)
    with reading(server.data_dir) as store:
        found = insights(store, 1)
    walk_through_insights(page, found)
    walk_through_runs(page)
    go(page, "Home")
    expect_words(page, FILE.removesuffix(".csv"))
    walk_through_feedback(page)
    go(page, "Report")
    expect_words(page, FILE.removesuffix(".csv"), found.quotes[0].text)
    files = download_all(page, tmp_path)
    expect_safe_files(files)
    expect_safe_report(open_page(), files["html"], found.quotes[0].text)
    expect_no_cell_in_the_logs(server)


def plain_words(text: str) -> str:
    """As `plain` and charts show them: one line, no marks that turn or hide text."""
    return shorten(text, 10_000)


def expect_words(page: Page, *texts: str) -> None:
    """On the page as they are written; an invisible joiner may stand in them. Nothing is made of them."""
    for text in filter(None, texts):
        signs = "\u2060?".join(map(re.escape, plain_words(text)))
        expect(main(page)).to_contain_text(re.compile(signs))
    expect_inert(page)


def expect_inert(page: Page) -> None:
    assert page.locator(MADE_OF_DATA).evaluate_all("found => found.map(made => made.outerHTML)") == []


# ---- pages --------------------------------------------------------------------------------


def upload(page: Page, server: Server) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([HEADER, *ROWS])
    file = {"name": FILE, "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    page.goto(f"{server.url}/feedback")
    drop(page, file)
    expect_words(page, FILE)
    assert table(page, "The first rows of the file")[1][:2] == list(ROWS[1][:2])
    choose_columns(page, "Comment text", "texts", TEXT)
    choose_columns(page, "Labels", "labels", LABEL)
    choose_columns(page, "Segments to compare", "segments", SEGMENT)
    if chosen(page, "Date") != DATE:
        choose(page, "Date", DATE)
    assert import_now(page) == [84, 84, 0]
    expect_stored_as_written(server)


def choose_columns(page: Page, label: str, role: str, wanted: str) -> None:
    """This column alone in a list of columns."""
    if columns(page, role) == [wanted]:
        return
    group = page.locator(f".st-key-role_{role}")
    for name in columns(page, role):
        group.get_by_role("button", name=f"Remove {name}").click()
    choose(page, label, wanted)
    page.keyboard.press("Escape")
    until(lambda: columns(page, role) == [wanted], 20, f"{label} is chosen")


def expect_stored_as_written(server: Server) -> None:
    with reading(server.data_dir) as store:
        (dataset,) = store.datasets.list()
        feedback = store.datasets.feedback(dataset.id)
        (label_set,) = store.labels.sets(dataset.id)
        assert store.datasets.imports(dataset.id)[0].file_name == FILE
    assert feedback["text"].tolist() == [row[0] for row in ROWS]
    assert feedback[f"segment:{SEGMENT}"].tolist() == [row[3] for row in ROWS]
    assert label_set.name == LABEL
    assert dict(label_set.counts) == dict.fromkeys(LABELS, 21)


def train(page: Page) -> None:
    press(page, "Train Quick and show the insights")
    chart(page, "themes", timeout=90_000)
    go(page, "Train")
    expect_words(page, LABEL, SCRIPT)
    chart(page, "label_scores")
    labels = {row[0] for row in table(page, "Scores by label")}
    assert labels == set(LABELS)
    shown_by = {
        "Mix-ups": page.locator(".st-key-confusion"),
        "Training": page.get_by_role("region", name="Time by stage"),
        "Model card": page.locator(".st-key-download_card"),
    }
    for tab, shown in shown_by.items():
        open_tab(page, tab)
        shown.first.wait_for()
        expect_inert(page)


def walk_through_explain(page: Page, server: Server) -> None:
    with reading(server.data_dir) as store:
        labels = tuple(predicted(store, 1))
    go(page, "Explain")
    words = page.locator(".st-key-words .words")
    texts = {row[0] for row in ROWS}
    for label in labels:
        chart(page, "bars", timeout=60_000)
        choose(page, "Predicted as", label)
        expect(page.get_by_role("combobox", name="Why this label?")).to_have_value(
            re.compile("^" + re.escape(shorten(label, 200)))
        )
        until(lambda: shown_comment(page) == shorten(words.text_content(), 200), 20, "the comment is drawn")
        assert words.text_content() in texts
        expect_inert(page)
    open_tab(page, "All labels")
    chart(page, "chances")
    open_tab(page, "Where the model looked")
    chart(page, "attention_heads_1")
    expect_inert(page)


def shown_comment(page: Page) -> str:
    """As the list of comments shows it, without its number."""
    return chosen(page, "Comment").partition(". ")[2]


def walk_through_insights(page: Page, found: Insights) -> None:
    go(page, "Insights")
    page.reload()  # the name of the dataset is part of the address
    click_mark(chart(page, "themes"), 0)
    expect_words(page, found.dataset, LABEL, found.themes[0].name)
    texts = {" ".join(row[0].split()) for row in ROWS}
    assert {" ".join(row[0].split()) for row in table(page, "Comments behind")} <= texts
    spoken = next(number for number, point in enumerate(found.trends[0].points) if point.ids)
    for tab, key, number in (("Trend", "trend", spoken), ("Segments", "map_0", 0)):
        open_tab(page, tab)
        click_mark(chart(page, key), number)
        assert table(page, "Comments behind")
        expect_inert(page)
    open_tab(page, "Quotes")
    quotes = main(page).get_by_test_id("stText")
    expect(quotes).to_have_count(len(found.quotes))
    assert quotes.all_inner_texts() == [quote.text for quote in found.quotes]
    expect_inert(page)


def walk_through_runs(page: Page) -> None:
    go(page, "Runs")
    assert len(table(page, "All runs")) == 1
    chosen = page.get_by_role("combobox", name="Dataset").input_value()
    assert plain_words(FILE.removesuffix(".csv")) in plain_words(chosen)
    expect_inert(page)


def walk_through_feedback(page: Page) -> None:
    go(page, "Feedback")
    shown = {
        "Health": (FILE.removesuffix(".csv"),),
        "Labels": (LABEL,),
        "Said more than once": (),
        "Imports": (FILE, TEXT, SEGMENT),
        "Accounts": (),
        "Forget a person": (),
    }
    for tab, words in shown.items():
        open_tab(page, tab)
        expect_words(page, *words)
    page.get_by_role("textbox", name="Name or ID").fill(TAG)
    press(page, "Find")
    expect(page.locator(".st-key-person_card")).to_contain_text("Nothing is stored of")
    expect_words(page, TAG)
    ask_a_hostile_question(page)


def ask_a_hostile_question(page: Page) -> None:
    """Its words and its rows come from the file."""
    days = "".join(f"Page {n} is slow,0{1 + 5 * n % 9}/0{1 + 7 * n % 8}/2026\n" for n in range(30))
    text = f'{DATE},"{PICTURE} {TAG} date"\n{days}'.encode()
    drop(page, {"name": f"{TAG}.csv".replace("/", ""), "mimeType": "text/csv", "buffer": text})
    expect(page.locator(".st-key-question")).to_be_visible(timeout=60_000)
    expect_words(page, f"{PICTURE} {TAG} date")
    press(page, "Choose another file")
    expect(page.locator(".st-key-question")).to_have_count(0)


# ---- files --------------------------------------------------------------------------------


def expect_safe_files(files: dict[str, Path]) -> None:
    lines = list(csv.reader(io.StringIO(files["csv"].read_text(encoding="utf-8-sig"), newline="")))
    assert len(lines) > 40
    expect_no_formula(cell for line in lines for cell in line)
    expect_safe_workbook(files["xlsx"].read_bytes())
    with zipfile.ZipFile(files["pptx"]) as deck:
        books = [name for name in deck.namelist() if name.endswith(".xlsx")]
        assert len(books) > 3
        for name in books:
            expect_safe_workbook(deck.read(name))
        for name in deck.namelist():
            if name.endswith(".rels"):
                assert b'TargetMode="External"' not in deck.read(name), name


def expect_no_formula(cells: Iterable[object]) -> None:
    assert [cell for cell in cells if str(cell).startswith(FORMULA_STARTS)] == []


def expect_safe_workbook(data: bytes) -> None:
    cells = [cell for sheet in load_workbook(io.BytesIO(data)) for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}  # no "f"
    assert not any(cell.hyperlink for cell in cells)
    expect_no_formula(cell.value for cell in cells if cell.data_type == "s")


def expect_safe_report(page: Page, path: Path, quote: str) -> None:
    """Opened by a double click: drawn, and still nothing runs or is fetched (the page is watched)."""
    page.goto(path.as_uri())
    page.locator("#F01 .nsewdrag").first.wait_for(state="attached")
    said = page.locator("body").inner_text()
    assert plain_words(quote) in plain_words(said)
    assert "=cmd|" in said
    assert (
        page.locator("[src*=beacon], [href*=beacon], [href^=javascript], [onerror], body b, img").count() == 0
    )


def expect_no_cell_in_the_logs(server: Server) -> None:
    logs = [server.log_file, *server.data_dir.glob("jobs/*.log")]
    assert len(logs) > 1
    for log in logs:
        said = log.read_text(errors="replace")
        assert not any(word in said for word in ("export is broken", "somebody wrote", "calc", "beacon"))
