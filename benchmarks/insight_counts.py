"""How well shares are counted without an audit, on real feedback whose true labels are known.

Run: python benchmarks/insight_counts.py [folder with banking77_*.csv and airline_tweets_60.csv]
Prints error and coverage of CC, PCC, EMQ and of the range, for a model that is good (Banking77,
15 categories) and one that is weak under a real change of mix (airline tweets in a winter storm).
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from core.insights.counts import adapted_counts, class_counts, probability_counts, shares
from core.insights.settings import InsightSettings

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
SETTINGS = InsightSettings()


@dataclass(frozen=True)
class Model:
    """A calibrated classifier on labelled rows, and the rest with truth and probabilities."""

    prior: np.ndarray  # (k,)
    balanced_accuracy: float
    truth: np.ndarray  # (n,) of the rest
    probabilities: np.ndarray  # (n, k)


@dataclass(frozen=True)
class Result:
    """Over batches: error of the shares (MAE), relative error (RAE), bias of the largest theme."""

    mae: dict[str, float]
    rae: dict[str, float]
    bias: dict[str, float]  # in percentage points
    coverage: float  # of the hull range
    method: str


def calibrate(raw: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """BCTS (Alexandari 2020) fitted on out-of-fold probabilities -> (1/T, b...)."""
    logs, rows = np.log(np.clip(raw, 1e-9, 1)), np.arange(len(truth))

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        scores = logs * x[0] + x[1:]
        gap = softmax(scores, axis=1)
        value = -log_softmax(scores, axis=1)[rows, truth].mean() + 0.01 * (x[1:] ** 2).mean()
        gap[rows, truth] -= 1
        slope = gap.mean(axis=0) + 0.02 * x[1:] / len(x[1:])
        return value, np.concatenate([[(gap * logs).sum() / len(rows)], slope])

    return minimize(loss, np.r_[1.0, np.zeros(raw.shape[1])], jac=True, method="L-BFGS-B").x


def fit(texts: np.ndarray, truth: np.ndarray, labelled: np.ndarray) -> Model:
    """Word 1-2-gram TF-IDF and logistic regression; 5-fold predictions for calibration."""
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        LogisticRegression(C=10, max_iter=300),
    )
    known = truth[labelled]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    held_out = cross_val_predict(model, texts[labelled], known, cv=folds, method="predict_proba")
    x = calibrate(held_out, known)
    adjusted = log_softmax(np.log(np.clip(held_out, 1e-9, 1)) * x[0] + x[1:], axis=1)
    rest = ~labelled
    raw = model.fit(texts[labelled], known).predict_proba(texts[rest])
    final = softmax(np.log(np.clip(raw, 1e-9, 1)) * x[0] + x[1:], axis=1)
    prior = np.bincount(known, minlength=raw.shape[1]) / len(known)
    return Model(prior, balanced_accuracy_score(known, adjusted.argmax(axis=1)), truth[rest], final)


def banking(folder: Path, labelled: int = 600, categories: int = 15) -> Model:
    frame = pd.concat([pd.read_csv(folder / f"banking77_{part}.csv") for part in ("train", "test")])
    rng = np.random.default_rng(0)
    names = rng.choice(np.unique(frame["category"].to_numpy(dtype=object)), categories, replace=False)
    frame = frame[frame["category"].isin(names)]
    truth = pd.factorize(frame["category"], sort=True)[0]
    mask = np.zeros(len(frame), dtype=bool)
    mask[rng.choice(len(frame), labelled, replace=False)] = True
    return fit(frame["text"].to_numpy(dtype=object), truth, mask)


def airline(folder: Path, seed: int, labelled: int = 1500) -> tuple[Model, np.ndarray]:
    """1,500 labelled tweets up to 19 February, and the day of each of the rest."""
    frame = pd.read_csv(folder / "airline_tweets_60.csv", usecols=["negativereason", "text", "tweet_created"])
    frame = frame.drop_duplicates("text")
    reason = frame["negativereason"].fillna("no complaint").replace("Damaged Luggage", "Lost Luggage")
    truth = pd.factorize(reason, sort=True)[0]
    day = frame["tweet_created"].str[:10].to_numpy(dtype=object)
    early = np.flatnonzero(day <= "2015-02-19")
    mask = np.zeros(len(frame), dtype=bool)
    mask[np.random.default_rng(seed).choice(early, labelled, replace=False)] = True
    return fit(frame["text"].to_numpy(dtype=object), truth, mask), day[~mask]


def banking_batches(
    model: Model, batches: int, size: int = 500, concentration: float = 1.0
) -> list[np.ndarray]:
    """Rows with replacement within the class; the mix of each batch is Dirichlet."""
    rng = np.random.default_rng(1)
    k = model.probabilities.shape[1]
    rows = [np.flatnonzero(model.truth == theme) for theme in range(k)]
    result = []
    for _ in range(batches):
        counts = rng.multinomial(size, rng.dirichlet(np.full(k, concentration)))
        result.append(np.concatenate([rng.choice(part, n) for part, n in zip(rows, counts, strict=True)]))
    return result


def relative_error(estimate: np.ndarray, truth: np.ndarray, size: int) -> float:
    """Mean |p - t| / t after smoothing both by eps = 1 / (2 size)."""
    eps, k = 1 / (2 * size), len(truth)
    p, t = (estimate + eps) / (1 + k * eps), (truth + eps) / (1 + k * eps)
    return float((np.abs(p - t) / t).mean())


def measure(cases: list[tuple[Model, np.ndarray]], settings: InsightSettings = SETTINGS) -> Result:
    """Each case is a model and the row positions of one batch."""
    errors: dict[str, list[tuple[float, float, float]]] = {}
    inside, method = [], ""
    for model, batch in cases:
        part, k = model.probabilities[batch], model.probabilities.shape[1]
        truth = np.bincount(model.truth[batch], minlength=k) / len(batch)
        ones = np.ones((len(batch), 1))
        counted = shares(part, np.full(len(batch), -1), model.prior, model.balanced_accuracy, settings)
        method = counted.method
        found = {
            "CC": class_counts(part, ones)[0],
            "PCC": probability_counts(part, ones)[0],
            "EMQ": adapted_counts(part, ones, model.prior, settings.em_steps, settings.em_tolerance)[0],
            "rule": np.array([estimate.mid for estimate in counted.estimates]),
        }
        inside += [e.low <= t <= e.high for e, t in zip(counted.estimates, truth, strict=True)]
        largest = truth.argmax()
        for name, mids in found.items():
            mae, bias = np.abs(mids - truth).mean(), 100 * (mids - truth)[largest]
            errors.setdefault(name, []).append((mae, relative_error(mids, truth, len(batch)), bias))
    means = {name: np.mean(rows, axis=0) for name, rows in errors.items()}
    mae, rae, bias = ({name: float(row[i]) for name, row in means.items()} for i in range(3))
    return Result(mae, rae, bias, float(np.mean(inside)), method)


def airline_cases(folder: Path, seeds: range) -> list[tuple[Model, np.ndarray]]:
    """Each day from 20 to 24 February is a batch."""
    cases = []
    for seed in seeds:
        model, day = airline(folder, seed)
        cases += [(model, np.flatnonzero(day == f"2015-02-{number}")) for number in range(20, 25)]
    return cases


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    good = banking(folder)
    wide = banking(folder, 2000, 77)
    runs = {
        "Banking77, 15 themes, uniform mix": [(good, batch) for batch in banking_batches(good, 40)],
        "Banking77, 15 themes, mild change": [
            (good, batch) for batch in banking_batches(good, 40, concentration=20)
        ],
        "Banking77, 77 themes": [(wide, batch) for batch in banking_batches(wide, 20, 1000)],
        "airline, storm days": airline_cases(folder, range(4)),
    }
    for name, cases in runs.items():
        result = measure(cases)
        accuracy = np.mean([model.balanced_accuracy for model, _ in cases])
        print(f"{name}: balanced accuracy {accuracy:.2f}, {result.method}, range holds {result.coverage:.2f}")
        for method in result.mae:
            print(f"  {method:5} MAE {result.mae[method]:.4f}  RAE {result.rae[method]:.2f}", end="")
            print(f"  bias of the largest {result.bias[method]:+.1f} points")


if __name__ == "__main__":
    main()
