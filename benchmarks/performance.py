"""All tables of speed and quality, one after the other: `python benchmarks/performance.py [--setfit PYTHON]`.

Training beside Hugging Face Trainer, prediction beside the transformers pipeline and sentence-transformers,
few labels beside a contrastive stage (and SetFit, with an interpreter that has it), accuracy beside
scikit-learn's TF-IDF with logistic regression, exported forms. About an hour and a half of processor time.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(setfit: str) -> int:
    more = ["--setfit", setfit] if setfit else []
    tables = (
        ("engine_training.py", "--rows", "1500", "--rounds", "1"),
        ("engine_training.py", "--few", *more),
        ("engine_prediction.py",),
        ("quality.py", "--mode", "quick"),
        ("quality.py", "--mode", "better", "--only", "Banking77"),
        ("export_speed.py",),
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
    sys.exit(main(parser.parse_args().setfit))
