"""What a person does on the pages, and what can be read off a page, a chart or a data folder."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import event

from core.charts.labels import shorten
from core.config import Settings
from core.domain import Estimate
from core.store.store import Store, open_store

IMPORT_MS = 60_000  # a worker process starts first

Numbers = dict[tuple[str, str], float]  # (name, end of the range) -> share


def until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something that no page shows."""
    started = time.perf_counter()
    while not true():
        assert time.perf_counter() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)


# ---- pages --------------------------------------------------------------------------------


def main(page: Page) -> Locator:
    return page.get_by_test_id("stMain")


def go(page: Page, title: str) -> None:
    """To a page by its entry in the sidebar."""
    page.get_by_test_id("stSidebarNav").get_by_text(title, exact=True).click()
    expect(page).to_have_title(title)
    expect(main(page).get_by_role("heading", level=1)).to_be_visible()


def press(page: Page, name: str) -> None:
    main(page).get_by_role("button", name=name, exact=True).click()


def drawn(page: Page) -> None:
    """Wait until what was changed has come back as a page: while it is drawn anew, a press may be lost and a
    field stand there twice."""
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def chosen(page: Page, label: str) -> str:
    return page.get_by_role("combobox", name=label, exact=True).input_value()


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    box.hover()  # scrolls it into view first: a list that is open closes when the page scrolls
    box.click()
    page.get_by_role("option", name=shorten(option, 200), exact=True).click()  # as the lists show it


def drop(page: Page, file: Path | dict, zone: str = "Upload a file") -> None:
    """Into a drop zone of the Feedback page."""
    uploader = page.get_by_test_id("stFileUploader").filter(has_text=zone)
    uploader.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([file])


def columns(page: Page, role: str) -> list[str]:
    """What is chosen in a list of columns."""
    widget = page.locator(f".st-key-role_{role}")
    widget.get_by_role("combobox").wait_for()
    group = widget.get_by_role("group", name="Selected values")
    return group.locator("span[title]").evaluate_all("tags => tags.map(tag => tag.title)")


def import_now(page: Page) -> list[int]:
    """Press Import and wait for the sentence: rows in the file, stored, not stored."""
    press(page, "Import")
    sentence = main(page).get_by_test_id("stAlert").filter(has_text="rows in the file =")
    expect(sentence).to_be_visible(timeout=IMPORT_MS)
    return whole_numbers(sentence.inner_text())


def open_tab(page: Page, name: str) -> None:
    tab = page.get_by_role("tab", name=name)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")


# ---- charts and tables --------------------------------------------------------------------


def chart(page: Page, key: str, timeout: float = 20_000) -> Locator:
    """The plotly element of a keyed chart, drawn."""
    found = page.locator(f".st-key-{key} .js-plotly-plot")
    found.locator(".nsewdrag").first.wait_for(timeout=timeout, state="attached")
    expect(found).to_have_count(1)  # while a page runs again, the chart of before still stands there
    return found


def traces(drawn: Locator) -> list[dict]:
    """Of the plot as it stands; none before it is drawn."""
    each = "({name, type, x, y, z, customdata}) => ({name, type, x, y, z, customdata})"
    return drawn.evaluate(f"plot => (plot.data ?? []).map({each})")


def drawn_bars(page: Page, key: str) -> dict[tuple[str, str], float]:
    """(name of the bars, label) -> length, of a keyed chart; nothing while it is drawn anew."""
    each = "({name, x, customdata}) => ({name: name ?? '', x, customdata})"
    found = page.locator(f".st-key-{key} .js-plotly-plot").evaluate_all(
        f"plots => plots.length === 1 ? (plots[0].data ?? []).map({each}) : []"
    )
    return {
        (bars["name"], label): length
        for bars in found
        for (label,), length in zip(bars["customdata"], bars["x"], strict=True)
    }


def click_mark(drawn: Locator, number: int) -> None:
    """By mouse in the middle of a point; the layer that takes plotly's clicks lies over it."""
    drawn.locator(".scatterlayer .point").nth(number).click(force=True)


def table(page: Page, name: str) -> list[list[str]]:
    """The rows of a table that are drawn, without its head, as a screen reader gets them."""
    region = page.get_by_role("region", name=name)
    region.locator("td").first.wait_for(state="attached")
    return region.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => Array.from(row.querySelectorAll('td'), cell => cell.textContent))"
    )


def progress(page: Page) -> float:
    """Percent, as the first bar of the page says."""
    return float(main(page).get_by_role("progressbar").first.get_attribute("aria-valuenow"))


# ---- numbers ------------------------------------------------------------------------------


def drawn_shares(found: list[dict]) -> Numbers:
    """Of a figure that core.charts.themes.shares made."""
    mids = next(trace for trace in found if trace["name"] == "mid")
    ends = next(trace for trace in found if trace["name"] == "range")["x"]
    numbers = {}
    for place, ((name,), mid) in enumerate(zip(mids["customdata"], mids["x"], strict=True)):
        low, high = ends[3 * place : 3 * place + 2]
        numbers |= {(name, "mid"): mid, (name, "low"): low, (name, "high"): high}
    return numbers


def estimated(pairs: Iterable[tuple[str, Estimate]]) -> Numbers:
    return {(name, end): getattr(estimate, end) for name, estimate in pairs for end in ("mid", "low", "high")}


def whole_numbers(sentence: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", sentence)]


# ---- data folder --------------------------------------------------------------------------


@contextmanager
def reading(data_dir: Path) -> Iterator[Store]:
    """The store of a running server; a write through it fails."""
    store = open_store(Settings(data_dir=data_dir).url, data_dir)
    for engine in (store.engine, store.full_engine):
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
    try:
        yield store
    finally:
        store.close()


def processes(environment: Mapping[str, str]) -> list[int]:
    """Running processes that were started with all of these variables."""
    wanted = {f"{name}={value}".encode() for name, value in environment.items()}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted <= set((folder / "environ").read_bytes().split(b"\0")):
                found.append(int(folder.name))
        except OSError:  # ended meanwhile, or not ours
            continue
    return found
