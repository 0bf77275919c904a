"""Several people on one machine: one queue, one worker, and a web server that may die."""

import os
import re
import signal
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from core.domain import BETTER, QUICK, Job, TrainingRun
from core.store.store import Store
from core.workflow.runs import TRAIN
from tests.browser.conftest import Server, Watch, running, watched
from tests.browser.walking import drawn, main, press, progress, reading, until
from tests.pages.trained import store_comments

WORK_MS = 120_000
SLOW = {"ROADLENS_DEVICE": "cpu", "ROADLENS_THREADS": "1"}  # else it may be done before anybody acts


def open_train(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/train")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    return page


def start_better(page: Page, epochs: int) -> None:
    page.get_by_role("radio", name="Better").click()
    drawn(page)
    page.get_by_text("Advanced", exact=True).click()
    field = page.get_by_role("spinbutton", name="Epochs")
    expect(field).to_be_enabled()
    field.fill(str(epochs))
    field.press("Enter")
    drawn(page)
    press(page, "Train")
    expect(main(page)).to_contain_text("Better training · run 1")


def only_job(store: Store) -> Job:
    (job,) = trainings(store)
    return job


def trainings(store: Store) -> list[Job]:
    """Without the jobs that look into a finished model."""
    return [job for job in store.jobs.recent() if job.kind == TRAIN]


def trainers(server: Server) -> list[int]:
    """The processes of the lane of trainings, which has no name."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in server.workers}
    return [pid for pid, command in commands.items() if b"model" not in command]


def test_one_trains_and_who_comes_after_waits_with_a_place(start_server, open_page, capsys):
    server = start_server(**SLOW)
    store_comments(server.data_dir, 1_000)
    ann, ben, cho = (open_train(open_page(), server) for _ in range(3))
    start_better(ann, epochs=20)  # more than it is given time for
    expect(main(ann)).to_contain_text(re.compile(r"Epoch \d+ of 20"), timeout=WORK_MS)

    for page in (ben, cho):  # the same press at the same time: no waiting for the first one
        page.get_by_role("button", name="Train", exact=True).dispatch_event("click")
    for page in (ben, cho):
        expect(main(page)).to_contain_text("Quick training · run 2")
        expect(main(page)).to_contain_text("Waiting in line, place 1.")
        expect(main(page)).to_contain_text("Better training · run 1")
        expect(main(page)).not_to_contain_text("run 3")
    with reading(server.data_dir) as store:
        assert modes(store.runs.list()) == [(QUICK, "queued"), (BETTER, "running")]
        assert [job.state for job in store.jobs.active()] == ["running", "queued"]

        press_cancel(ann, run_id=1)
        pressed = time.perf_counter()
        until(lambda: asked_to_stop(store, 1), 10, "the page passes the press on")
        asked = time.perf_counter()
        until(lambda: store.runs.get(1).status == "cancelled", 10, "the run is cancelled")
        stopped = time.perf_counter()
        expect(main(ann)).not_to_contain_text("Better training · run 1")
        with capsys.disabled():
            print(
                f"\ncancel asked for {asked - pressed:.2f} s after the click, done in {stopped - asked:.2f} s"
            )
        assert stopped - asked < 2
        assert asked - pressed < 3  # three pages draw their charts on the processors that train
        for page in (ben, cho):
            expect(page.get_by_role("heading", name="Run 2: Quick")).to_be_visible(timeout=WORK_MS)
        assert modes(store.runs.list()) == [(QUICK, "done"), (BETTER, "cancelled")]
        assert len(trainings(store)) == 2
    assert len(trainers(server)) == 1


def modes(runs: list[TrainingRun]) -> list[tuple[str, str]]:
    return [(run.options.mode, run.status) for run in runs]


def asked_to_stop(store: Store, run_id: int) -> bool:
    job = store.jobs.get(store.runs.get(run_id).job_id)
    return job.cancel_requested or job.state == "cancelled"


def press_cancel(page: Page, run_id: int) -> None:
    page.locator(f".st-key-cancel_{run_id} button").click()


def press_key(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").click()


def test_a_paused_training_makes_way_and_goes_on_from_where_it_was(start_server, open_page):
    server = start_server(**SLOW)
    store_comments(server.data_dir, 240)
    ann, ben = (open_train(open_page(), server) for _ in range(2))
    start_better(ann, epochs=4)
    expect(main(ann)).to_contain_text(re.compile(r"Epoch \d of 4"), timeout=WORK_MS)
    press_key(ann, "pause_1")
    expect(main(ann)).to_contain_text(re.compile(r"Paused at \d+%"), timeout=WORK_MS)
    with reading(server.data_dir) as store:
        paused = store.jobs.get(store.runs.get(1).job_id)
        assert (paused.state, store.runs.get(1).status) == ("paused", "paused")

        press(ben, "Train")
        expect(ben.get_by_role("heading", name="Run 2: Quick")).to_be_visible(timeout=WORK_MS)
        expect(main(ben)).to_contain_text("Paused at")  # everybody sees it, and may let it go on
        press_key(ben, "resume_1")
        for page in (ann, ben):
            expect(page.get_by_role("heading", name="Run 1: Better")).to_be_visible(timeout=WORK_MS)
        until(lambda: store.jobs.get(paused.id).state == "done", 60, "its report is frozen")
        assert store.jobs.get(paused.id).attempt == 2
        assert modes(store.runs.list()) == [(QUICK, "done"), (BETTER, "done")]


def test_a_training_outlives_the_web_server(start_server, browser: Browser):
    server = start_server(**SLOW)
    store_comments(server.data_dir, 400)
    left_open = open_train(browser.new_page(), server)  # not watched: its server will be gone
    start_better(left_open, epochs=20)  # the server needs some seconds to start again
    begun = re.compile(r"Reading comments:|Epoch \d+ of 20")
    expect(main(left_open)).to_contain_text(begun, timeout=WORK_MS)
    seen = progress(left_open)
    with reading(server.data_dir) as store:
        owner = only_job(store).owner
        worker = int(owner.split(":")[1])
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(timeout=10)
        assert server.workers == [worker]
        alone = only_job(store).pct
        until(lambda: only_job(store).pct > alone, 30, "the training goes on without the server")

        port = int(server.url.rsplit(":", 1)[1])
        restart = running(server.data_dir.parent, port=port, **SLOW)
        with restart as again, watched(browser, Watch()) as page:
            open_train(page, again)
            expect(main(page)).to_contain_text("Better training · run 1")
            expect(main(page).get_by_role("progressbar")).to_be_visible()
            assert progress(page) >= max(seen, alone)
            for back in (page, left_open):
                expect(main(back)).to_contain_text("Run 1: Better", timeout=WORK_MS)
            until(lambda: only_job(store).state == "done", 60, "its report is frozen")
            done = only_job(store)
            assert (done.state, done.attempt, done.owner) == ("done", 1, owner)
            assert modes(store.runs.list()) == [(BETTER, "done")]
            assert trainers(again) == [worker]
            left_open.close()
