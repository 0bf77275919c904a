"""A trained model whose map is laid out by hand, and what can be read off the drawing pieces of Explain."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, expect
from scipy import ndimage

from core.charts.labels import shorten
from core.config import Settings
from core.domain import QUICK, Columns, TrainingOptions
from core.store.store import Store, open_store
from core.workflow import explain_jobs, feedback
from core.workflow.task import SILENT
from core.workflow.train_here import train_here
from tests.browser.walking import main, open_tab

OPEN_MS = 60_000  # the first page of a server loads the model

TAG = "<img src=x onerror=alert(1)>"
LINK = "[x](javascript:alert(1))"
FORMULA = "=cmd()"
MATHS = "$E=mc^2$"
TURNED = "\u202egnp.exe\u202c"
HIDDEN = "zero\u200bwidth"
HOSTILE = f"{FORMULA} {TAG} {LINK} {MATHS} {TURNED} {HIDDEN}"

SPEED, BILLING, LOGIN = LABELS = ("speed", f"{FORMULA} {TAG} {MATHS}", f"{LINK} {TURNED} {HIDDEN}")
WORDS = {
    SPEED: ("slow", "loading", "timeout", "lag"),
    BILLING: ("invoice", "price", "refund", "charge"),
    LOGIN: ("password", "account", "locked", "reset"),
}
FREE, TEAM = PLANS = ("free", f"{TAG} {MATHS} team")
PLAN = f"plan {LINK} {FORMULA}"
ISLAND = 10  # comments of one label and one plan
ACROSS, DOWN = 0.05, 0.1  # between the neighbours of an island, on a map that spans -1..1


@dataclass(frozen=True)
class Row:
    """A comment and its place on the map: labels from left to right, the free plan below the team's."""

    text: str
    label: str
    plan: str
    x: float
    y: float


