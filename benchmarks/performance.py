"""All tables of speed and quality, one after the other: `python benchmarks/performance.py [--setfit PYTHON]`.

Training beside Hugging Face Trainer, prediction beside the transformers pipeline and sentence-transformers,
few labels beside a contrastive stage (and SetFit, with an interpreter that has it), accuracy beside
scikit-learn's TF-IDF with logistic regression, exported forms, and where torch sees a GPU the table of the
GPU. About an hour and a half of processor time; `--all-better` adds Better with five seeds on every task,
two hours more.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent


def main(setfit: str, all_better: bool) -> int:
    more = ["--setfit", setfit] if setfit else []
    tables = (
        ("engine_training.py", "--rows", "1500", "--rounds", "2"),
        ("engine_training.py", "--few", *more),
        ("engine_prediction.py",),
        ("engine_prediction.py", "--growth", "10000", "100000"),
        ("quality.py", "--mode", "quick"),
        ("quality.py", "--mode", "better", *(() if all_better else ("--only", "Banking77"))),
        ("export_speed.py",),
        *([("engine_gpu.py",)] if torch.cuda.is_available() else []),
    )
    failed = 0
    for name, *arguments in tables:
        print(f"\n== {name} {' '.join(arguments)}", flush=True)
        done = subprocess.run([sys.executable, str(HERE / name), *arguments], check=False)
        failed += done.returncode != 0
    return min(failed, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setfit", default="", metavar="PYTHON", help="an interpreter that has setfit")
    parser.add_argument(
        "--all-better", action="store_true", help="Better on every task, not on Banking77 alone"
    )
    given = parser.parse_args()
    sys.exit(main(given.setfit, given.all_better))
