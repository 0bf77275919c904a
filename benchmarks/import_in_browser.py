"""A large file through the page: `python benchmarks/import_in_browser.py [ROWS]` (1,000,000).

Starts a server with an empty data folder, drops a generated file into the Feedback page in headless
Chromium, imports it, and meanwhile opens pages in a second tab. Prints how long each step took, how long the
other tab waited for its pages, and what the server's memory grew by.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from import_speed import make_file  # noqa: E402
from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402

from tests.browser.conftest import FLAGS, Server, running  # noqa: E402

PATIENCE_MS = 600_000
PAGES = {"home": "Home", "train": "Train", "runs": "Runs"}
VISITS = 3  # of each page on the stored dataset


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        file = folder / "large.csv"
        make_file(file, rows)
        print(f"{rows:,} rows, {file.stat().st_size / 1e6:.1f} MB")
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        with running(folder) as server:
            walk(server, browser.new_page(), browser.new_page(), file)
        browser.close()


def walk(server: Server, page: Page, other: Page, file: Path) -> None:
    for tab in (page, other):
        tab.set_default_timeout(PATIENCE_MS)
    page.goto(f"{server.url}/feedback")
    before = resident(server)
    begun = time.perf_counter()
    page.locator("input[type=file]").first.set_input_files(file)
    ready = page.get_by_role("button", name="Import", exact=True)
    expect(ready).to_be_visible(timeout=PATIENCE_MS)
    tell("dropped until the columns are shown", begun)
    begun = time.perf_counter()
    ready.click()
    waits = []
    done = page.get_by_test_id("stAlert").filter(has_text="rows in the file =")
    seen = set()
    while not done.is_visible():
        waits.append(visit(server, other, list(PAGES)[len(waits) % len(PAGES)]))
        bar = page.get_by_test_id("stProgress")
        if bar.count():
            seen.add(bar.first.inner_text())
    tell("pressed Import until the rows are stored", begun)
    print(f"  different progress lines seen: {len(seen)}")
    middle, worst = statistics.median(waits), max(waits)
    print(f"  pages opened meanwhile: {len(waits)}, median {middle:.2f} s, slowest {worst:.2f} s")
    print(f"  server memory: {before:.0f} MB before, {resident(server):.0f} MB after")
    for name in ("feedback", *PAGES):
        waits = [visit(server, other, name) for _ in range(VISITS)]
        print(f"  {name} on the stored dataset: first {waits[0]:.2f} s, then {min(waits[1:]):.2f} s")


def visit(server: Server, page: Page, name: str) -> float:
    begun = time.perf_counter()
    page.goto(f"{server.url}/{name}")
    expect(page.locator("h1, h2, h3").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator('[data-testid="stApp"][data-test-script-state="running"]')).to_have_count(0)
    return time.perf_counter() - begun


def resident(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def tell(what: str, begun: float) -> None:
    print(f"  {what}: {time.perf_counter() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
