"""The three drawing pieces of the Explain page as people use them: edit and see, the map, where it looked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.charts.labels import percent, shorten
from core.config import Settings
from core.explain.attention import Looked
from core.models.classifier import TextModel
from core.workflow import attending, editing, explanations
from tests.browser.conftest import running
from tests.browser.explained import (
    BILLING,
    FREE,
    HOSTILE,
    LABELS,
    LOGIN,
    PLAN,
    SPEED,
    TAG,
    TEAM,
    drag,
    draw_loop,
    expect_inert,
    marks,
    open_comment,
    open_map,
    paste,
    said,
    tab_to,
    texts,
    train_and_lay_out,
)
from tests.browser.walking import chart, choose, drawn_bars, main, open_tab, press, reading, table, until

COMMENT = "slow loading timeout invoice today"
EDIT, LOOKED = "Edit and see", "Where the model looked"
CHOSEN = "The comments that were chosen on the map"


@dataclass(frozen=True)
class Explained:
    url: str
    classifier: TextModel  # the model of the pages, to be asked here


@pytest.fixture(scope="module")
def explained(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explained]:
    folder = tmp_path_factory.mktemp("explained")
    train_and_lay_out(folder / "data")
    with running(folder, ROADLENS_DEVICE="cpu") as server, reading(server.data_dir) as store:
        settings = Settings(data_dir=server.data_dir, device="cpu")
        yield Explained(server.url, explanations.load_classifier(store, settings, 1))


# ---- edit and see -------------------------------------------------------------------------


def word(page: Page, text: str) -> Locator:
    """A word of the comment, as a screen reader names it."""
    return page.locator(".edit").get_by_role("button", name=text, exact=True)


def new_words(page: Page) -> Locator:
    return page.get_by_role("textbox", name="New words")


def expect_answer(page: Page, explained: Explained, text: str, before: str = COMMENT) -> None:
    """The words are these now, and the bars are what the model says of them."""
    expect(page.get_by_role("textbox", name="Or write freely")).to_have_value(text)
    found = editing.compare(explained.classifier, before, text)
    wanted = {("before", label): share for label, share in found.before.items()}
    wanted |= {("now", label): share for label, share in found.after.items()}
    near = pytest.approx(wanted, abs=1e-4)
    until(lambda: drawn_bars(page, "edit_chances") == near, 20, f"the bars of {text!r}")


def test_words_are_changed_by_mouse_and_the_smallest_change_is_tried(explained, page):
    open_comment(page, explained.url, COMMENT, EDIT)
    expect_answer(page, explained, COMMENT)
    word(page, "invoice").click()
    expect_answer(page, explained, "slow loading timeout today")
    expect(word(page, "invoice")).to_have_attribute("aria-pressed", "true")
    expect(word(page, "slow")).to_have_attribute("aria-pressed", "false")
    word(page, "invoice").click()
    expect_answer(page, explained, COMMENT)
    word(page, "timeout").dblclick()
    expect(new_words(page)).to_have_value("timeout")
    new_words(page).fill("refund")
    new_words(page).press("Enter")
    expect_answer(page, explained, "slow loading refund invoice today")
    page.locator(".edit .gap").first.click()
    new_words(page).fill("price and charge")
    page.get_by_text("Click a word to drop it").click()  # leaving the field keeps what it holds
    expect_answer(page, explained, "slow price and charge loading refund invoice today")
    assert re.search(r"Now .*; before speed", said(page))
    press(page, "Back to the comment")
    expect_answer(page, explained, COMMENT)
    try_the_smallest_change(page, explained)


def try_the_smallest_change(page: Page, explained: Explained) -> None:
    flip = editing.smallest_flip(explained.classifier, COMMENT)
    shares = dict(zip(explained.classifier.labels, flip.probabilities, strict=True))
    (turned,) = editing.said(shares, multi=False)
    gone = [COMMENT[span.start : span.end] for span in flip.spans]
    press(page, "Find the smallest change")
    words = f"Without {' '.join(gone)} ({flip.share:.0%} of the words) the model says"
    expect(main(page)).to_contain_text(words)
    press(page, "Try it")
    expect_answer(page, explained, flip.text)
    for dropped in gone:
        expect(word(page, dropped)).to_have_attribute("aria-pressed", "true")
    assert f"Now {shorten(turned, 300)} (" in said(page)


def test_words_are_changed_by_keyboard_which_never_loses_its_place(explained, page):
    open_comment(page, explained.url, COMMENT, EDIT)
    expect_answer(page, explained, COMMENT)
    tab_to(page, word(page, "slow"))
    page.keyboard.press("Enter")
    expect_answer(page, explained, "loading timeout invoice today")
    expect(word(page, "slow")).to_have_attribute("aria-pressed", "true")
    expect(word(page, "slow")).to_be_focused()
    page.keyboard.press("Tab")
    expect(word(page, "loading")).to_be_focused()
    page.keyboard.press("F2")
    page.keyboard.type("reset")
    page.keyboard.press("Escape")  # nothing is changed
    expect(new_words(page)).to_have_count(0)
    expect(word(page, "loading")).to_be_focused()
    page.keyboard.press("F2")
    page.keyboard.type("refund")
    new_words(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(new_words(page)).to_have_value("refund")  # that key chose among the characters of an input method
    page.keyboard.press("Enter")
    expect_answer(page, explained, "refund timeout invoice today")
    expect(word(page, "loading")).to_be_focused()
    tab_to(page, word(page, "+ add words"))
    page.keyboard.press("Enter")
    page.keyboard.type("please")
    page.keyboard.press("Enter")
    expect_answer(page, explained, "refund timeout invoice today please")
    expect(new_words(page)).to_have_count(0)
    expect(word(page, "+ add words")).to_be_focused()


def test_hostile_words_stay_words_where_they_are_edited_and_looked_at(explained, page):
    open_comment(page, explained.url, "slow \u202eturned", EDIT)
    expect_answer(page, explained, "slow \u202eturned", "slow \u202eturned")
    # The mark that turns words around ends with them: what follows still stands on their right.
    ends = [box["x"] + box["width"] for box in map(Locator.bounding_box, page.locator(".edit .word").all())]
    assert max(ends) <= word(page, "+ add words").bounding_box()["x"]
    comment = f"invoice {HOSTILE} refund \u202eturned"
    paste(page, comment)
    expect_answer(page, explained, comment, comment)
    assert page.locator(".edit .words").text_content() == comment
    page.locator(".edit .word").last.dblclick()
    expect(new_words(page)).to_have_value("\u202eturned")
    new_words(page).fill(f"\u202e{TAG} =cmd()")
    new_words(page).press("Enter")
    expect_answer(page, explained, f"invoice {HOSTILE} refund \u202e{TAG} =cmd()", comment)
    assert shorten(BILLING, 300) in said(page)
    expect_inert(page, ".edit", {"SPAN", "BUTTON"})
    look_at_hostile_words(page, explained, comment)


def look_at_hostile_words(page: Page, explained: Explained, comment: str) -> None:
    open_tab(page, LOOKED)
    words = page.locator(".looked .words")
    until(lambda: words.text_content() == comment, 20, "the comment is drawn")
    looked_at(page, "onerror=alert(1)>").click()
    expect(main(page)).to_contain_text("“onerror=alert(1)>” looks at:")
    tokens = attending.tokens_of(attending.look(explained.classifier, comment), 0, None).tokens
    names = page.locator(".looked .rows span").evaluate_all("names => names.map(name => name.textContent)")
    assert names == [token.text for token in tokens]
    expect_inert(page, ".looked", {"DIV", "SPAN", "BDI", "BUTTON", "CANVAS"})


# ---- the map ------------------------------------------------------------------------------


def expect_chosen(page: Page, wanted: set[str]) -> None:
    """So many comments are chosen, and the table holds them; of more than ten the first ones."""
    words = f"Chosen · {len(wanted)} comment{'s' * (len(wanted) != 1)}, the least"
    expect(main(page).locator("p").filter(has_text=words)).to_be_visible()
    until(lambda: are_rows(page, wanted), 20, f"the rows of {len(wanted)} chosen comments")


def are_rows(page: Page, wanted: set[str]) -> bool:
    rows = {row[0] for row in table(page, CHOSEN)}
    return rows == wanted if len(wanted) <= 10 else len(rows) >= 10 and rows <= wanted


def expect_marks(page: Page, name: str, count: int) -> np.ndarray:
    """(count, 2) pixels: where the marks of a name are drawn."""
    until(lambda: len(marks(page, name)) == count, 20, f"{count} marks of {name!r}")
    return marks(page, name)


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar", name="Map").get_by_role("button", name=name, exact=True)


def entry(page: Page, name: str) -> Locator:
    """Of the legend."""
    return page.locator(".legend").get_by_role("button", name=name)


def test_a_loop_opens_its_comments_wherever_the_map_is_moved(explained, page):
    open_map(page, explained.url)
    speed, login = expect_marks(page, SPEED, 20), expect_marks(page, LOGIN, 20)
    assert speed[:, 0].max() < login[:, 0].min()
    draw_loop(page, speed[:10])  # the upper half is the team's
    expect_chosen(page, texts(SPEED, TEAM))
    draw_loop(page, login[10:])
    expect_chosen(page, texts(LOGIN, FREE))
    drag(page, speed[0])  # a click on one point
    expect_chosen(page, {text for text in texts(SPEED, TEAM) if text.endswith("5 of 1")})
    tool(page, "Clear").click()
    expect(main(page)).to_contain_text("Draw a loop around points, or click one")
    move_and_zoom(page, speed)
    draw_loop(page, marks(page, SPEED)[:10])
    expect_chosen(page, texts(SPEED, TEAM))
    tool(page, "Whole map").click()
    until(lambda: marks(page, SPEED) == pytest.approx(speed, abs=1.5), 20, "the whole map is back")


def move_and_zoom(page: Page, before: np.ndarray) -> None:
    """By mouse; where the marks of SPEED are `before`."""
    tool(page, "Move").click()
    expect(tool(page, "Move")).to_have_attribute("aria-pressed", "true")
    drag(page, (400, 250), (520, 290))
    until(lambda: marks(page, SPEED) == pytest.approx(before + (120, 40), abs=1.5), 20, "the map is moved")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    larger = pytest.approx(1.25 * width_of(before), abs=3)
    until(lambda: width_of(marks(page, SPEED)) == larger, 20, "the map is larger")
    assert not main(page).get_by_text("Chosen ·").count()  # moving chooses nothing
    tool(page, "Draw a loop").click()


def width_of(places: np.ndarray) -> float:
    return np.ptp(places[:, 0]) if len(places) else 0.0


def test_another_colour_regroups_the_points_and_hostile_names_stay_names(explained, page):
    open_map(page, explained.url)
    for name in LABELS:
        expect(entry(page, f"{shorten(name, 40)} · 20")).to_be_visible()
    choose(page, "Colour", f"By {PLAN}")
    free, team = expect_marks(page, FREE, 30), expect_marks(page, TEAM, 30)
    assert team[:, 1].max() < free[:, 1].min()
    picture = page.get_by_role("application", name="Map of 60 comments, coloured by")
    expect(picture).to_have_accessible_name(re.compile(re.escape(PLAN)))
    draw_loop(page, free)
    expect_chosen(page, texts(plan=FREE))
    choose(page, "In front", TEAM)
    expect(entry(page, "all others · 30")).to_be_visible()
    expect_inert(page, ".map", {"DIV", "BUTTON", "SPAN", "CANVAS"})


def test_the_map_is_moved_hidden_and_opened_by_keyboard(explained, page):
    open_map(page, explained.url)
    before = expect_marks(page, BILLING, 20)
    tab_to(page, page.get_by_role("application", name=re.compile("^Map of 60 comments.*Arrow keys")))
    expect_after(page, "ArrowRight", before - (60, 0))
    expect_after(page, "ArrowDown", before - (60, 60))
    expect_after(page, "ArrowUp", before - (60, 0))
    expect_after(page, "ArrowLeft", before)
    page.keyboard.press("+")
    larger = pytest.approx(1.5 * width_of(before), abs=3)
    until(lambda: width_of(marks(page, BILLING)) == larger, 20, "the map is larger")
    expect_after(page, "-", before)
    tab_to(page, entry(page, "speed · 20"))
    page.keyboard.press("Enter")
    expect(entry(page, "speed · 20")).to_have_attribute("aria-pressed", "false")
    expect_marks(page, SPEED, 0)
    tab_to(page, tool(page, "Choose all in view"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect_chosen(page, texts() - texts(SPEED))  # what is hidden is not chosen


def expect_after(page: Page, key: str, wanted: np.ndarray) -> None:
    """Where the marks of BILLING stand after a key."""
    page.keyboard.press(key)
    until(lambda: marks(page, BILLING) == pytest.approx(wanted, abs=1.5), 20, f"the map after {key}")


# ---- where the model looked ---------------------------------------------------------------


def looked_at(page: Page, text: str) -> Locator:
    """A word of the comment, as a screen reader names it."""
    return page.locator(".looked .words").get_by_role("button", name=text, exact=True)


def matrix(page: Page) -> np.ndarray:
    """(tokens, tokens) 0..255: how strongly each cell is painted."""
    cells = page.locator(".looked canvas").evaluate(
        "canvas => Array.from(canvas.getContext('2d')"
        ".getImageData(0, 0, canvas.width, canvas.height).data.filter((_, place) => place % 4 === 3))"
    )
    return np.array(cells).reshape(round(len(cells) ** 0.5), -1)


def expect_matrix(page: Page, wanted: np.ndarray) -> None:
    strong = 255 * np.sqrt(wanted / wanted.max())
    until(lambda: matrix(page) == pytest.approx(strong, abs=3), 20, "the weights of this head are painted")


def reads(page: Page, start: str, end: str, weight: float) -> None:
    """The line over the matrix says this, to a screen reader as well."""
    line = page.locator(".looked .said")
    expect(line).to_have_attribute("aria-live", "polite")
    expect(line).to_have_text(re.compile(rf"^\s*{re.escape(start)} looks at {re.escape(end)}:\s+[\d.]+%\s*$"))
    share = float(line.locator(".share").inner_text().rstrip("%")) / 100
    assert share == pytest.approx(weight, abs=0.011)


def point_at(page: Page, row: int, column: int, count: int, click: bool = False) -> None:
    """By mouse at the middle of a cell."""
    box = page.locator(".looked .map").bounding_box()
    cell = box["width"] / count
    page.mouse.move(box["x"] + cell * (column + 0.5), box["y"] + cell * (row + 0.5))
    if click:
        page.mouse.down()
        page.mouse.up()


def expect_shades(page: Page, explained: Explained, layer: int, head: int | None, place: int | None) -> None:
    """Each word is as dark as the look at it is strong."""
    looked = attending.look(explained.classifier, COMMENT)
    found = attending.words_of(looked, layer, head, place)
    wanted = [round(shade, 3) for shade in explanations.shades(found)]
    shown = "words => words.map(word => Number(word.style.getPropertyValue('--strength')))"
    words = page.locator(".looked .words .word")
    until(lambda: words.evaluate_all(shown) == pytest.approx(wanted, abs=0.01), 20, "the shades of the words")


def test_a_layer_and_a_head_show_their_own_weights(explained, page):
    looked = attending.look(explained.classifier, COMMENT)
    open_comment(page, explained.url, COMMENT, LOOKED)
    last = attending.tokens_of(looked, looked.layers - 1, None)
    expect_matrix(page, last.matrix)
    choose(page, "Layer", "2")
    choose(page, "Head", "Head 3")
    view = attending.tokens_of(looked, 1, 2)
    names = [token.text for token in view.tokens]
    expect_matrix(page, view.matrix)
    expect_shades(page, explained, 1, 2, None)
    page.locator(".looked .map").scroll_into_view_if_needed()
    for row, column in ((1, 0), (0, 3), (len(names) - 1, 2)):
        point_at(page, row, column, len(names))
        reads(page, names[row], names[column], view.matrix[row, column])
    heads = chart(page, "attention_heads_1")
    heads.locator(".scatterlayer .point").nth(4 * looked.heads + 9).click(force=True)
    expect(page.get_by_role("combobox", name="Layer")).to_have_value("5")
    expect(page.get_by_role("combobox", name="Head")).to_have_value("Head 10")
    expect_matrix(page, attending.tokens_of(looked, 4, 9).matrix)
    page.get_by_text("Show special tokens").click()
    whole = attending.tokens_of(looked, 4, 9, specials=True)
    expect_matrix(page, whole.matrix)
    point_at(page, 0, len(whole.tokens) - 1, len(whole.tokens))
    reads(page, whole.tokens[0].text, whole.tokens[-1].text, whole.matrix[0, -1])


def test_a_word_shows_where_it_looks_by_mouse_and_by_keyboard(explained, page):
    looked = attending.look(explained.classifier, COMMENT)
    last = looked.layers - 1
    view = attending.tokens_of(looked, last, None)
    names = [token.text for token in view.tokens]
    open_comment(page, explained.url, COMMENT, LOOKED)
    expect_shades(page, explained, last, None, None)
    looked_at(page, "timeout").click()
    expect(looked_at(page, "timeout")).to_have_attribute("aria-pressed", "true")
    expect_shades(page, explained, last, None, 2)
    expect(main(page)).to_contain_text(sentence_of(looked, last, 2))
    page.keyboard.press("ArrowRight")
    expect(looked_at(page, "invoice")).to_be_focused()
    page.keyboard.press("Enter")
    expect_shades(page, explained, last, None, 3)
    expect(looked_at(page, "timeout")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Enter")  # again: no word is chosen
    expect_shades(page, explained, last, None, None)
    tab_to(page, page.get_by_role("application", name=re.compile("From each token")))
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    reads(page, names[1], names[1], view.matrix[1, 1])
    page.keyboard.press("Enter")
    expect(looked_at(page, "loading")).to_have_attribute("aria-pressed", "true")
    expect_shades(page, explained, last, None, 1)
    point_at(page, 0, 3, len(names), click=True)  # a cell chooses the word that looks
    expect(looked_at(page, "slow")).to_have_attribute("aria-pressed", "true")
    expect_shades(page, explained, last, None, 0)


def sentence_of(looked: Looked, layer: int, place: int) -> str:
    """How the line of the strongest words begins."""
    found = attending.words_of(looked, layer, None, place)
    first = max(found.spans, key=lambda span: span.weight)
    start = COMMENT.split()[place]
    return f"“{start}” looks at: {COMMENT[first.start : first.end]} {percent(first.weight)}"
