"""Work on a file nobody has checked yet, in a child process with limits of memory and time.

`run` is the parent's side, `serve` the child's. Between them: the request on standard input, then JSON lines
on standard output, any number of {"pct", "message"} and at the end one {"result"} or {"error"}. The child
dies with the thread that waits for it, however that ends.
"""

import ctypes
import faulthandler
import json
import logging
import math
import os
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core import errors
from core.errors import AppError, BadFile, Cancelled, TooLarge
from core.jobs.job_log import frames
from core.jobs.launch import environment

NICENESS = 10
POLL_S = 0.1
LAST_CPU_S = 2  # from SIGXCPU to SIGKILL
LAST_WORDS_S = 2.0
LONGEST_LINE = 32 * 2**20
LOGGED_BYTES = 64 * 2**10
PR_SET_PDEATHSIG = 1
OUT_OF_MEMORY = b'{"error": {"kind": "MemoryError"}}\n'  # made before memory is short
ALMOST = 0.9  # of the memory it may take: an error there is most likely for want of it
MEMORY_WORDS = ("out of memory", "cannot allocate memory", "can't start new thread")
LOG = logging.getLogger(__name__)

# RLIMIT_DATA counts every private writable mapping, touched or not: spare arenas, pools and thread stacks
# would take 100 MB of it.
LEAN = {
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "ARROW_IO_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


class ChildFailed(Exception):
    """The child broke in a way nobody foresaw; what it said of it, types and frames, is in the log."""


@dataclass(frozen=True)
class Finished:
    result: dict
    cpu_s: float
    peak_bytes: int  # resident memory


# ---- the parent ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bounds:
    memory_bytes: int
    cpu_s: float
    wall_s: float | None

    def too_much_memory(self) -> TooLarge:
        return TooLarge(
            f"Reading this file takes more memory than the {self.memory_bytes / 2**20:,.0f} MB it may take. "
            "Split it into smaller files, or check that it is a table."
        )

    def too_much_time(self, seconds: float, what: str) -> TooLarge:
        return TooLarge(
            f"This file could not be read within the {seconds:,.0f} s{what} it may take. "
            "Split it into smaller files, or check that it is a table."
        )

    def stopped_by(self, number: int) -> BadFile:
        if number == signal.SIGXCPU:
            return self.too_much_time(self.cpu_s, " of processor time")
        if number == signal.SIGKILL:  # not by us: the system was out of memory
            return self.too_much_memory()
        return BadFile(
            f"Reading this file stopped the program that reads files ({signal.Signals(number).name}). "
            "Save it again as CSV in UTF-8 from the program it comes from, or split it to find the rows "
            "that do it."
        )


def run(
    command: Sequence[str],
    request: Mapping,
    on_line: Callable[[dict], None],
    memory_bytes: int,
    cpu_s: float,
    should_stop: Callable[[], bool] = lambda: False,
    wall_s: float | None = None,
    log: logging.Logger = LOG,
) -> Finished:
    """Start `command`, a Python process that calls `serve`, and wait for its result.

    memory_bytes bounds its private memory, libraries included; cpu_s its processor time from the moment it
    begins with the request. `on_line` gets each line of progress; whatever it raises ends the child.

    Raises the child's own AppError, TooLarge or BadFile when a limit or a signal stopped it, Cancelled
    within 0.1 s of should_stop, ChildFailed.
    """
    bounds = _Bounds(memory_bytes, cpu_s, wall_s)
    envelope = {"parent": os.getpid(), "memory_bytes": memory_bytes, "cpu_s": cpu_s, "request": request}
    child = _start(command, json.dumps(envelope).encode())
    heard = _Heard(on_line)
    try:
        _listen(child, heard, should_stop, bounds)
    finally:
        heard.complaint(_end(child))
        for line in heard.complaints.decode("utf-8", "replace").splitlines():
            log.warning("child: %s", line)
    return _conclude(heard.answer, child.returncode, bounds)


def _start(command: Sequence[str], request: bytes) -> subprocess.Popen:
    child = subprocess.Popen(  # noqa: S603 (the command is ours)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment(**LEAN),
    )
    nice = max(os.getpriority(os.PRIO_PROCESS, 0), NICENESS)
    os.setpriority(os.PRIO_PROCESS, child.pid, nice)

    def write() -> None:
        with suppress(BrokenPipeError), child.stdin:
            child.stdin.write(request)

    threading.Thread(target=write, name="request", daemon=True).start()  # it may exceed what a pipe holds
    return child


@dataclass
class _Heard:
    """What came from the child so far."""

    on_line: Callable[[dict], None]
    answer: dict | None = None
    complaints: bytes = b""
    _unfinished: bytearray = field(default_factory=bytearray)

    def output(self, data: bytes) -> None:
        for line in self._lines(data):
            try:
                said = json.loads(line)
            except ValueError as error:
                raise ChildFailed("a line that is no JSON") from error
            if not isinstance(said, dict) or not said.keys() & {"pct", "result", "error"}:
                raise ChildFailed("a line of an unknown kind")
            if "pct" not in said:
                self.answer = said
                return
            self.on_line(said)

    def _lines(self, data: bytes) -> Iterator[bytes]:
        *ended, rest = data.split(b"\n")
        for line in ended:
            whole = bytes(self._unfinished) + line
            self._unfinished.clear()
            yield whole
        self._unfinished += rest
        if len(self._unfinished) > LONGEST_LINE:
            raise ChildFailed("a line without an end")

    def complaint(self, data: bytes) -> None:
        self.complaints = (self.complaints + data)[:LOGGED_BYTES]


def _listen(child: subprocess.Popen, heard: _Heard, should_stop: Callable[[], bool], bounds: _Bounds) -> None:
    """Until the child has answered or is dead."""
    deadline = math.inf if bounds.wall_s is None else time.monotonic() + bounds.wall_s
    with selectors.DefaultSelector() as pipes:
        pipes.register(child.stderr, selectors.EVENT_READ, heard.complaint)  # first: it explains the other
        pipes.register(child.stdout, selectors.EVENT_READ, heard.output)
        while pipes.get_map() and heard.answer is None:
            if should_stop():
                raise Cancelled("This job was cancelled.")
            if time.monotonic() > deadline:
                raise bounds.too_much_time(bounds.wall_s, "")
            ready = pipes.select(POLL_S)
            for key, _ in ready:
                data = os.read(key.fd, 2**16)
                if data:
                    key.data(data)
                else:
                    pipes.unregister(key.fileobj)
            if not ready and child.poll() is not None:
                return
    if heard.answer is None:  # it is about to end: how?
        try:
            child.wait(LAST_WORDS_S)
        except subprocess.TimeoutExpired as error:
            raise ChildFailed("it closed its pipes and went on") from error


def _end(child: subprocess.Popen) -> bytes:
    """The last of its complaints. A child that has answered has nothing left to do but to tidy its memory."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    with child.stdout, child.stderr:
        os.set_blocking(child.stderr.fileno(), False)
        try:
            return os.read(child.stderr.fileno(), LOGGED_BYTES)
        except BlockingIOError:
            return b""


def _conclude(answer: dict | None, status: int, bounds: _Bounds) -> Finished:
    if answer is None:
        if status < 0:
            raise bounds.stopped_by(-status)
        raise ChildFailed(f"no answer, status {status}")
    if "error" in answer:
        raise _error(answer["error"], bounds)
    return Finished(answer["result"], answer.get("cpu_s", 0.0), answer.get("peak_bytes", 0))


def _error(told: Mapping, bounds: _Bounds) -> Exception:
    if told["kind"] == MemoryError.__name__:
        return bounds.too_much_memory()
    kind = getattr(errors, told["kind"], None)
    if not (isinstance(kind, type) and issubclass(kind, AppError)):
        return ChildFailed(told["kind"])
    return kind(told["sentence"])


# ---- the child ----------------------------------------------------------------------------


def serve(function: Callable[[dict, Callable[[float, str], None]], Mapping]) -> None:
    """Answer one request: `function(request, progress)` returns what is sent back, ready for JSON.

    Import what it needs before: processor time counts from here on.
    """
    # What libraries print may quote cells, so it goes nowhere; the two pipes are for us alone.
    answers, complaints = os.dup(1), os.fdopen(os.dup(2), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    faulthandler.enable(complaints)
    envelope = json.load(sys.stdin)
    _die_with_parent(envelope["parent"])
    _limit(envelope["memory_bytes"], envelope["cpu_s"])

    def progress(pct: float, message: str) -> None:
        _say(answers, {"pct": pct, "message": message})

    try:
        result = function(envelope["request"], progress)
        _say(answers, {"result": result, "cpu_s": time.process_time(), "peak_bytes": _peak_bytes()})
    except AppError as error:
        _say(answers, {"error": {"kind": type(error).__name__, "sentence": str(error)}})
    except Exception as error:
        if _is_memory(error):
            os.write(answers, OUT_OF_MEMORY)
            return
        print(frames(error), file=complaints, flush=True)
        _say(answers, {"error": {"kind": type(error).__name__}})


def _die_with_parent(parent: int) -> None:
    """Elsewhere than on Linux a child without parent ends at its next line of progress."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be asked for
        os._exit(1)


def _limit(memory_bytes: int, cpu_s: float) -> None:
    cpu = math.ceil(time.process_time() + cpu_s)
    for kind, soft, hard in (
        (resource.RLIMIT_DATA, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, cpu, cpu + LAST_CPU_S),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        highest = resource.getrlimit(kind)[1]
        allowed = [
            bound if highest == resource.RLIM_INFINITY else min(bound, highest) for bound in (soft, hard)
        ]
        resource.setrlimit(kind, tuple(allowed))


def _say(pipe: int, words: dict) -> None:
    with os.fdopen(os.dup(pipe), "wb") as file:
        file.write(json.dumps(words).encode() + b"\n")


def _is_memory(error: Exception) -> bool:
    """Parsers, databases, threads and system calls have words of their own for it, some libraries none."""
    said = isinstance(error, MemoryError) or any(words in str(error).lower() for words in MEMORY_WORDS)
    limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return said or _status("VmData", 0) > ALMOST * limit > 0


def _peak_bytes() -> int:
    """Resident memory at its highest; ru_maxrss may hold that of the parent it was forked from."""
    return _status("VmHWM", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _status(name: str, unknown: int) -> int:
    """Bytes, where the system tells."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return unknown
    return int(status.split(f"{name}:")[1].split()[0]) * 1024