def _row(label: int, plan: int, number: int) -> Row:
    words = WORDS[LABELS[label]]
    text = f"{words[number % 4]} {words[(number + 1) % 4]} {words[number // 4]} {number} of {plan}"
    if number in (0, 5):
        text = f"{HOSTILE} {text}"
    x = 0.7 * (label - 1) + ACROSS * (number % 5 - 2)
    y = 1.2 * (plan - 0.5) + DOWN * (number // 5)
    return Row(text, LABELS[label], PLANS[plan], x, y)


ROWS = tuple(_row(label, plan, n) for label in range(3) for plan in range(2) for n in range(ISLAND))


def texts(label: str = "", plan: str = "") -> set[str]:
    return {row.text for row in ROWS if label in ("", row.label) and plan in ("", row.plan)}


def train_and_lay_out(data_dir: Path) -> None:
    """Before a server is started there: the comments, a Quick run and its map."""
    settings = Settings(data_dir=data_dir, device="cpu")
    for folder in (settings.runs_dir, settings.jobs_dir):
        folder.mkdir(parents=True)
    store = open_store(settings.url, data_dir)
    columns = Columns("comment", label="topic", segments=(PLAN,))
    done = feedback.import_bytes(store, settings, _file(), "comments.csv", columns, "Comments")
    label_set = store.labels.sets(done.dataset_id)[0]
    options = TrainingOptions(mode=QUICK)
    run = train_here(store, settings, done.dataset_id, label_set.id, options, SILENT)
    _lay_out(store, run.id, done.dataset_id)
    store.close()


def _file() -> bytes:
    text = io.StringIO()
    lines = [("comment", "topic", PLAN), *((row.text, row.label, row.plan) for row in ROWS)]
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(lines)
    return text.getvalue().encode()


def _lay_out(store: Store, run_id: int, dataset_id: int) -> None:
    places = {row.text: (row.x, row.y) for row in ROWS}
    stored = store.datasets.feedback(dataset_id)
    laid = np.array([places[text] for text in stored["text"]])
    store.explanations.keep_places(run_id, stored["id"].to_numpy(), laid)
    sha256 = store.datasets.get(dataset_id).sha256
    facts = {"n": len(laid), "every": len(laid), "seconds": 0.0}
    store.explanations.keep_finding(run_id, explain_jobs.MAP, "", facts, sha256)


# ---- what a person does -------------------------------------------------------------------


def open_comment(page: Page, url: str, text: str, tab: str) -> None:
    """Paste a comment on the Explain page and open one of its views."""
    page.goto(f"{url}/explain")
    page.get_by_role("radio", name="Paste a comment").click(timeout=OPEN_MS)
    paste(page, text)
    open_tab(page, tab)


def paste(page: Page, text: str) -> None:
    """Another comment; the view that is open stays."""
    field = page.get_by_role("textbox", name="Comment", exact=True)
    field.fill(text)
    field.press("Control+Enter")


def open_map(page: Page, url: str) -> None:
    page.goto(f"{url}/explain")
    page.get_by_role("radio", name="The whole model").click(timeout=OPEN_MS)
    open_tab(page, "Map")
    expect(page.locator(".points")).to_be_visible()


def draw_loop(page: Page, around: np.ndarray, margin: float = 9) -> None:
    """By mouse around places (n, 2) of the canvas, in pixels."""
    (left, top), (right, bottom) = around.min(axis=0) - margin, around.max(axis=0) + margin
    start, *corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    drag(page, start, *corners)


def drag(page: Page, start: Sequence[float], *stops: Sequence[float]) -> None:
    """The mouse goes down at a place of the map's canvas, in pixels, and up at the last stop."""
    box = page.locator(".points").bounding_box()
    for number, (x, y) in enumerate((start, *stops)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
        if not number:
            page.mouse.down()
    page.mouse.up()


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """From where the keyboard is, by Tab alone."""
    wanted.wait_for()
    for _ in range(40):
        if has_focus(wanted):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not come to {wanted}")


# ---- what stands on the page --------------------------------------------------------------


def has_focus(found: Locator) -> bool:
    return found.evaluate("element => element.getRootNode().activeElement === element")


def said(page: Page) -> str:
    """All words of the page, without the invisible joiners that keep them from being read as Markdown."""
    return main(page).inner_text().replace("\u2060", "")


def marks(page: Page, name: str) -> np.ndarray:
    """(n, 2) pixels: the middles of the marks that the map draws in the colour of a name of its legend, from
    top to bottom and from left to right."""
    found = page.locator(".map").evaluate_all(PIXELS, f"{shorten(name, 40)} · ")
    pixels = np.array(found, dtype=int).reshape(-1, 2)
    picture = np.zeros((600, 2000), dtype=bool)
    picture[pixels[:, 1], pixels[:, 0]] = True
    parts, count = ndimage.label(picture, np.ones((3, 3)))
    middles = ndimage.center_of_mass(picture, parts, range(1, count + 1))
    return np.array(sorted((round(y), x) for y, x in middles)).reshape(-1, 2)[:, ::-1]


PIXELS = """([map, another], name) => {
  const entries = [...(map?.querySelectorAll(".legend button") ?? [])]
  const entry = entries.find((entry) => entry.textContent.startsWith(name))
  if (another || !entry) return [] // not drawn yet, or the map of before still stands there
  const sample = entry.querySelector("canvas")
  const look = (canvas, ...box) => canvas.getContext("2d").getImageData(...box).data
  const wanted = look(sample, sample.width / 2, sample.height / 2, 1, 1)
  const canvas = map.querySelector(".points")
  const seen = look(canvas, 0, 0, canvas.width, canvas.height)
  const found = []
  for (let place = 0; place < seen.length / 4; place++) {
    if (seen[4 * place + 3] < 90) continue
    if ([0, 1, 2].some((part) => Math.abs(seen[4 * place + part] - wanted[part]) > 12)) continue
    found.push([place % canvas.width, Math.floor(place / canvas.width)])
  }
  return found
}"""


def expect_inert(page: Page, piece: str, made: set[str]) -> None:
    """A drawing piece consists of these elements alone, and nothing on the page was made of the data."""
    drawn = page.locator(piece)
    expect(drawn).to_have_count(1)  # for a moment the one of before stands beside the new one
    inside = drawn.evaluate("piece => [...piece.querySelectorAll('*')].map(e => e.tagName)")
    assert inside and set(inside) <= made
    harmful = "img[src=x], [onerror], [href^=javascript], .katex, [data-testid=stMain] script"
    assert page.locator(harmful).count() == 0
