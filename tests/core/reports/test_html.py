import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from core.reports.html import html_bytes
from core.reports.outline import Meta, outline
from core.reports.safe import percent, plain_text

OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "div", "h1", "h2", "h3", "p", "nav",
    "ol", "li", "a", "main", "section", "figure", "figcaption", "script", "details", "summary", "table",
    "thead", "tbody", "tr", "th", "td", "blockquote", "footer", "dl", "dt", "dd",
}  # fmt: skip


class Page(HTMLParser):
    """Tags, attributes, scripts and the text of a page."""

    def __init__(self, data: bytes):
        super().__init__()
        self.tags, self.attributes, self.scripts, self.text, self.open = [], [], [], [], ""
        self.feed(data.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.open = tag
        if tag == "script":
            self.scripts.append([dict(attrs), ""])

    def handle_endtag(self, tag):
        self.open = ""

    def handle_data(self, data):
        if self.open == "script":
            self.scripts[-1][1] += data
        elif self.open != "style":
            self.text.append(data)


@pytest.fixture
def page(insights, run):
    return Page(html_bytes(outline(insights, run, Meta(title="<h1>hi"), ("<b>one</b> & two",))))


def test_data_brings_no_tag_and_no_handler(page):
    assert set(page.tags) == OURS
    assert not any(name.startswith("on") for _, name, _ in page.attributes)


def test_nothing_is_fetched(page):
    sources = [value for _, name, value in page.attributes if name in ("src", "href", "action", "srcset")]
    assert sources and all(re.fullmatch(r"#s\d", source) for source in sources)


def test_only_the_two_scripts_of_the_page_may_run(page):
    policy = next(value for _, name, value in page.attributes if name == "content" and "script-src" in value)
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    running = [text for attributes, text in page.scripts if "type" not in attributes]
    hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in running}
    assert len(running) == 2 and hashes == allowed
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_texts_are_the_texts(page, insights):
    text = "".join(page.text)
    assert "<b>one</b> & two" in text and "<h1>hi" in text
    for quote in insights.quotes:
        assert plain_text(quote.text) in text
        assert f"row {quote.id} " in text
        assert ("blockquote", "id", f"row-{quote.id}") in page.attributes


def test_figures_and_tables_hold_the_numbers_of_the_outline(page, insights):
    figures = [json.loads(text) for attributes, text in page.scripts if "type" in attributes]
    assert len(figures) == 5  # themes, trend wide and narrow, segments, model
    mid = next(trace for trace in figures[0]["data"] if trace["name"] == "mid")
    assert mid["x"] == [theme.share.mid for theme in insights.themes]
    text = " ".join(page.text)
    for theme in insights.themes:
        assert f"{percent(theme.share.low)} to {percent(theme.share.high)}" in text


def test_says_whether_it_is_checked(page):
    assert "○ not checked yet" in page.text


def test_same_outline_same_bytes(insights, run):
    assert html_bytes(outline(insights, run)) == html_bytes(outline(insights, run))


def test_empty_report_needs_no_plotly_and_says_what_is_missing(nothing, run):
    data = html_bytes(outline(nothing, replace(run, model=None, baseline=None)))
    assert len(data) < 50_000
    assert "No date column." in "".join(Page(data).text)
