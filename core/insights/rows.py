"""The rows of one run after counting: what every later step of the insights reads."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.insights.counts import Shares, one_hot, shares
from core.insights.settings import InsightSettings


@dataclass(frozen=True)
class CountedRows:
    """n rows and k themes; every array is in the order of the rows."""

    labels: tuple[str, ...]
    ids: np.ndarray  # (n,) feedback ids
    given: np.ndarray  # (n,) theme a person gave, -1 none
    probabilities: np.ndarray  # (n, k) as the model gave them; labelled rows are 1 for their label
    prior: np.ndarray  # (k,) training share
    balanced_accuracy: float
    assigned: np.ndarray  # (n,) given label, else the most probable: whose evidence the row is
    accounts: np.ndarray | None  # (n,) codes, rows of one account together; None: not known
    shares: Shares

    def evidence(self, mask: np.ndarray) -> tuple[int, ...]:
        return tuple(self.ids[mask].tolist())


def count_rows(
    labels: tuple[str, ...],
    ids: np.ndarray,
    *,
    given: np.ndarray,
    probabilities: np.ndarray,
    prior: np.ndarray,
    balanced_accuracy: float,
    accounts: np.ndarray | None,
    settings: InsightSettings,
) -> CountedRows:
    """Count the themes; a label from a person overrules the model."""
    counted = shares(probabilities, given, prior, balanced_accuracy, settings, groups=accounts)
    known = np.array(probabilities, dtype=float)
    known[given >= 0] = one_hot(given[given >= 0], len(labels))
    assigned = known.argmax(axis=1)
    prior = np.asarray(prior, dtype=float)
    return CountedRows(labels, ids, given, known, prior, balanced_accuracy, assigned, accounts, counted)


def account_codes(accounts: pd.Series) -> np.ndarray | None:
    """Codes from 0; a row without account stands alone. None when no row has an account."""
    names = accounts.fillna("").astype(str).str.strip()
    known = (names != "").to_numpy()
    if not known.any():
        return None
    codes = np.empty(len(names), dtype=np.int64)
    codes[known], seen = pd.factorize(names[known])
    codes[~known] = len(seen) + np.arange((~known).sum())
    return codes
