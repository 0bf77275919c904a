"""Feedback, labels and predictions of one run -> Insights."""

import numpy as np
import pandas as pd

from core.domain import SEGMENT, Insights, Quote, Theme
from core.errors import AppError
from core.insights.counts import chosen_method, one_hot
from core.insights.ratings import ratings
from core.insights.rows import CountedRows, account_codes, count_rows, count_several
from core.insights.segments import segments
from core.insights.settings import SEVERAL, InsightSettings
from core.insights.trends import choose_period, movers, trends
from core.insights.words import make_quote, quote_rows

DEFAULTS = InsightSettings()
OVERLAP = "A comment can count for several themes, so the shares do not add up to 100%."


def build_insights(
    run_id: int,
    dataset: str,
    label_set: str,
    feedback: pd.DataFrame,
    labels: tuple[str, ...],
    *,
    given: np.ndarray,
    probabilities: np.ndarray | None,
    balanced_accuracy: float | np.ndarray,
    prior: np.ndarray | None,
    settings: InsightSettings = DEFAULTS,
    embeddings: np.ndarray | None = None,
    multi: bool = False,
    labelled: np.ndarray | None = None,
) -> Insights:
    """Everything the Insights page shows; depends on the arguments alone.

    feedback: domain.FEEDBACK and "segment:" columns, n rows. given (n,): index into labels or -1.
    probabilities (n, k) calibrated, None without a model: then only labelled rows count.
    prior (k,): share of each label among the training rows; None: among the given labels.
    multi: a row may have several labels; then given is (n, k) bool, `labelled` (n,) tells the rows
    that a person labelled, and balanced_accuracy is one number or (k,), label by label.
    """
    given = np.asarray(given, dtype=bool if multi else np.int64)
    if labelled is None:
        labelled = given.any(axis=1) if multi else given >= 0
    _check(feedback, labels, given, labelled, probabilities, multi)
    facts = (int(run_id), dataset, label_set, len(feedback), int(labelled.sum()))
    notes = _without_model(*facts[3:]) if probabilities is None else []
    if probabilities is None:
        keep = labelled
        feedback, given, labelled = feedback[keep], given[keep], labelled[keep]
        embeddings = None if embeddings is None else embeddings[keep]
        probabilities = given.astype(float) if multi else one_hot(given, len(labels))
    if len(feedback) == 0 or not labels:
        return _empty(facts, notes, labels, settings)
    counted = {
        "given": given,
        "probabilities": probabilities,
        "prior": _given_share(given, labelled, len(labels), multi) if prior is None else prior,
        "balanced_accuracy": balanced_accuracy,
        "accounts": account_codes(feedback["account"]),
    }
    ids = feedback["id"].to_numpy(dtype=np.int64)
    if multi:
        counted["balanced_accuracy"] = np.broadcast_to(np.asarray(balanced_accuracy, float), len(labels))
        rows = count_several(labels, ids, **counted, labelled=labelled, settings=settings)
    else:
        rows = count_rows(labels, ids, **counted, settings=settings)
    return _insights(facts, feedback.reset_index(drop=True), rows, notes, embeddings, settings=settings)


def _given_share(given: np.ndarray, labelled: np.ndarray, k: int, multi: bool) -> np.ndarray:
    """Share of each label among the labelled rows, none of them 0; single labels as counts."""
    if multi:
        return (given[labelled].sum(axis=0) + 0.5) / (labelled.sum() + 1.0)
    return np.bincount(given[labelled], minlength=k) + 1.0


def _check(
    feedback: pd.DataFrame,
    labels: tuple[str, ...],
    given: np.ndarray,
    labelled: np.ndarray,
    probabilities: np.ndarray | None,
    multi: bool,
) -> None:
    n, k = len(feedback), len(labels)
    fits = given.shape == ((n, k) if multi else (n,)) and labelled.shape == (n,)
    if probabilities is not None:
        fits = fits and np.shape(probabilities) == (n, k)
    if not fits or (not multi and n and (given.min() < -1 or given.max() >= k)):
        raise AppError("The predictions do not fit the feedback rows. Run the training again.")


def _empty(facts: tuple, notes: list[str], labels: tuple[str, ...], settings: InsightSettings) -> Insights:
    notes = notes or ["No comments yet. Upload a file on the Feedback page." if labels else "No labels yet."]
    counting = "Nothing is counted yet."
    return Insights(*facts, "", "", "", counting, (), (), (), (), tuple(notes), settings.as_dict())


def _insights(
    facts: tuple,
    feedback: pd.DataFrame,
    rows: CountedRows,
    notes: list[str],
    embeddings: np.ndarray | None,
    *,
    settings: InsightSettings,
) -> Insights:
    dates = pd.to_datetime(feedback["date"])
    first, last = (str(day.date()) if pd.notna(day) else "" for day in (dates.min(), dates.max()))
    themes = _themes(rows, ratings(rows, feedback["rating"], settings))
    order = {theme.name: place for place, theme in enumerate(themes)}
    period, trend_note = choose_period(dates, settings, len(rows.labels))
    found = trends(rows, dates, period, settings)
    cells, segment_notes = segments(rows, segment_columns(feedback, settings), settings)
    picked = _quotes(feedback, rows, embeddings, settings)
    notes += [
        note for note in (trend_note, *_missing(feedback), *segment_notes, *_unsorted(rows, settings)) if note
    ]
    return Insights(
        *facts,
        first,
        last,
        period,
        counting(rows, settings),
        themes,
        tuple(sorted(found, key=lambda trend: order[trend.theme])),
        tuple(sorted(cells, key=lambda cell: order[cell.theme])),
        tuple(sorted(picked, key=lambda quote: order[quote.theme])),
        tuple(notes),
        settings.as_dict() | ({SEVERAL: True} if rows.multi else {}),
        movers(found, settings),
    )


