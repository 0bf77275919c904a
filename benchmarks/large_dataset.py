"""A large dataset on the screen: `python benchmarks/large_dataset.py [ROWS] [FILE.csv]`.

Imports ROWS comments (100,000 unless named), made distinct from the airline tweets of ../shared/data, one in
ten with a label, and trains Quick. Prints the seconds of each stage and of a second run of each page, and the
milliseconds of the words that mattered by length of the comment.
"""

import csv
import io
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TWEETS = ROOT / ".." / "shared" / "data" / "airline_tweets_60.csv"
PAGES = ("home", "feedback", "train", "explain", "insights", "report", "runs")
HEADER = ("text", "label", "date", "airline")


def make_file(rows: int, tweets: Path) -> bytes:
    with tweets.open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for number in range(rows):
        tweet = known[number % len(known)]
        label = tweet["airline_sentiment"] if number % 10 == 0 else ""
        words = f"{tweet['text']} {number // len(known)} {number % 977}"
        writer.writerow([words, label, tweet["tweet_created"], tweet["airline"]])
    return out.getvalue().encode()


def train(rows: int, tweets: Path, folder: str) -> int:
    """Returns the id of the run; prints the stages."""
    from core.domain import Columns, TrainingOptions
    from core.workflow.whole_way import walk

    columns = Columns(text="text", label="label", date="date", segments=("airline",))
    out = Path(folder) / "out"
    out.mkdir()
    found = walk(
        make_file(rows, tweets), "large.csv", columns, TrainingOptions(), out, lambda pct, what: None
    )
    print(f"{found['rows_stored']:,} rows")
    for stage, seconds in found["cpu_seconds"].items():
        print(f"  {stage:24} {seconds:8.2f} CPU s {found['seconds'].get(stage, 0):8.2f} s")
    return found["run"]


def time_pages() -> None:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(ROOT / "app.py", default_timeout=600).run()
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        cpu, wall = time.process_time(), time.perf_counter()
        app.run()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(f"  {page:10} rerun {cpu:6.3f} CPU s {wall:6.3f} s", flush=True)


def time_words(run: int) -> None:
    from core.config import load_settings
    from core.store.store import open_store
    from core.workflow.explanations import load_classifier, words_that_mattered

    settings = load_settings()
    classifier = load_classifier(open_store(settings.url, settings.data_dir), settings, run)
    for words in (13, 64, 128):
        tale = (f"flight {number} was late" for number in range(words))
        text = " ".join(" ".join(tale).split()[:words])
        start = time.perf_counter()
        words_that_mattered(classifier, text, classifier.labels[0])
        print(f"  {words:4} words {1000 * (time.perf_counter() - start):8.0f} ms")


def main(rows: int, tweets: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ROADLENS_DATA_DIR"] = f"{folder}/data"
        run = train(rows, tweets, folder)
        time_pages()
        time_words(run)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, Path(sys.argv[2]) if len(sys.argv) > 2 else TWEETS
    )
