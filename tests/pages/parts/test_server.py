import asyncio
import logging

import pytest

from core.errors import NotFound
from pages.parts import server


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("unix:///run/roadlens.sock", True),
        (None, False),
        ("", False),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.7", False),
        ("roadlens.example", False),
        ("localhost.example", False),
    ],
)
def test_only_this_machine_is_local(address, local):
    assert server.is_local(address) is local


# ---- upload quota -------------------------------------------------------------------------

MB = 2**20


def put(quota, size: int | None, session: str = "one") -> int:
    """The status that a PUT of that size gets; the app behind answers 204."""
    statuses = []
    headers = [] if size is None else [(b"content-length", str(size).encode())]
    scope = {"type": "http", "method": "PUT", "path": f"/_stcore/upload_file/{session}/f", "headers": headers}

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    asyncio.run(quota(scope, None, send))
    return statuses[0]


async def accept(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})


@pytest.fixture
def held(monkeypatch):
    """Largest file 10 MB: 20 MB for a session, 60 MB for all."""
    held = {}
    monkeypatch.setattr(server, "held_bytes", lambda: held)
    monkeypatch.setattr(server.st, "get_option", {"server.maxUploadSize": 10}.get)
    return held


def test_a_session_may_hold_two_of_the_largest_files(held):
    quota = server.UploadQuota(accept)
    held["one"] = 11 * MB
    assert put(quota, 9 * MB) == 204
    assert put(quota, 9 * MB + 1) == 429
    assert put(quota, 9 * MB + 1, session="two") == 204


def test_all_sessions_together_are_capped(held):
    quota = server.UploadQuota(accept)
    held |= {str(number): 9 * MB for number in range(6)}
    assert put(quota, 6 * MB, session="new") == 204
    assert put(quota, 6 * MB + 1, session="new") == 429


@pytest.mark.parametrize("size", [None, 10_000 * MB])
def test_an_unbelievable_length_counts_as_the_largest_file(held, size):
    held["one"] = 10 * MB + 1
    assert put(server.UploadQuota(accept), size) == 429
    held["one"] = 10 * MB
    assert put(server.UploadQuota(accept), size) == 204


def test_files_on_their_way_count(held):
    quota = server.UploadQuota(accept)
    quota.arriving["one"] = 11 * MB
    assert put(quota, 9 * MB) == 204
    assert put(quota, 9 * MB + 1) == 429
    assert quota.arriving == {"one": 11 * MB}


def test_a_broken_upload_is_forgotten(held):
    async def broken(scope, receive, send):
        assert quota.arriving == {"one": MB}
        raise ConnectionError

    quota = server.UploadQuota(broken)
    with pytest.raises(ConnectionError):
        put(quota, MB)
    assert quota.arriving == {}


# ---- log ----------------------------------------------------------------------------------


def failure() -> Exception:
    try:
        try:
            raise KeyError("SECRET cause")
        except KeyError as error:
            raise ValueError("SECRET cell\nsecond line") from error
    except ValueError as error:
        return error


def logged(error: Exception) -> str:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "Uncaught", (), (type(error), error, None))
    assert server.NoMessages().filter(record)
    return logging.Formatter().format(record)


def test_the_log_gets_type_frames_and_the_reference_of_the_screen():
    error = failure()
    line = logged(error)
    assert line.startswith(f"Failed (reference {server.reference(error)}): ValueError at tests/pages/parts/")
    assert "test_server.py" in line
    assert " failure; caused by KeyError at " in line
    assert "SECRET" not in line
    assert "\n" not in line


def test_a_reference_belongs_to_one_failure():
    one, other = failure(), failure()
    assert server.reference(one) == server.reference(one) != server.reference(other)
    assert len(server.reference(one)) == 6


def test_an_app_error_is_no_failure():
    assert logged(NotFound("SECRET")).startswith("Told the person (reference ")


def test_other_records_stay_as_they_are():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "Started on %s", ("8501",), None)
    assert server.NoMessages().filter(record)
    assert record.getMessage() == "Started on 8501"


def test_a_failure_of_the_server_itself_has_the_headers_too():
    answer = server.server_error(None, failure())
    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in server.HEADERS} == server.HEADERS
    assert b"SECRET" not in answer.body