def _themes(rows: CountedRows, rated: list) -> tuple[Theme, ...]:
    """Largest share first, equal shares by name."""
    themes = [
        Theme(label, rows.shares.estimates[k], rated[k], rows.evidence(rows.carries[:, k]))
        for k, label in enumerate(rows.labels)
    ]
    return tuple(sorted(themes, key=lambda theme: (-theme.share.mid, theme.name)))


def segment_columns(feedback: pd.DataFrame, settings: InsightSettings) -> dict[str, pd.Series]:
    """The file's segment columns, channel, and language when two languages have enough rows."""
    columns = {name.removeprefix(SEGMENT): feedback[name] for name in feedback if name.startswith(SEGMENT)}
    if (feedback["channel"].fillna("") != "").any():
        columns.setdefault("channel", feedback["channel"])
    languages = feedback["language"].fillna("").replace("unknown", "")
    if (languages[languages != ""].value_counts() >= settings.min_language_rows).sum() > 1:
        columns.setdefault("language", feedback["language"])
    return columns


def _quotes(
    feedback: pd.DataFrame, rows: CountedRows, embeddings: np.ndarray | None, settings: InsightSettings
) -> list[Quote]:
    texts = feedback["text"].to_numpy(dtype=object)
    picked = quote_rows(texts, embeddings, rows, settings)
    return [
        make_quote(rows, row, theme, texts[row], context(feedback, row))
        for theme, part in enumerate(picked)
        for row in part
    ]


def context(feedback: pd.DataFrame, row: int) -> str:
    """Where a quote comes from: date, channel and segments; never author or account."""
    line = feedback.iloc[row]
    parts = [str(line["date"].date())] if pd.notna(line["date"]) else []
    parts += [str(line["channel"])] if line["channel"] else []
    parts += [
        f"{name.removeprefix(SEGMENT)}: {line[name]}"
        for name in feedback
        if name.startswith(SEGMENT) and line[name]
    ]
    return ", ".join(parts)


def counting(rows: CountedRows, settings: InsightSettings) -> str:
    """How the shares were counted, in words a product manager knows."""
    if rows.multi:
        return f"{_counting_each(rows, settings)} {OVERLAP}"
    labelled, total = int(rows.labelled.sum()), len(rows.given)
    if labelled == total:
        return f"Counted from labels that people gave ({total:,}); nothing is estimated."
    start = f"Labels from people count for {labelled:,} of {total:,} comments, the rest is"
    if labelled == 0:
        start = "No comment has a label from a person; all are"
    right = "how often the model is right is not known"
    if np.isfinite(rows.balanced_accuracy):
        right = f"the model is right {round(10 * rows.balanced_accuracy)} times in 10, theme by theme"
    if "EMQ" in rows.shares.method:
        return f"{start} estimated and corrected for the model's mistakes ({right}). Not checked yet."
    return (
        f"{start} estimated from the model's probabilities without a correction for a changed mix, "
        f"because {right}. Not checked yet."
    )


def _counting_each(rows: CountedRows, settings: InsightSettings) -> str:
    """The same where every theme is counted on its own."""
    labelled, total = int(rows.labelled.sum()), len(rows.given)
    if labelled == total:
        return f"Counted from labels that people gave ({total:,}); nothing is estimated."
    start = f"Labels from people count for {labelled:,} of {total:,} comments, the rest is"
    if labelled == 0:
        start = "No comment has a label from a person; all are"
    known = [chosen_method(float(value), settings) == "EMQ" for value in rows.balanced_accuracy]
    themes = f"{sum(known)} of {len(known)} themes"
    if all(known):
        themes = "every theme"
    if not any(known):
        return (
            f"{start} estimated from the model's probabilities without a correction for a changed mix, "
            "because the model is not right often enough on any theme. Not checked yet."
        )
    return f"{start} estimated and, for {themes}, corrected for the model's mistakes. Not checked yet."


def _without_model(total: int, labelled: int) -> list[str]:
    if labelled == total:
        return []
    return [
        f"No trained model: only the {labelled:,} labelled of {total:,} comments are counted. "
        "Train a model to count the rest."
    ]


def _unsorted(rows: CountedRows, settings: InsightSettings) -> list[str]:
    if rows.multi:
        return _without_theme(rows)
    count = int((~rows.labelled & (rows.probabilities.max(axis=1) < settings.unsure_below)).sum())
    if not count:
        return []
    return [
        f"Unsorted: {count:,} of {len(rows.given):,} comments fit no theme well. They are counted by their "
        "probabilities, but may hide a theme that has no label yet."
    ]


def _without_theme(rows: CountedRows) -> list[str]:
    count = int((~rows.carries.any(axis=1)).sum())
    if not count:
        return []
    return [
        f"Unsorted: {count:,} of {len(rows.ids):,} comments carry none of the themes. "
        "They may hide a theme that has no label yet."
    ]


def _missing(feedback: pd.DataFrame) -> list[str]:
    """One line for each column that is missing; the trend note speaks for the dates."""
    notes = []
    if not pd.to_numeric(feedback["rating"], errors="coerce").notna().any():
        notes.append("No ratings: with a rating column this page would show the mean rating of each theme.")
    if not (feedback["account"].fillna("") != "").any():
        notes.append(
            "No accounts: with an account column comments of one customer would be counted together "
            "and never quoted twice."
        )
    if not any(name.startswith(SEGMENT) for name in feedback):
        notes.append("No segments: with a column such as plan or region this page would show who says what.")
    return notes
