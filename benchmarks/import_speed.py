"""Import of large files: `python benchmarks/import_speed.py [ROWS ...]` (10,000, 100,000 and 1,000,000).

Makes files whose texts are all different, put together from the real comments in ../shared/data (from the
sample when that is not there), and imports each as the Feedback page does into a data folder of its own.
Prints wall and CPU seconds from the bytes to the committed rows with their health card, memory, size of the
database and the growth of the time per row.
"""

import csv
import math
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".." / "shared" / "data"
SOURCES = {  # file -> its text column
    DATA / "airline_tweets_60.csv": "text",
    DATA / "app_reviews_youtube_ios.csv": "review text",
    DATA / "banking77_train.csv": "text",
}
SAMPLE = {ROOT / "assets" / "sample" / "feedback.csv": "comment"}
HEADER = ("id", "date", "rating", "author", "account", "channel", "plan", "label", "text")
SIZES = (10_000, 100_000, 1_000_000)
COLUMNS = {  # heading -> figure and how it is written
    "     rows": ("rows", ","),
    "   stored": ("stored", ","),
    "file MB": ("file", ".1f"),
    "look s": ("look_wall", ".2f"),
    "import s": ("wall", ".2f"),
    "look CPU s": ("look_cpu", ".2f"),
    "import CPU s": ("import_cpu", ".2f"),
    "all CPU s": ("cpu", ".2f"),
    "us a row": ("us", ".1f"),
    "child MiB": ("child", ".0f"),
    "allowed": ("allowed", ".0f"),
    "parent +MiB": ("parent", ".1f"),
    "database MiB": ("database", ".1f"),
}
PIECE = 15  # characters of a piece at least: two of them make rows of about 104 bytes
GOLDEN = 0.6180339887  # steps of this part of all pairs spread over them evenly
MB = 2**20


# ---- the files ----------------------------------------------------------------------------


def pieces() -> list[str]:
    """Runs of words of real comments, each once, in an order that is always the same."""
    there = {path: column for path, column in SOURCES.items() if path.exists()} or SAMPLE
    found: dict[str, None] = {}
    for path, column in there.items():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found |= dict.fromkeys(_cut(row[column] or ""))
    chosen = list(found)
    random.Random(0).shuffle(chosen)
    return chosen


def _cut(text: str) -> Iterator[str]:
    words: list[str] = []
    for word in re.split(r"\s+", text):
        words.append(word)
        if sum(map(len, words)) + len(words) > PIECE:
            piece = " ".join(words).strip()
            if len(piece) < 2 * PIECE:
                yield piece
            words = []


def rows(count: int) -> Iterator[tuple]:
    """The first rows of a larger file are the smaller file; one text in 50 holds personal data."""
    known = pieces()
    pairs = len(known) ** 2
    stride = next(step for step in range(int(pairs * GOLDEN), pairs) if math.gcd(step, pairs) == 1)
    if count > pairs:
        sys.exit(f"Only {pairs:,} different texts can be made of {len(known):,} pieces.")
    chance = random.Random(1)
    for number in range(count):
        first, second = divmod(number * stride % pairs, len(known))
        text = f"{known[first]} {known[second]}{_personal(number)}"
        account = chance.randrange(3000)
        yield (
            f"T-{number:07}",
            f"2025-{1 + number % 12:02}-{1 + number // 12 % 28:02} {number % 24:02}:{number % 60:02}",
            chance.randrange(1, 6),
            f"user{chance.randrange(300_000)}",
            f"acc-{account:04}",
            ("email", "survey", "chat", "store")[number % 4],
            ("Free", "Team", "Pro")[account % 3],
            ("bug", "billing", "", "speed", "", "login")[chance.randrange(6)],
            text,
        )


def _personal(number: int) -> str:
    if number % 100 == 7:
        return f" write to anna{number}@example.org"
    return f" call +1 415 555 {number % 10_000:04}" if number % 100 == 57 else ""


def make_file(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(count))


# ---- the import ---------------------------------------------------------------------------


def measure(path: Path, folder: Path) -> dict[str, float]:
    """Look, import and commit; figures of both children and of this process."""
    os.environ["ROADLENS_DATA_DIR"] = str(folder)
    from core.config import load_settings
    from core.store.store import open_store
    from core.workflow import importing
    from core.workflow.import_file import STORED, Order
    from core.workflow.uploads import keep_upload

    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    begun, cpu = time.perf_counter(), _cpu()
    upload = keep_upload(settings, path.read_bytes())
    held = _resident(reset=True)
    with watched_children() as children:
        found = importing.look(store, settings, upload, {})
        if found.questions:
            sys.exit(f"There is a question: {found.questions[0].words}")
        looked = time.perf_counter()
        order = Order(path.name, upload, found.columns, found.answers, name="Benchmark")
        done = importing.import_in_child(settings, upload, asdict(order))
    ended = time.perf_counter()
    assert done.status == STORED, done.status
    assert done.rows_stored + sum(item.rows for item in done.rejections) == done.rows_in
    cpu = _cpu() - cpu
    return {
        "rows": done.rows_in,
        "stored": done.rows_stored,
        "file": path.stat().st_size / 1e6,
        "look_wall": looked - begun,
        "wall": ended - looked,
        "look_cpu": children[0].cpu_s,
        "import_cpu": children[-1].cpu_s,
        "cpu": cpu,
        "us": 1e6 * cpu / done.rows_in,
        "child": max(child.peak_bytes for child in children) / MB,
        "allowed": 300 + 3 * path.stat().st_size / MB,
        "parent": (_resident(peak=True) - held) / MB,
        "database": sum(file.stat().st_size for file in folder.glob("roadlens.db*")) / MB,
    }


@contextmanager
def watched_children() -> Iterator[list]:
    """The figures of every child that has finished, beside what the workflow does with it."""
    from core.jobs import limited

    finished, run = [], limited.run

    def watched(*given: object, **more: object) -> object:
        finished.append(run(*given, **more))
        return finished[-1]

    limited.run = watched
    try:
        yield finished
    finally:
        limited.run = run


def _cpu() -> float:
    """Of this process and of its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _resident(reset: bool = False, peak: bool = False) -> int:
    if reset:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:" if peak else "VmRSS:")[1].split()[0]) * 1024


def main(sizes: list[int]) -> None:
    print(*COLUMNS)
    first = 0.0
    curve = []
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "comments.csv"
            make_file(path, count)
            found = measure(path, Path(folder) / "data")
        each = found["us"]
        first = first or each
        curve.append(f"{count:,}: {each / first:.2f}")
        shown = [f"{found[key]:{form}}" for key, form in COLUMNS.values()]
        print(" ".join(f"{cell:>{len(name)}}" for cell, name in zip(shown, COLUMNS, strict=True)), flush=True)
    print("CPU time per row, as a multiple of the first size: " + ", ".join(curve))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
