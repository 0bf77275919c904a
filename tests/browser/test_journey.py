"""The whole way in a browser: from nothing, and from a file of one's own, to numbers one can take away."""

import csv
import io
import os
import time
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from core.charts.labels import percent, shorten
from core.domain import Insights
from core.workflow.insights import insights, sentences
from tests.browser.report_files import (
    download_all,
    shares_of_deck,
    shares_of_page,
    shares_of_rows,
    shares_of_workbook,
)
from tests.browser.walking import (
    Numbers,
    chart,
    chosen,
    click_mark,
    columns,
    drawn_shares,
    drop,
    estimated,
    go,
    import_now,
    main,
    open_tab,
    press,
    progress,
    reading,
    table,
    traces,
    until,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "airline_tweets_60.csv"
LABELS = {"negative", "neutral", "positive"}
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://example.com/x.png) =1+1"
TRAINING_MS = 90_000


def shares_in(found: Insights) -> Numbers:
    return estimated((theme.name, theme.share) for theme in found.themes)


def stored_insights(data_dir: Path, run_id: int) -> Insights:
    with reading(data_dir) as store:
        return insights(store, run_id)


def expect_insights(page: Page, found: Insights) -> None:
    """The Insights page says these sentences and draws these numbers."""
    expect(page).to_have_title("Insights")
    drawn = chart(page, "themes", TRAINING_MS)
    assert drawn_shares(traces(drawn)) == pytest.approx(shares_in(found), abs=1e-12)
    for theme in found.themes:
        assert percent(theme.share.mid) in drawn.inner_text()
    said = main(page).inner_text().replace("\u2060", "")
    for sentence in sentences(found):
        assert sentence in said


# ---- the sample ---------------------------------------------------------------------------


def test_one_click_leads_from_nothing_to_the_insights_of_the_sample(start_server, page, capsys):
    server = start_server()
    page.goto(server.url)
    started = time.perf_counter()
    press(page, "Try the sample")
    expect(page).to_have_title("Insights")
    chart(page, "themes", TRAINING_MS)
    with capsys.disabled():
        print(f"\none click to the insights of the sample: {time.perf_counter() - started:.1f} s")
    expect_insights(page, stored_insights(server.data_dir, run_id=1))

    go(page, "Home")
    press(page, "Try the sample")  # again: nothing is imported or trained twice
    chart(page, "themes")
    with reading(server.data_dir) as store:
        assert [dataset.sample for dataset in store.datasets.list()] == [True]
        assert [run.status for run in store.runs.list()] == ["done"]


# ---- a file of one's own ------------------------------------------------------------------


@pytest.fixture
def tweets(tmp_path: Path) -> Path:
    """600 real tweets about airlines, the same ones each time."""
    if not DATA.exists():
        reason = f"the real tweets are not at {DATA.parent}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    every = pd.read_csv(DATA, dtype=str, keep_default_na=False)
    cut = every.sample(600, random_state=7)
    assert set(cut["airline_sentiment"]) == LABELS
    assert cut["airline"].nunique() == 6
    path = tmp_path / "tweets.csv"
    cut.to_csv(path, index=False)
    return path


def test_a_file_of_ones_own_from_upload_to_the_deck(start_server, page, tweets, tmp_path):
    server = start_server()
    page.goto(server.url)
    upload(page, tweets, server.data_dir)
    train(page)
    explain_a_stored_comment(page, server.data_dir)
    explain_a_hostile_comment(page)
    found = stored_insights(server.data_dir, run_id=1)
    go(page, "Insights")
    expect_insights(page, found)
    open_marks(page, found)
    take_the_report(page, found, tmp_path)


def upload(page: Page, file: Path, data_dir: Path) -> None:
    press(page, "Upload a file")
    expect(page).to_have_title("Feedback")
    drop(page, file)
    expect(main(page)).to_contain_text(
        "600 rows · 15 columns · text table · encoding utf-8 · delimiter comma"
    )
    roles = ("Date", "Rating", "Author", "Account", "Channel", "Language", "ID in the source")
    guessed = {role: chosen(page, role) for role in roles}
    assert guessed == dict.fromkeys(roles, "(none)") | {
        "Date": "tweet_created",
        "Author": "name",
    }
    assert columns(page, "texts") == ["text"]
    assert columns(page, "labels") == ["airline_sentiment", "negativereason"]
    assert columns(page, "segments") == ["airline", "user_timezone"]
    page.get_by_role("button", name="Remove user_timezone").click()
    expect_rows_accounted_for(page, data_dir, import_now(page))


def expect_rows_accounted_for(page: Page, data_dir: Path, numbers: list[int]) -> None:
    rows_in, stored, rejected = numbers
    assert rows_in == 600 == stored + rejected
    with reading(data_dir) as store:
        (kept,) = store.datasets.imports(store.datasets.list()[0].id)
        assert (kept.rows_in, kept.rows_stored, kept.rows_rejected) == (rows_in, stored, rejected)
        assert kept.columns.segments == ("airline",)
        assert len(store.datasets.feedback(kept.dataset_id)) == stored
    for rejection in kept.rejections:
        expect(
            main(page).get_by_text(f"{rejection.rows} not stored: {rejection.reason}").first
        ).to_be_visible()


def train(page: Page) -> None:
    go(page, "Train")
    expect(page.get_by_role("radio", name="Quick")).to_be_checked()
    press(page, "Train")
    expect(main(page)).to_contain_text("Quick training · run 1")
    assert 0 <= progress(page) <= 100
    expect(page.get_by_role("heading", name="Run 1: Quick")).to_be_visible(timeout=TRAINING_MS)
    expect(main(page).get_by_role("progressbar")).to_have_count(0)
    expect(main(page)).to_contain_text("held-out comments")


def explain_a_stored_comment(page: Page, data_dir: Path) -> None:
    go(page, "Explain")
    bars = chart(page, "bars", timeout=60_000)
    words = page.locator(".st-key-words .words")
    words.locator("span").first.wait_for()  # set by a script of its own
    with reading(data_dir) as store:
        feedback = store.datasets.feedback(store.datasets.list()[0].id)
    text = words.text_content()
    assert text in set(feedback["text"])
    assert chosen(page, "Comment").partition(". ")[2] == shorten(text, 200)
    strengths = words.locator("span.for, span.against").evaluate_all(
        "spans => spans.map(span => Number(getComputedStyle(span).getPropertyValue('--strength')))"
    )
    assert max(strengths) > 0
    (weights,) = traces(bars)
    assert weights["x"] and any(weights["x"])
    assert all(word in text for (word,) in weights["customdata"])


def explain_a_hostile_comment(page: Page) -> None:
    page.get_by_role("radio", name="Paste a comment").click()
    field = page.get_by_role("textbox", name="Comment", exact=True)
    field.fill(HOSTILE)
    field.press("Control+Enter")
    words = page.locator(".st-key-words .words")
    expect(words).to_have_text(HOSTILE)
    assert main(page).locator("img[src*=example], img[src=x], a[href*=example]").count() == 0
    until(lambda: _drawn_words(page) and all(word in HOSTILE for word in _drawn_words(page)), 20, "its bars")
    open_tab(page, "Where the model looked")
    heads = next(t["z"] for t in traces(chart(page, "attention_heads_1")) if t["type"] == "heatmap")
    assert len(heads) == 6 and all(len(row) == 12 and min(row) >= 0 and max(row) <= 1 for row in heads)
    expect(page.locator(".looked .words")).to_have_text(HOSTILE)


def _drawn_words(page: Page) -> set[str]:
    """None while the chart is drawn anew."""
    return {word for trace in traces(chart(page, "bars"))[:1] for (word,) in trace["customdata"]}


def open_marks(page: Page, found: Insights) -> None:
    """A click on a mark of each chart opens its rows."""
    theme = found.themes[1]
    click_mark(chart(page, "themes"), 1)
    expect_rows(page, f"{theme.name}: {theme.share.mid:.1%}", len(theme.ids))

    open_tab(page, "Trend")
    drawn = chart(page, "trend")
    lines = [trace for trace in traces(drawn) if trace["name"] == "mid"]
    shown = {
        (name, start): y
        for line in lines
        for (name, start), y in zip(line["customdata"], line["y"], strict=True)
    }
    points = {(t.theme, point.start): point for t in found.trends for point in t.points}
    assert shown == pytest.approx({key: point.share.mid for key, point in points.items()}, abs=1e-12)
    first = found.trends[0]
    click_mark(drawn, 2)
    expect_rows(page, f"{first.theme}, day from {first.points[2].start}", len(first.points[2].ids))

    open_tab(page, "Segments")
    drawn = chart(page, "map_0")
    (squares,) = [trace for trace in traces(drawn) if trace["name"] == "cells"]
    name, value = squares["customdata"][2]
    (cell,) = [cell for cell in found.segments if (cell.theme, cell.value) == (name, value)]
    click_mark(drawn, 2)
    expect_rows(page, f"{name} in {value}: {cell.share.mid:.1%}", len(cell.ids))


def expect_rows(page: Page, heading: str, count: int) -> None:
    headings = main(page).locator("p").filter(has_text=heading)
    expect(headings.filter(has_text=f"· {count:,} comment")).to_be_visible()
    assert table(page, f"Comments behind {heading}")


def take_the_report(page: Page, found: Insights, folder: Path) -> None:
    """Every file says the numbers of the page, which are those of the store."""
    open_tab(page, "Themes")
    shown = drawn_shares(traces(chart(page, "themes")))
    assert shown == pytest.approx(shares_in(found), abs=1e-12)
    go(page, "Report")
    files = download_all(page, folder)
    assert shares_of_page(files["html"]) == pytest.approx(shown, abs=1e-12)
    assert shares_of_deck(files["pptx"]) == pytest.approx(shown, abs=1e-12)
    assert shares_of_workbook(files["xlsx"]) == pytest.approx(shown, abs=1e-12)
    numbers = list(csv.DictReader(io.StringIO(files["csv"].read_text(encoding="utf-8-sig"))))
    assert shares_of_rows(numbers) == pytest.approx(shown, abs=1e-12)
    trend = {(row["theme"], row["part"]): float(row["mid"]) for row in numbers if row["figure"] == "F02"}
    points = {(t.theme, point.start): point.share.mid for t in found.trends for point in t.points}
    assert trend == pytest.approx(points, abs=1e-12)
