"""Quality on real feedback: `python benchmarks/quality.py [--mode quick] [--mode better] [--seeds 5]`.

For each task of ../shared/data: accuracy, macro F1 and log loss (mean negative log-likelihood of the truth,
calibrated) of the model on held-out comments, mean and range over the seeds (each seed draws other held-out
comments where the split is random, and other batches), beside TF-IDF with logistic regression on the same
comments and the figure published for the data. Runs through the workflow of the application into a data
folder of its own; vectors are read once. `--only NAME` for some.
"""

import argparse
import csv
import io
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".." / "shared" / "data"
sys.path.insert(0, str(ROOT))
from core.config import settle_libraries  # noqa: E402

settle_libraries()

REVIEWS = "app_reviews_arminer_facebook_tapfish.csv"


@dataclass(frozen=True)
class Work:
    name: str
    file: str
    text: str
    label: str
    published: str
    split: str = "stratified"
    date: str | None = None
    test: str = ""
    keep: tuple[tuple[str, str], ...] = ()  # columns and values of the rows that are used
    test_keep: tuple[tuple[str, str], ...] = ()
    more: tuple[str, ...] = ()  # further text columns
    f1_of: str = ""  # a label whose F1 is shown as well


WORKS = (
    Work("Banking77, its own test file", "banking77_train.csv", "text", "category",
         "BERT-base 0.931 / 0.931", test="banking77_test.csv"),
    Work("Airline sentiment, random", "airline_tweets_60.csv", "text", "airline_sentiment",
         "BERT-base 0.820 / 0.76", date="tweet_created"),
    Work("Airline sentiment, by time", "airline_tweets_60.csv", "text", "airline_sentiment",
         "-", "time", "tweet_created"),
    Work("Negative reason, random", "airline_tweets_60.csv", "text", "negativereason",
         "-", date="tweet_created"),
    Work("Negative reason, by time", "airline_tweets_60.csv", "text", "negativereason",
         "-", "time", "tweet_created"),
    Work("GitHub issues", "github_issues_nlbse24_train.csv", "title", "label",
         "SetFit 0.827 F1 (other test half, a model a repository)", more=("body",)),
    Work("App reviews, Facebook", REVIEWS, "text", "label",
         "TF-IDF SVM, its own test rows: F1 of info 0.873", test=REVIEWS, f1_of="info",
         keep=(("app", "facebook"), ("split", "trainL")), test_keep=(("app", "facebook"), ("split", "test"))),
    Work("App reviews, TapFish", REVIEWS, "text", "label",
         "TF-IDF SVM, its own test rows: F1 of info 0.773", test=REVIEWS, f1_of="info",
         keep=(("app", "tapfish"), ("split", "trainL")), test_keep=(("app", "tapfish"), ("split", "test"))),
)  # fmt: skip


def main(modes: Sequence[str], first: int, seeds: int, only: str, more: dict) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ROADLENS_DATA_DIR"] = folder
        from core.config import load_settings
        from core.store.store import open_store

        settings = load_settings()
        store = open_store(settings.url, settings.data_dir)
        print(
            "accuracy / macro F1 [/ F1 of a label] / log loss on held-out comments: mean (lowest to highest)"
        )
        for work in WORKS:
            if only.lower() in work.name.lower():
                one(store, settings, work, modes, first, seeds, more)


def one(store, settings, work: Work, modes: Sequence[str], first: int, seeds: int, more: dict) -> None:
    from core.domain import Columns, TrainingOptions
    from core.workflow import feedback
    from core.workflow.task import Task
    from core.workflow.train_here import train_here

    columns = Columns(work.text, label=work.label, date=work.date, more_text=work.more)
    done = feedback.import_bytes(
        store, settings, rows_of(work.file, work.keep), work.file, columns, work.name
    )
    label_set = store.labels.sets(done.dataset_id)[0]
    test = 0
    if work.test:
        data = rows_of(work.test, work.test_keep)
        test = feedback.import_bytes(
            store, settings, data, work.test, columns, f"{work.name}: test"
        ).dataset_id
    print(f"\n{work.name} (published: {work.published})", flush=True)
    for mode in modes:
        found, beside, cpu = [], [], []
        for seed in range(first, first + seeds):
            options = TrainingOptions(
                mode=mode, seed=seed, split=work.split, split_seed=seed, test_dataset=test, **more
            )
            begun = time.process_time()
            run = train_here(store, settings, done.dataset_id, label_set.id, options, Task())
            cpu.append(time.process_time() - begun)
            found.append((*figures(run.model, work.f1_of), log_loss(store, run)))
            beside.append(figures(run.baseline, work.f1_of))
            said = " / ".join(f"{value:.4f}" for value in found[-1])
            print(f"  {mode}, seed {seed}: {said}, {cpu[-1]:.0f} CPU s", file=sys.stderr, flush=True)
        print(
            f"  {mode:8}{spread(found)}   n {run.model.n:,}   CPU s {min(cpu):.0f} to {max(cpu):.0f}",
            flush=True,
        )
        print(f"  {run.baseline.name:8}{spread(beside)}", flush=True)


def rows_of(name: str, keep: Sequence[tuple[str, str]]) -> bytes:
    data = (DATA / name).read_bytes()
    if not keep:
        return data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(row for row in rows if all(row[column] == value for column, value in keep))
    return out.getvalue().encode()


def figures(scores, f1_of: str) -> tuple[float, ...]:
    more = [score.f1 for score in scores.per_label if score.label == f1_of]
    return (scores.accuracy, scores.macro_f1, *more)


def log_loss(store, run) -> float:
    from core.training.quick import surprise
    from core.workflow.judging import held_out

    rows = held_out(store, run)
    return surprise(rows.probabilities, rows.truth, rows.multi)


def spread(rows: Sequence[tuple[float, ...]]) -> str:
    parts = []
    for values in zip(*rows, strict=True):
        parts.append(f"{sum(values) / len(values):.4f} ({min(values):.4f} to {max(values):.4f})")
    return " / ".join(parts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", action="append", choices=("quick", "better", "tfidf", "bilstm"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--token-masking", type=float, help="share that a step does not see")
    chosen = parser.parse_args()
    given = {"epochs": chosen.epochs, "token_masking": chosen.token_masking}
    more = {name: value for name, value in given.items() if value is not None}
    main(chosen.mode or ["quick"], chosen.first, chosen.seeds, chosen.only, more)
