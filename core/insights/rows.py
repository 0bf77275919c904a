"""The rows of one run after counting: what every later step of the insights reads."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.insights.counts import Shares, one_hot, shares
from core.insights.settings import InsightSettings
from core.insights.several import DECIDED, label_shares


@dataclass(frozen=True)
class CountedRows:
    """n rows and k themes; every array is in the order of the rows."""

    labels: tuple[str, ...]
    ids: np.ndarray  # (n,) feedback ids
    given: np.ndarray  # (n,) theme a person gave, -1 none; several labels a row: (n, k) bool
    labelled: np.ndarray  # (n,) bool, a person labelled it
    probabilities: np.ndarray  # (n, k) as the model gave them; labelled rows are 1 for their label
    prior: np.ndarray  # (k,) training share
    balanced_accuracy: float | np.ndarray  # several labels a row: (k,)
    carries: np.ndarray  # (n, k) bool, the given labels, else what the model decides: whose evidence a row is
    accounts: np.ndarray | None  # (n,) codes, rows of one account together; None: not known
    shares: Shares
    multi: bool = False

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
    known, labelled = np.array(probabilities, dtype=float), given >= 0
    known[labelled] = one_hot(given[labelled], len(labels))
    carries = one_hot(known.argmax(axis=1), len(labels)).astype(bool)
    prior = np.asarray(prior, dtype=float)
    facts = labels, ids, given, labelled, known, prior, balanced_accuracy
    return CountedRows(*facts, carries, accounts, counted)


def count_several(
    labels: tuple[str, ...],
    ids: np.ndarray,
    *,
    given: np.ndarray,
    labelled: np.ndarray,
    probabilities: np.ndarray,
    prior: np.ndarray,
    balanced_accuracy: np.ndarray,
    accounts: np.ndarray | None,
    settings: InsightSettings,
) -> CountedRows:
    """The same for rows with any number of labels: given (n, k) bool, balanced_accuracy (k,)."""
    known, prior = np.array(probabilities, dtype=float), np.asarray(prior, dtype=float)
    counted = label_shares(known, given, labelled, prior, balanced_accuracy, settings, groups=accounts)
    known[labelled] = given[labelled]
    facts = labels, ids, given, labelled, known, prior, balanced_accuracy
    return CountedRows(*facts, known >= DECIDED, accounts, counted, multi=True)


def recount(
    rows: CountedRows,
    here: np.ndarray,
    probabilities: np.ndarray,
    prior: np.ndarray,
    groups: np.ndarray | None,
    stream: int,
    settings: InsightSettings,
) -> Shares:
    """The shares among the rows at the places `here`, by the rule of the whole."""
    drawn = {"groups": groups, "stream": stream}
    if rows.multi:
        part = probabilities[here], rows.given[here], rows.labelled[here], prior
        return label_shares(*part, rows.balanced_accuracy, settings, **drawn)
    return shares(probabilities[here], rows.given[here], prior, rows.balanced_accuracy, settings, **drawn)


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
