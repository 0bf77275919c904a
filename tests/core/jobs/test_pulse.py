import logging
import time
from datetime import UTC, datetime

import pytest

from core.domain import Job
from core.errors import Cancelled, LeaseLost, Paused, StoreError
from core.jobs.pulse import BEAT_S, Pulse
from core.store.jobs import Told

JOB = Job(7, "k", {}, "running", "me", 2, 0.0, "", "", False, datetime.now(UTC), None, None)


class Beats:
    """A queue that answers each beat with the next of `answers`, then with nothing asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.seen = []

    def beat(self, *given):
        self.seen.append(given)
        answer = self.answers.pop(0) if self.answers else Told(False, False)
        if isinstance(answer, Exception):
            raise answer
        return answer


def pulse(jobs):
    return Pulse(jobs, JOB, logging.Logger("quiet"))


def test_at_most_two_writes_a_second_and_the_last_one_always():
    jobs = Beats()
    with pulse(jobs) as beating:
        end = time.monotonic() + 2.2 * BEAT_S
        step = 0
        while time.monotonic() < end:
            step += 1
            beating.progress(step / 1e6, f"step {step}")
    assert 1 <= len(jobs.seen) <= 2
    beating.write_last()
    assert jobs.seen[-1] == (7, "me", 2, step / 1e6, f"step {step}")
    written = len(jobs.seen)
    beating.write_last()
    assert len(jobs.seen) == written


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Told(True, False), Cancelled), (Told(False, True), Paused), (LeaseLost("gone"), LeaseLost)],
)
def test_progress_raises_once_a_beat_brought_bad_news(answer, error, wait_for):
    with pulse(Beats(answer)) as beating:
        beating.progress(1, "")
        assert not beating.should_stop()
        wait_for(beating.should_stop, seconds=5)
        with pytest.raises(error):
            beating.progress(2, "")


def test_a_busy_database_costs_one_beat(wait_for):
    jobs = Beats(StoreError("busy"))
    with pulse(jobs) as beating:
        wait_for(lambda: len(jobs.seen) == 2, seconds=5)
        beating.progress(1, "")
    assert len(jobs.seen) >= 2, "the beat after the busy one came"


def test_progress_stays_between_0_and_100():
    jobs = Beats()
    beating = pulse(jobs)
    for given, written in ((140, 100), (-3, 0.0)):
        beating.progress(given, str(given))
        beating.write_last()
        assert jobs.seen[-1][3] == written
