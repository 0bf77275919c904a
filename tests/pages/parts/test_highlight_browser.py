"""Hostile texts in a real browser: they come back character for character and nothing of them runs."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from core.domain import Attribution, Span
from core.explain.html import highlight_html
from core.explain.words import POINTS, units
from tests.browser.conftest import FLAGS

ROOT = Path(__file__).resolve().parents[3]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TEXTS = [
    "<img src=x onerror=\"document.title='hacked'\"> <img src=http://beacon.example/a.png>",
    "<script>document.title='hacked'</script></div><style>*{display:none}</style>",
    '" onmouseover="document.title=\'hacked\'" ![x](http://beacon.example/b.png) :red[x] $x$',
    "<iframe srcdoc=\"<script>parent.document.title='hacked'</script>\"></iframe>",
    "الخدمة سيئة جدا and slow \u202eevil\u202c end",
    "family 👩\u200d👩\u200d👧\u200d👦 flag 🏴\u200d☠\ufe0f tone 👍🏽 key 1\ufe0f\u20e3",
    "配送很慢，再也不会点了。葛\U000e0100飾 か\u3099",
    "배달이 너무 늦어요 naïve cafe\u0301",
    "zero\u200bwidth \ufeff \u2060 \u00ad soft",
    "  two  spaces\n\n\tline\r\nend\r \x00 \x07 &lt; &#60; \u2028 ",
    "w" * 10_000 + " end",
    "\u0301 a\u0301\u0323 e\u0302\u0301\u0328 \u200e\u200f\u061c ☝🏾 👩🏽\u200d🚀 🇩🇪 ก็ नि "
    "\u2066x\u2069 \x1b[31m",
    "<svg/onload=\"document.title='hacked'\"> <a href=\"javascript:document.title='hacked'\">x</a> "
    "<style>@import url(http://beacon.example/c.css)</style> "
    "<meta http-equiv=refresh content=0;//beacon.example>",
]
FADED = 3  # the text whose picture is drawn as weak
SCRIPT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
if get_script_run_ctx(suppress_warning=True) is None:
    from starlette.datastructures import MutableHeaders
    from starlette.middleware import Middleware

    class Headers:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            async def send_with_policy(message):
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message)["Content-Security-Policy"] = (
                        "default-src 'self'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
                        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
                        "worker-src 'self' blob:; frame-src 'self'; object-src 'none'; base-uri 'none'; "
                        "form-action 'none'; frame-ancestors 'none'"
                    )
                await send(message)

            await self.app(scope, receive, send_with_policy)

    app = st.App(__file__, middleware=[Middleware(Headers)])
else:
    from core.domain import Attribution, Span
    from core.explain.words import CUT, POINTS, UNREAD, units
    from pages.parts.highlight import highlighted_text, legend

    legend()
    for number, text in enumerate({TEXTS!r}):
        weights = [0.4, -0.3, 0.1, 0.0, -0.1]
        marks = ["", "", "", UNREAD, ""]
        spans = [Span(*unit, weights[i % 5], marks[i % 5]) for i, unit in enumerate(units(text))]
        spans[-1:] = [Span(spans[-1].start, spans[-1].end, 0.0, CUT)]
        shown = Attribution(text, tuple(spans), "bug", "occlusion", POINTS, 0.9)
        faded = number == {FADED}
        clicked = highlighted_text(shown, key=f"words_{{number}}", chosen=0 if faded else None, faded=faded)
        if clicked is not None:
            st.text(f"clicked {{number}}: {{clicked}}")
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "script.py"), f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true", "--browser.gatherUsageStats=false"]
    command += ["--server.fileWatcherType=none"]
    log = folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def wait_for(url, server, log):
    for _ in range(100):
        assert server.poll() is None, log.read_text()
        try:
            return urllib.request.urlopen(url, timeout=2).read()
        except OSError:
            time.sleep(0.2)
    pytest.fail("The server did not start: " + log.read_text())


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("Chromium is needed.")
        pytest.skip("There is no chromium on this machine.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def visit(address, browser):
    """An open page and the addresses that it asked for."""
    context = browser.new_context(viewport={"width": 420, "height": 900})
    page = context.new_page()
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(address)
    page.locator(f".st-key-words_{len(TEXTS) - 1} .words span").first.wait_for(timeout=30_000)
    yield page
    context.close()


def test_texts_come_back_and_nothing_runs_or_leaves(visit, address):
    for number, text in enumerate(TEXTS):
        words = visit.locator(f".st-key-words_{number} .words")
        assert words.evaluate("element => element.textContent") == text
        assert words.evaluate(
            "element => [...element.querySelectorAll('*')].every(e => e.tagName === 'SPAN')"
        )
    visit.wait_for_timeout(300)
    assert "hacked" not in visit.title()
    outside = [url for url in visit.requests if not url.startswith((address, f"blob:{address}", "data:"))]
    assert outside == []


def test_long_words_do_not_widen_the_page_and_arabic_runs_from_the_right(visit):
    assert visit.evaluate("document.documentElement.scrollWidth") <= 420
    assert visit.locator(".st-key-words_10 .words").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    assert visit.locator(".st-key-words_4 .words").evaluate("e => getComputedStyle(e).direction") == "rtl"


def test_marks_are_lines_and_not_colour_alone(visit):
    first = visit.locator(".st-key-words_legend .words")

    def style(name, of):
        return first.locator(f".{name}").evaluate(f"e => getComputedStyle(e).{of}")

    assert style("for", "textDecorationStyle") == "solid"
    assert style("against", "textDecorationStyle") == "dashed"
    assert style("for", "textDecorationLine") == style("against", "textDecorationLine") == "underline"
    assert style("unread", "borderTopStyle") == "dotted"
    assert style("cut", "textDecorationLine") == "line-through"
    assert style("for", "backgroundColor") != style("against", "backgroundColor")


def test_a_weak_picture_loses_its_colours_and_the_chosen_word_is_framed(visit):
    faded = visit.locator(f".st-key-words_{FADED} .words")
    assert faded.evaluate("e => getComputedStyle(e).filter") == "grayscale(1)"
    chosen = faded.locator(".chosen")
    assert (chosen.count(), chosen.get_attribute("aria-pressed")) == (1, "true")
    plain = visit.locator(".st-key-words_2 .words")
    assert plain.evaluate("e => getComputedStyle(e).filter") == "none"
    assert plain.locator(".chosen").count() == 0


def test_a_word_says_its_number_and_answers_mouse_and_keyboard(visit):
    from playwright.sync_api import expect

    words = visit.locator(".st-key-words_6 .words .word")
    assert words.nth(0).get_attribute("title") == "+40.0 points of confidence"
    words.nth(1).click()
    visit.get_by_text("clicked 6: 1").wait_for(timeout=10_000)
    second = visit.locator(".st-key-words_7 .words .word").first
    second.press("Enter")
    visit.get_by_text("clicked 7: 0").wait_for(timeout=10_000)
    # A change of theme draws again; the keyboard keeps its place.
    before = second.evaluate("e => getComputedStyle(e).color")
    visit.emulate_media(color_scheme="dark")
    expect(second).not_to_have_css("color", before, timeout=10_000)
    visit.wait_for_timeout(300)
    assert second.evaluate("e => e.getRootNode().activeElement === e")


def test_the_html_of_files_comes_back_in_a_browser(browser):
    page = browser.new_page()
    for text in (text.replace("\x00", "") for text in TEXTS):  # HTML cannot hold NUL
        spans = tuple(Span(*unit, 0.4) for unit in units(text))
        html = highlight_html(Attribution(text, spans, "bug", "occlusion", POINTS, 0.9))
        page.set_content("<!doctype html><title>safe</title>" + html)
        assert page.locator("div.words").evaluate("element => element.textContent") == text
        assert set(page.evaluate("[...document.body.querySelectorAll('*')].map(e => e.tagName)")) == {
            "DIV",
            "MARK",
        }
        assert page.title() == "safe"
    page.close()
