"""The whole way on real feedback: `python benchmarks/whole_way.py [quick|better] [DATA_FOLDER]`.

Prints one line a file: model and baseline on the same held-out comments, CPU and wall seconds of the whole
command, warnings. DATA_FOLDER is ../shared/data beside the project unless named.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    "airline_tweets_60.csv": (
        "--text text --label airline_sentiment --date tweet_created --account name --segment airline"
    ),
    "banking77_train.csv": "--text text --label category",
    "waimai_10k.csv": "--text review --label label",
    "github_issues_nlbse24_train.csv": "--text body --label label --date created_at --segment repo",
    "app_reviews_arminer_facebook_tapfish.csv": "--text text --label label --segment app",
}


def run(path: Path, columns: str, mode: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "core", "run", str(path), *columns.split(), "--mode", mode]
        done = subprocess.run(
            [*command, "--out", f"{folder}/out"],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "ROADLENS_DATA_DIR": f"{folder}/data"},
        )
    if done.returncode:
        raise SystemExit(f"{path.name}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def main(mode: str, data: Path) -> None:
    print(
        f"{'file':42} {'rows':>6} {'accuracy':>9} {'macro F1':>9} {'TF-IDF F1':>10} "
        f"{'CPU s':>7} {'s':>6}  use"
    )
    for name, columns in FILES.items():
        found = run(data / name, columns, mode)
        print(
            f"{name:42} {found['rows_stored']:6} {found['model']['accuracy']:9.4f} "
            f"{found['model']['macro_f1']:9.4f} {found['baseline']['macro_f1']:10.4f} "
            f"{found['cpu_seconds']['total']:7.1f} {found['seconds']['total']:6.1f}  {found['recommended']}",
            flush=True,
        )
        for warning in found["warnings"]:
            if "hardly knows" in warning:
                print(f"    {warning}")


if __name__ == "__main__":
    mode = sys.argv[1] if len(sys.argv) > 1 else "quick"
    main(mode, Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / ".." / "shared" / "data")
