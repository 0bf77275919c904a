"""Training in a browser: from a file to labels, is it good enough, put it to work, pause and resume, compare,
ask the model, go back."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.config import Settings
from core.domain import BETTER, QUICK, Promotion
from core.store.store import Store
from core.workflow import explanations
from tests.browser.conftest import Server
from tests.browser.walking import (
    chart,
    choose,
    columns,
    drawn,
    drawn_bars,
    drop,
    go,
    import_now,
    main,
    open_tab,
    press,
    reading,
    table,
    traces,
    until,
)
from tests.pages.trained import comments

TRAINING_MS = 90_000
SLOW = {"ROADLENS_DEVICE": "cpu", "ROADLENS_THREADS": "1"}  # else it may be done before it is paused
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://example.com/x.png) my invoice, the price, a refund"


def test_from_a_labelled_file_to_a_model_that_answers_and_back(start_server, page):
    server = start_server(**SLOW)
    page.goto(f"{server.url}/feedback")
    import_labels(page)
    train_quick(page)
    ask_too_much(page)
    put_to_work(page, server)
    train_better_with_a_pause(page, server)
    press(page, "Promote")
    expect(main(page)).to_contain_text("This model answers since")
    compare_both(page)
    look_at_mix_ups(page)
    try_a_comment(page, server, run_id=2)
    go_back(page, server)
    try_a_comment(page, server, run_id=1)


def labelled_file() -> dict:
    """Two columns of labels; 30 comments carry none of the first."""
    head, *lines = comments(180).decode().splitlines()
    rows = [f"{line},{('good', 'bad', 'mixed')[number % 3]}" for number, line in enumerate(lines)]
    rows[150:] = [re.sub(",[a-z]+,", ",,", row, count=1) for row in rows[150:]]
    return {"name": "c.csv", "mimeType": "text/csv", "buffer": "\n".join([f"{head},mood", *rows]).encode()}


def import_labels(page: Page) -> None:
    drop(page, labelled_file())
    expect(main(page)).to_contain_text("180 rows · 6 columns")
    for name in {"topic", "mood"} - set(columns(page, "labels")):
        choose(page, "Labels", name)
        page.keyboard.press("Escape")
    until(lambda: set(columns(page, "labels")) == {"topic", "mood"}, 20, "both columns are labels")
    assert import_now(page) == [180, 180, 0]


def train_quick(page: Page) -> None:
    go(page, "Train")
    choose(page, "Label set", "topic")
    expect(main(page)).to_contain_text("topic · 150 labelled comments, 3 different labels")
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


def put_to_work(page: Page, server: Server) -> None:
    """Every comment has an answer, with a label or without one."""
    set_gate(page, 0.20, 0.10, 0.90)
    expect(main(page)).to_contain_text("✓ passes")
    press(page, "Promote")
    expect(main(page)).to_contain_text("This model answers since")
    expect(page.get_by_role("button", name="Go back")).to_have_count(0)
    with reading(server.data_dir) as store:
        assert [(done.run_id, done.passed) for done in promoted(store)] == [(1, True)]
        ids, chances = store.predictions.table(1)
        assert set(ids) == set(store.datasets.feedback(1)["id"]) and len(ids) == 180
        assert chances.sum(axis=1) == pytest.approx(1, abs=1e-3)


def promoted(store: Store) -> list[Promotion]:
    """What answered for the topics, the latest first."""
    (topics,) = (label_set for label_set in store.labels.sets(1) if label_set.name == "topic")
    return store.promotions.history(topics.id)


def train_better_with_a_pause(page: Page, server: Server) -> None:
    page.get_by_role("radio", name="Better").click()
    drawn(page)
    page.get_by_text("Advanced", exact=True).click()
    field = page.get_by_role("spinbutton", name="Epochs")
    expect(field).to_be_enabled()
    field.fill("3")
    field.press("Enter")
    drawn(page)
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
    expect(main(page)).to_contain_text(re.compile("points of macro F1 for run [12]"))  # 30 comments: either
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
        assert [promotion.run_id for promotion in promoted(store)] == [1, 2, 1]


def try_a_comment(page: Page, server: Server, run_id: int) -> None:
    """The model of this run answers."""
    with reading(server.data_dir) as store:
        settings = Settings(data_dir=server.data_dir, device="cpu")
        wanted = explanations.probabilities(explanations.load_classifier(store, settings, run_id), HOSTILE)
    open_tab(page, "Try it")
    field = page.get_by_role("textbox", name="A comment to try")
    field.fill(HOSTILE)
    field.press("Control+Enter")
    expect(main(page)).to_contain_text("The model says", timeout=TRAINING_MS)
    assert sorted(wanted) == ["billing", "login", "speed"]
    near = pytest.approx(wanted, abs=2e-3)
    until(lambda: tried(page) == near, 20, f"the answer of run {run_id}")
    assert main(page).locator("img[src*=example], img[src=x]").count() == 0


def tried(page: Page) -> dict[str, float]:
    return {label: share for (_, label), share in drawn_bars(page, "tried_chances").items()}
