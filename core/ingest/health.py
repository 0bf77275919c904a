"""What a feedback table holds and what that means for the results."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from core.ingest.language import UNKNOWN

FEW_ROWS = 100
FEW_PER_LABEL = 10
ENCODER_LANGUAGE = "en"  # what the embedded encoder was trained on


@dataclass(frozen=True)
class Health:
    rows: int
    first_date: str  # ISO days, "" without dates
    last_date: str
    dated: int
    rated: int
    labelled: int
    authors: int  # different ones
    label_counts: Mapping[str, int]  # most rows first
    languages: Mapping[str, int]  # most rows first
    repeated_texts: int  # rows whose words stood in an earlier row
    empty_texts: int
    words: tuple[int, int, int]  # quartiles of the number of words
    masked: Mapping[str, int]  # kind of personal data -> places
    lines: tuple[str, ...] = field(default=())  # plain sentences, most important first


def health(table: pd.DataFrame, masked: Mapping[str, int] | None = None) -> Health:
    """Measure a table with the columns of domain.FEEDBACK; `label` is optional."""
    days = table["date"].dropna()
    labels = table["label"] if "label" in table else pd.Series([], dtype="str")
    words = table["text"].str.split().str.len() if len(table) else pd.Series([], dtype="float64")
    quartiles = words.quantile([0.25, 0.5, 0.75]).tolist() if len(table) else [0, 0, 0]
    found = Health(
        rows=len(table),
        first_date=f"{days.min():%Y-%m-%d}" if len(days) else "",
        last_date=f"{days.max():%Y-%m-%d}" if len(days) else "",
        dated=len(days),
        rated=int(table["rating"].notna().sum()),
        labelled=int((labels != "").sum()),
        authors=int(table["author"][table["author"] != ""].nunique()),
        label_counts=_counts(labels[labels != ""]),
        languages=_counts(table["language"]),
        repeated_texts=int(table["text_hash"].duplicated().sum()),
        empty_texts=int((table["text"].str.strip() == "").sum()),
        words=(round(quartiles[0]), round(quartiles[1]), round(quartiles[2])),
        masked=dict(masked or {}),
    )
    return Health(**{**found.__dict__, "lines": tuple(_lines(found))})


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(value): int(rows) for value, rows in values.value_counts().items()}


def _lines(found: Health) -> list[str]:
    if not found.rows:
        return ["No comments yet. Upload a file to begin."]
    lines = []
    if found.rows < FEW_ROWS:
        lines.append(f"Few comments ({found.rows:,}): every share will have a wide range.")
    lines += _on_labels(found)
    lines += _on_dates(found)
    if not found.rated:
        lines.append("No ratings: what drives satisfaction cannot be told.")
    elif found.rated < found.rows:
        lines.append(
            f"{found.rated:,} of {found.rows:,} comments have a rating; rating figures rest on these."
        )
    if not found.authors:
        lines.append("No authors: one person who writes often counts as often as they write.")
    lines += _on_texts(found)
    return lines


def _on_labels(found: Health) -> list[str]:
    if not found.labelled:
        return ["No labels yet: label some comments or choose a label column, then a model can be trained."]
    lines = []
    if found.labelled < found.rows:
        lines.append(
            f"{found.labelled:,} of {found.rows:,} comments have a label; a model can label the others."
        )
    if len(found.label_counts) == 1:
        lines.append("All labels are the same: a model needs at least two different ones.")
    small = [label for label, rows in found.label_counts.items() if rows < FEW_PER_LABEL]
    if small:
        named = ", ".join(f"'{label}'" for label in small[:3]) + (" ..." if len(small) > 3 else "")
        lines.append(
            f"Labels with fewer than {FEW_PER_LABEL} comments: {len(small)} ({named}). That is too few to "
            "learn them; label more or merge them."
        )
    return lines


def _on_dates(found: Health) -> list[str]:
    if not found.dated:
        return ["No dates: trends cannot be drawn."]
    if found.dated < found.rows:
        return [f"Comments without a date, which trends leave out: {found.rows - found.dated:,}."]
    days = (pd.Timestamp(found.last_date) - pd.Timestamp(found.first_date)).days + 1
    if days < 28:
        length = "one day" if days == 1 else f"{days} days"
        return [f"All comments lie within {length}: too short for a monthly trend."]
    return []


def _on_texts(found: Health) -> list[str]:
    lines = []
    if found.repeated_texts:
        lines.append(
            f"Comments that repeat the words of another one: {found.repeated_texts:,}. "
            "Copies are kept on one side when a model is tested, so that they do not flatter it."
        )
    foreign = sum(rows for code, rows in found.languages.items() if code not in (ENCODER_LANGUAGE, UNKNOWN))
    if foreign >= 0.05 * found.rows:
        lines.append(
            f"Comments that are not in English: {foreign:,} ({foreign / found.rows:.0%}). "
            "The built-in encoder knows English only, so choose a multilingual one for these."
        )
    if found.words[1] < 4 and found.languages.get("zh", 0) + found.languages.get("ja", 0) < found.rows / 2:
        lines.append("Half of the comments have fewer than four words: themes will be coarse.")
    if found.masked:
        shown = ", ".join(f"{rows:,} × {kind}" for kind, rows in found.masked.items())
        lines.append(f"Personal data was masked before storing: {shown}. Names of people are not found.")
    return lines
