"""Training in a browser: is it good enough, put it to work, pause and resume, compare, go back."""

import re

from playwright.sync_api import Page, expect

from core.domain import BETTER, QUICK
from tests.browser.conftest import Server
from tests.browser.walking import chart, main, open_tab, press, reading, table, traces
from tests.pages.trained import store_comments

TRAINING_MS = 90_000
SLOW = {"ROADLENS_DEVICE": "cpu", "ROADLENS_THREADS": "1"}  # else it may be done before it is paused
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://example.com/x.png) my invoice, the price, a refund"


def test_from_labels_to_a_model_that_answers_and_back(start_server, page):
    server = start_server(**SLOW)
    store_comments(server.data_dir, 150)
    page.goto(f"{server.url}/train")
    train_quick(page)
    ask_too_much(page)
    put_to_work(page)
    train_better_with_a_pause(page, server)
    press(page, "Promote")
    expect(main(page)).to_contain_text("This model answers since")
    compare_both(page)
    look_at_mix_ups(page)
    go_back(page, server)
    try_a_comment(page)


def train_quick(page: Page) -> None:
    expect(main(page)).to_contain_text("seconds (likely")
    press(page, "Train")
    expect(main(page)).to_contain_text("Quick training · run 1")
    expect(page.get_by_role("heading", name="Run 1: Quick")).to_be_visible(timeout=TRAINING_MS)
    expect(main(page)).to_contain_text("Good enough?")
    expect(page.get_by_role("tab")).to_have_count(11)


def set_gate(page: Page, f1: float, recall: float, error: float) -> None:
    page.locator(".st-key-gate_rule button").first.click()
    bounds = {
        "Macro F1 at least": f1,
        "Recall of every label at least": recall,
        "Calibration error at most": error,
    }
    for name, value in bounds.items():
        field = page.get_by_role("spinbutton", name=name)
        field.fill(str(value))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(main(page)).to_contain_text(f"must be at least {f1:.2f}")
    page.keyboard.press("Escape")


def ask_too_much(page: Page) -> None:
    set_gate(page, 0.99, 0.99, 0.01)
    expect(main(page)).to_contain_text("✗ missed: Macro F1")
    expect(main(page)).to_contain_text("What would help most")
    expect(page.get_by_role("button", name="Promote", exact=True)).to_have_count(0)
    main(page).get_by_role("button", name=re.compile("^Show ")).first.click()
    assert table(page, "Comments behind Advice 1")


def put_to_work(page: Page) -> None:
    set_gate(page, 0.20, 0.10, 0.90)
    expect(main(page)).to_contain_text("✓ passes")
    press(page, "Promote")
    expect(main(page)).to_contain_text("This model answers since")
    expect(page.get_by_role("button", name="Go back")).to_have_count(0)


def train_better_with_a_pause(page: Page, server: Server) -> None:
    page.get_by_role("radio", name="Better").click()
    page.get_by_text("Advanced", exact=True).click()
    field = page.get_by_role("spinbutton", name="Epochs")
    expect(field).to_be_enabled()
    field.fill("3")
    field.press("Enter")
    press(page, "Train")
    expect(main(page)).to_contain_text(re.compile(r"Epoch \d of 3"), timeout=TRAINING_MS)
    press(page, "Pause")
    expect(main(page)).to_contain_text(re.compile(r"Paused at \d+%"), timeout=TRAINING_MS)
    with reading(server.data_dir) as store:
        assert store.runs.get(2).status == "paused"
    press(page, "Resume")
    expect(page.get_by_role("heading", name="Run 2: Better")).to_be_visible(timeout=TRAINING_MS)
    with reading(server.data_dir) as store:
        assert [(run.options.mode, run.status) for run in store.runs.list()] == [
            (BETTER, "done"),
            (QUICK, "done"),
        ]


def compare_both(page: Page) -> None:
    open_tab(page, "Compare")
    expect(main(page)).to_contain_text("points of macro F1 for run 2")
    drawn = traces(chart(page, "differences"))
    measures = [name for trace in drawn if trace["customdata"] for (name,) in trace["customdata"]]
    assert sorted(measures) == ["Accuracy", "Balanced accuracy", "Macro F1"]
    assert table(page, "Settings that differ")


def look_at_mix_ups(page: Page) -> None:
    """A click on a cell opens its comments."""
    open_tab(page, "Mix-ups")
    drawn = chart(page, "confusion")
    drawn.locator(".scatterlayer .point").first.click(force=True)
    assert table(page, "Comments behind Labelled")


def go_back(page: Page, server: Server) -> None:
    press(page, "Go back to run 1")
    expect(page.get_by_role("heading", name="Run 1: Quick")).to_be_visible()
    expect(main(page)).to_contain_text("This model answers since")
    with reading(server.data_dir) as store:
        history = store.promotions.history(store.labels.sets(1)[0].id)
        assert [promotion.run_id for promotion in history] == [1, 2, 1]


def try_a_comment(page: Page) -> None:
    open_tab(page, "Try it")
    field = page.get_by_role("textbox", name="A comment to try")
    field.fill(HOSTILE)
    field.press("Control+Enter")
    expect(main(page)).to_contain_text("The model says", timeout=TRAINING_MS)
    (bars,) = traces(chart(page, "tried_chances"))
    assert sorted(name for (name,) in bars["customdata"]) == ["billing", "login", "speed"]
    assert main(page).locator("img[src*=example], img[src=x]").count() == 0
