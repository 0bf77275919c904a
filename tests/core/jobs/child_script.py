"""A child for the tests of core.jobs.limited; run as `python child_script.py`, or with the name of a way in
which it does not even begin to serve."""

import ctypes
import os
import sys
import time

from core.errors import CannotTrain, NotText
from core.jobs.limited import serve

SECRET = "the private words of a customer"
BLOCK = 2**20


def echo(request, progress):
    for step in range(request.get("steps", 0)):
        progress(step, f"step {step}")
    print(SECRET)  # a library that prints
    print(SECRET, file=sys.stderr)
    return {"seen": request["words"]}


def allocate(request, progress):
    held = []
    while len(held) < request["blocks"]:
        held.append(bytearray(os.urandom(16) * (BLOCK // 16)))
    return {"blocks": len(held)}


def parse(request, progress):
    import io

    import pandas as pd

    pd.read_csv(io.BytesIO(b"," * (2 * BLOCK) + b"\n"), dtype=str)


def threads(request, progress):
    import threading

    for _ in range(100):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def misnamed(request, progress):
    held = []
    try:
        while True:
            held.append(bytearray(BLOCK))
    except MemoryError:
        held.pop()
        raise KeyError("wrapping failed") from None


def spin(request, progress):
    progress(1, "spinning")
    while True:
        pass


def sleep(request, progress):
    progress(1, str(os.getpid()))
    time.sleep(60)


def family(request, progress):
    """A child of the child in the same group."""
    pid = os.fork()
    if not pid:
        time.sleep(60)
    progress(1, f"{os.getpid()} {pid}")
    time.sleep(60)


def segfault(request, progress):
    ctypes.string_at(0)


def refuse(request, progress):
    raise {"NotText": NotText, "CannotTrain": CannotTrain}[request["kind"]](request["sentence"])


def break_down(request, progress):
    raise ValueError(SECRET)


def leave(request, progress):
    os._exit(request["status"])


def surroundings(request, progress):
    return {
        "nice": os.nice(0),
        "session": os.getsid(0) == os.getpid(),
        "arenas": os.environ["MALLOC_ARENA_MAX"],
    }


def answer(request, progress):
    return globals()[request["do"]](request, progress)


def misbehave(how):
    if how == "garbage":
        os.write(1, b"\x00\xffthis is no JSON\n")
    elif how == "list":
        os.write(1, b"[1]\n")
    elif how == "endless":
        while True:
            os.write(1, b"x" * BLOCK)
    elif how == "mute":
        os.close(1)
        os.close(2)
    elif how == "broken":
        raise ImportError("no module")
    time.sleep(60)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        misbehave(sys.argv[1])
    serve(answer)
