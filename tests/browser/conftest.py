"""A real server and a real browser. Every page is watched: nothing leaves this machine, nothing breaks."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect, sync_playwright

from tests.browser.walking import processes

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 20_000  # other work may keep this machine busy
TROUBLE = ("Something went wrong", "Traceback (most recent call last)")
WATCH = (
    f"const TROUBLE = {list(TROUBLE)};"
    + """
new MutationObserver(() => {
  const said = document.body ? document.body.innerText : "";
  for (const words of TROUBLE) if (said.includes(words)) window.trouble(said.slice(0, 2000));
}).observe(document, {childList: true, subtree: true, characterData: true});
"""
)


@dataclass
class Server:
    url: str
    log_file: Path
    data_dir: Path
    process: subprocess.Popen

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def workers(self) -> list[int]:
        """Process ids; each worker has a session of its own and outlives the server."""
        return [
            found
            for found in processes({"ROADLENS_DATA_DIR": str(self.data_dir)})
            if found != self.process.pid
        ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running(
    folder: Path, *options: str, script: Path = ROOT / "app.py", port: int = 0, **settings: str
) -> Iterator[Server]:
    """`streamlit run` in a process group of its own, ended with all it started."""
    port, log_file, data_dir = port or free_port(), folder / "server.log", folder / "data"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    environment = os.environ | {"ROADLENS_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)} | settings
    environment["PYTHONFAULTHANDLER"] = "1"  # a crash leaves its place in the log
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), *options],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", log_file, data_dir, process)
    try:
        deadline = time.monotonic() + 60
        while not is_healthy(server.url):
            assert process.poll() is None, f"the server ended:\n{server.log}"
            assert time.monotonic() < deadline, f"the server does not answer:\n{server.log}"
            time.sleep(0.05)
        yield server
    finally:
        end(process)
        for worker in server.workers:
            with suppress(ProcessLookupError):  # idle ones end by themselves
                os.kill(worker, signal.SIGKILL)


def end(process: subprocess.Popen) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a file that do not mind each other's data."""
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts fresh servers, each with an empty data folder: `start_server(script=..., ROADLENS_X="1")`."""
    with ExitStack() as stack:
        yield lambda *options, **settings: stack.enter_context(
            running(tmp_path_factory.mktemp("fresh"), *options, **settings)
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after each file: while it is open its event loop runs, and no other can in this thread."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        reason = "chromium is not installed; the tests in a browser need it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


@dataclass
class Watch:
    """What a page asked for and complained about."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._refuse)
        page.expose_function("trouble", self._broke)
        page.add_init_script(WATCH)

    def _broke(self, said: str) -> None:
        self.trouble.append(said)

    def _refuse(self, dialog: Dialog) -> None:
        self.errors.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, message: ConsoleMessage) -> None:
        address = message.location.get("url", "")
        # The page asks for these below its own address first, then at the root.
        known = "_stcore/health" in address or "_stcore/host-config" in address
        # Streamlit's index.html has one inline script, which our policy does not run.
        known = known or "Executing inline script violates" in message.text
        if message.type == "error" and not known:
            self.errors.append(f"{message.text} ({address})")

    @property
    def outside(self) -> list[str]:
        here = ("127.0.0.1", "localhost", None)
        return [url for url in self.requests if urlsplit(url).hostname not in here]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@contextmanager
def watched(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of its own context. Afterwards: no request left the host, no error was shown or logged."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    watch.follow(opened)
    yield opened
    opened.wait_for_timeout(50)
    context.close()
    assert not watch.outside, f"requests left this machine: {watch.outside}"
    assert not watch.trouble, f"the page showed an error: {watch.trouble[0]}"
    assert not watch.errors, f"the browser's console has errors: {watch.errors}"


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    with watched(browser, watch) as opened:
        yield opened


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Pages of people who know nothing of each other, each watched like `page`."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(watched(browser, Watch()))
