from core.jobs.job_log import frames, open_log


def test_one_record_is_one_line(tmp_path):
    path = tmp_path / "7.log"
    for attempt in (1, 2):
        with open_log(path) as log:
            log.info("attempt %d\nforged line\r", attempt)
    lines = path.read_text().splitlines()
    assert [line.split(" INFO ")[1] for line in lines] == ["attempt 1 forged line ", "attempt 2 forged line "]


def test_errors_are_logged_without_their_words(tmp_path):
    path = tmp_path / "7.log"
    with open_log(path) as log:
        try:
            int("a private cell")
        except ValueError:
            log.exception("reference %s", "AB12CD")
    text = path.read_text()
    assert "reference AB12CD" in text
    assert "builtins.ValueError" in text
    assert "test_errors_are_logged_without_their_words" in text
    assert "private" not in text


def test_causes_are_named_once_even_in_a_ring():
    first, second = ValueError("x"), KeyError("y")
    first.__cause__, second.__cause__ = second, first
    assert frames(first).split() == ["builtins.ValueError", "builtins.KeyError"]
