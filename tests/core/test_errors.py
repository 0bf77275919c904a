import errno
import sqlite3

import pytest
from safetensors import SafetensorError

from core.errors import AppError, DiskFull, ModelError, ran_full
from core.store.database import make_engine, transaction


def raised(function, *arguments):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (of many kinds)
        function(*arguments)
    return caught.value


def write(path, content):
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


def wrapped(error):
    try:
        raise error
    except Exception as cause:
        raise ModelError("The model could not be saved.") from cause


def test_a_full_disk_is_known():
    """/dev/full is a disk without room."""
    assert ran_full(raised(write, "/dev/full", "words"))


def test_a_full_disk_is_known_where_a_library_raises_a_kind_of_its_own():
    words = "Error while serializing: I/O error: No space left on device (os error 28)"
    assert ran_full(SafetensorError(words))


def test_a_full_disk_is_known_behind_another_error():
    assert ran_full(raised(wrapped, OSError(errno.EDQUOT, "")))
    assert ran_full(DiskFull("The disk is full."))


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOENT, "no such file"), AppError("No space left on device"), ValueError()]
)
def test_other_errors_are_not_taken_for_it(error):
    assert not ran_full(error)
    assert not ran_full(raised(wrapped, error))


def test_a_database_that_can_not_grow_says_that_the_disk_is_full(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'small.db'}")
    with pytest.raises(DiskFull, match="disk is full"), transaction(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE words (word TEXT)")
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        connection.exec_driver_sql("INSERT INTO words VALUES (?)", ("word" * 100_000,))
    engine.dispose()
    with sqlite3.connect(tmp_path / "small.db") as plain:
        assert plain.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
