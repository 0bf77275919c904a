"""90 % ranges and exact tests of counts."""

import math

import numpy as np

Z90 = 1.6448536269514722


def wilson(hits, n) -> tuple[np.ndarray, np.ndarray]:
    """90 % range of hits/n (Wilson 1927), elementwise; never of no width; (0, 1) where n is 0."""
    hits, n = np.asarray(hits, dtype=float), np.asarray(n, dtype=float)
    some = np.maximum(n, 1e-9)
    share, z2 = hits / some, Z90 * Z90
    middle = (share + z2 / (2 * some)) / (1 + z2 / some)
    half = Z90 * np.sqrt(share * (1 - share) / some + z2 / (4 * some * some)) / (1 + z2 / some)
    low = np.clip(np.minimum(share, middle - half), 0, 1)
    high = np.clip(np.maximum(share, middle + half), 0, 1)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def f1_range(hits, true, said) -> tuple[np.ndarray, np.ndarray]:
    """90 % range of F1 = 2 hits / (true + said).

    Among the rows that carry the label or were given it, the hits are binomial; with J their share,
    F1 = 2J / (1 + J), so the ends of Wilson's range of J carry over.
    """
    low, high = wilson(hits, np.asarray(true, dtype=float) + said - hits)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def around(mid: float, draws: np.ndarray, rows: float) -> tuple[float, float]:
    """5 % to 95 % of the draws, joined with Wilson's range of `mid` of so many rows: resampling alone
    gives a perfect score on few rows no doubt at all."""
    low, high = np.quantile(draws, [0.05, 0.95])
    wide = wilson(mid * rows, rows)
    return float(min(low, mid, wide[0])), float(max(high, mid, wide[1]))


def rows_in_effect(supports: np.ndarray) -> float:
    """Rows that the plain mean over labels is worth: k^2 / sum(1 / n_k); n when all labels are equal."""
    seen = supports[supports > 0]
    return float(len(seen) ** 2 / np.sum(1 / seen)) if len(seen) else 0.0


def lower_tail(hits: int, drawn: int, marked: int, total: int) -> float:
    """P(X <= hits) of marked rows among `drawn` of `total`, drawn without putting back
    (hypergeometric)."""
    first, last = max(0, drawn - (total - marked)), min(drawn, marked)
    found = np.arange(first, min(hits, last) + 1)
    if not len(found):
        return 0.0
    logs = _choose(marked, found) + _choose(total - marked, drawn - found) - _choose(total, drawn)
    return float(min(1.0, np.exp(logs).sum()))


def _choose(n, k) -> np.ndarray:
    from scipy.special import gammaln

    return gammaln(n + 1) - gammaln(np.asarray(k) + 1.0) - gammaln(n - np.asarray(k) + 1.0)


def discoveries(tails: np.ndarray, rate: float) -> np.ndarray:
    """Which of the tests stand at this false discovery rate (Benjamini & Hochberg 1995)."""
    if not len(tails):
        return np.zeros(0, dtype=bool)
    ranked = np.sort(tails)
    passed = np.flatnonzero(ranked <= rate * np.arange(1, len(tails) + 1) / len(tails))
    return tails <= (ranked[passed[-1]] if len(passed) else -1.0)


def even_split(first: int, second: int) -> float:
    """Two-sided exact p that `first` and `second` come from a fair coin (McNemar 1947, exact form)."""
    total, fewer = first + second, min(first, second)
    if total == 0:
        return 1.0
    logs = _choose(total, np.arange(fewer + 1)) - total * math.log(2)
    return float(min(1.0, 2 * np.exp(logs).sum()))
