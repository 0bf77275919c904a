import logging
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from core.errors import BadFile, Cancelled, CannotTrain, NotText, TooLarge
from core.jobs import limited

FORK = multiprocessing.get_context("fork")
CHILD = [sys.executable, str(Path(__file__).parent / "child_script.py")]
SECRET = "the private words of a customer"
MB = 2**20


def run(do, on_line=lambda line: None, command=CHILD, **more):
    bounds = {"memory_bytes": 100 * MB, "cpu_s": 5.0}
    bounds |= {
        name: more.pop(name) for name in ("memory_bytes", "cpu_s", "wall_s", "should_stop") if name in more
    }
    return limited.run(command, {"do": do, **more}, on_line, **bounds)


def gone(pid):
    """No process, or one that is dead and waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_the_result_comes_back_with_progress_before_it():
    lines = []
    words = ["ä", "\ud800", "\x00", 'a "quoted"\nline', "x" * 200_000]  # more than a pipe holds
    done = run("echo", lines.append, words=words, steps=3)
    assert done.result == {"seen": words}
    assert lines == [{"pct": step, "message": f"step {step}"} for step in range(3)]
    assert 0 < done.cpu_s < 5
    assert 5 * MB < done.peak_bytes < 100 * MB


def test_the_child_is_nice_and_has_a_session_of_its_own():
    assert run("surroundings").result == {"nice": 10, "session": True, "arenas": "2"}


def test_the_peak_is_the_childs_own():
    """What the operating system counts for it may include the parent it was forked from."""
    held = bytearray(os.urandom(16) * (200 * MB // 16))
    assert run("echo", words="").peak_bytes < 100 * MB
    assert len(held) == 200 * MB


def test_a_child_out_of_memory_is_a_file_too_large():
    assert run("allocate", blocks=40).result == {"blocks": 40}
    with pytest.raises(TooLarge, match=r"more memory than the 100 MB.*Split it"):
        run("allocate", blocks=400)


@pytest.mark.parametrize("do", ["parse", "threads", "misnamed"])
def test_others_who_run_out_of_memory_say_it_in_their_own_words(do):
    with pytest.raises(TooLarge, match="memory"):
        run(do, memory_bytes=200 * MB)


def test_a_spinning_child_is_ended_by_its_processor_time():
    begun = time.monotonic()
    with pytest.raises(TooLarge, match="within the 1 s of processor time"):
        run("spin", cpu_s=1)
    assert time.monotonic() - begun < 8


def test_a_sleeping_child_is_ended_by_the_clock(wait_for):
    pids = []
    with pytest.raises(TooLarge, match=r"within the 1 s it may take"):
        run("sleep", lambda line: pids.append(int(line["message"])), wall_s=1)
    assert gone(pids[0])


def test_stop_ends_the_whole_group_at_once(wait_for):
    said, asked = [], []

    def should_stop():
        if said and not asked:
            asked.append(time.monotonic())
        return bool(asked)

    with pytest.raises(Cancelled):
        run("family", lambda line: said.append(line["message"]), should_stop=should_stop)
    assert time.monotonic() - asked[0] < 1
    child, grandchild = said[0].split()
    assert gone(child)
    wait_for(lambda: gone(grandchild), seconds=2)


def test_what_the_listener_raises_ends_the_child():
    pids = []

    def listen(line):
        pids.append(int(line["message"]))
        raise CannotTrain("enough")

    with pytest.raises(CannotTrain, match="enough"):
        run("sleep", listen)
    assert gone(pids[0])


@pytest.mark.parametrize(("kind", "error"), [("NotText", NotText), ("CannotTrain", CannotTrain)])
def test_a_sentence_of_the_child_is_raised_as_what_it_is(kind, error):
    with pytest.raises(error) as raised:
        run("refuse", kind=kind, sentence="This is a picture.")
    assert type(raised.value) is error
    assert str(raised.value) == "This is a picture."


def test_a_crash_is_a_sentence_and_its_place_is_logged(caplog):
    with pytest.raises(BadFile, match=r"SIGSEGV.*Save it again"):
        run("segfault")
    assert "child_script.py" in caplog.text
    assert "segfault" in caplog.text


def test_an_unforeseen_error_leaves_its_type_and_frames_only(caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(limited.ChildFailed, match="^ValueError$"):
        run("break_down")
    run("echo", words="")
    assert "builtins.ValueError" in caplog.text
    assert "break_down" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("status", [0, 7])
def test_a_child_that_leaves_without_a_word(status):
    with pytest.raises(limited.ChildFailed, match=f"no answer, status {status}"):
        run("leave", status=status)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("garbage", "no JSON"),
        ("list", "unknown kind"),
        ("endless", "without an end"),
        ("mute", "went on"),
        ("broken", "status 1"),
    ],
)
def test_a_child_that_does_not_keep_to_the_form_is_ended(how, why):
    with pytest.raises(limited.ChildFailed, match=why):
        run("echo", command=[*CHILD, how])


def test_killed_from_outside_reads_as_short_of_memory():
    with pytest.raises(TooLarge, match="memory"):
        run("sleep", lambda line: os.kill(int(line["message"]), signal.SIGKILL))


def begin(pids):
    run("sleep", lambda line: pids.put(int(line["message"])))


def test_a_killed_parent_leaves_no_child(wait_for):
    pids = FORK.Queue()
    parent = FORK.Process(target=begin, args=(pids,))
    parent.start()
    child = pids.get(timeout=20)
    assert not gone(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.join()
    assert wait_for(lambda: gone(child), seconds=2) < 2


def test_a_child_whose_parent_died_before_it_could_ask_does_not_begin(monkeypatch):
    """It is told another process than the one that started it."""
    monkeypatch.setattr(limited.os, "getpid", lambda: 1)
    with pytest.raises(limited.ChildFailed, match="status 1"):
        run("echo", words="")


def test_a_bomb_in_the_child_is_not_felt_in_the_parent():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before, files = resident(), len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(TooLarge):
            run("allocate", blocks=400, memory_bytes=200 * MB)
    assert resident() - before < 5 * MB
    assert len(os.listdir("/proc/self/fd")) == files
