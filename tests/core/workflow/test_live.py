import pytest

from core.workflow.live import Course, in_words
from core.workflow.task import Task


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def course(clock):
    """A course over stages of (kind, foreseen seconds), and what it said."""

    def make(*work, memory_mb=None):
        said = []
        task = Task(lambda pct, words: said.append((pct, words)), (1, "me", 1))
        return Course(task, work, 0.0, 100.0, memory_mb, clock), said

    return make


def report(course, clock, kind, seconds, until=1.0, since=0.0):
    """Twenty reports of a stage."""
    course.enter(kind)
    for place in range(21):
        course.at(since + (until - since) * place / 20, "Working")
        clock.seconds += seconds / 20
    clock.seconds -= seconds / 20


def test_nothing_is_said_before_a_pace_is_known(course, clock):
    made, said = course(("read", 10.0))
    made.enter("read")
    made.at(0.0, "Reading")
    made.at(0.1, "Reading")
    assert [words for _, words in said] == ["Reading", "Reading"] and made.left() is None


def test_few_reports_are_enough_when_they_took_long(course, clock):
    made, said = course(("read", 10.0))
    made.enter("read")
    made.at(0.0, "Reading")
    clock.seconds = 30.0
    made.at(0.25, "Reading")
    assert said[-1] == (25.0, "Reading, about 90 s left")


def test_what_waits_is_as_much_off_the_estimate_as_what_was_seen(course, clock):
    made, _ = course(("read", 10.0), ("quick", 5.0), ("predict", 1.0))
    report(made, clock, "read", seconds=10.0, until=0.5)  # twice as long as foreseen
    assert made.left() == pytest.approx(2 * (5.0 + 5.0 + 1.0))


def test_in_folds_the_time_left_is_that_of_all_folds(course, clock):
    fold = ("tfidf", 1.0), ("better", 10.0)
    made, said = course(*fold, *fold, *fold, ("better", 10.0), ("predict", 2.0))
    report(made, clock, "tfidf", seconds=1.0)
    report(made, clock, "better", seconds=15.0, until=0.5)  # three times as long as foreseen
    rest_of_fold, later_folds = 15.0, 2 * (1.0 + 30.0) + 30.0
    usual = (1.0 + 15.0) / (1.0 + 5.0)  # of what no fold has shown yet
    assert made.left() == pytest.approx(rest_of_fold + later_folds + 2.0 * usual)
    assert said[-1][1] == "Working, about 2 min left"


def test_a_fold_that_is_over_tells_of_the_next_ones_however_few_its_reports(course, clock):
    made, said = course(("bilstm", 10.0), ("bilstm", 10.0), ("bilstm", 10.0))
    made.enter("bilstm")
    made.at(0.0, "Training")
    clock.seconds = 2.0
    made.at(0.4, "Training")
    assert made.left() is None
    made.enter("bilstm")  # it stopped early
    made.at(0.0, "Training")
    assert made.left() == pytest.approx(4.0) and said[-1][1] == "Training, about 4 s left"


def test_what_a_resumed_training_had_done_before_is_not_taken_for_speed(course, clock):
    made, _ = course(("better", 10.0))
    report(made, clock, "better", seconds=1.0, since=0.8, until=0.9)
    assert made.left() == pytest.approx(1.0)


def test_the_bar_never_goes_back_and_stages_can_be_left_out(course, clock):
    made, said = course(("read", 40.0), ("quick", 40.0), ("predict", 20.0))
    made.enter("quick")  # all vectors were kept
    for share in (0.0, 0.5, 0.2):
        made.at(share, "Fitting")
    made.enter("predict")
    made.at(1.0, "Predicting")
    assert [pct for pct, _ in said] == pytest.approx([40.0, 60.0, 60.0, 100.0])


@pytest.mark.parametrize("stages", range(2, 40))
def test_the_last_stage_ends_where_the_bar_does(course, stages):
    made, _ = course(*(("fit", 0.1 * number) for number in range(1, stages)))
    assert made.stages[-1].end <= 100.0
    assert made.stages[-1].end == pytest.approx(100.0)


def test_the_memory_stands_beside_the_time(course, clock):
    made, said = course(("read", 10.0), memory_mb=lambda: 1234.0)
    made.enter("read")
    made.at(0.5, "Reading")
    assert said[-1][1] == "Reading, 1.2 GB of memory"
    made.as_task().progress(60, "Reading on")
    assert said[-1][0] == pytest.approx(60.0) and made.as_task().fence == (1, "me", 1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.2, ", about 1 s left"),
        (89.6, ", about 90 s left"),
        (150, ", about 2 min left"),
        (2 * 3600, ", about 2.0 h left"),
    ],
)
def test_time_left_in_words(seconds, words):
    assert in_words(seconds) == words
