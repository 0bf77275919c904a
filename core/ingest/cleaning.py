"""A raw table and its columns to the feedback table that is stored."""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.domain import FEEDBACK, SEGMENT, Columns, Rejection
from core.ingest.columns import check_columns
from core.ingest.csv_file import RawTable
from core.ingest.dates import read_dates
from core.ingest.language import detect, named
from core.ingest.ratings import read_ratings
from core.ingest.redaction import REGION, mask_texts
from core.ingest.rejections import Rejections

NO_TEXT = "no text"
REPEAT = "repeat of an earlier row by the same author"


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What is stored of a file; `rows_in` = rows of `table` + rows of `rejections`."""

    table: pd.DataFrame  # columns of domain.FEEDBACK without "id", "label" if chosen, segments
    rejections: tuple[Rejection, ...]  # those of the raw table and those made here
    warnings: tuple[str, ...]  # same
    rows_in: int
    masked: dict[str, int]  # kind of personal data -> places masked


def clean(
    raw: RawTable,
    columns: Columns,
    secret: bytes,
    mask: bool = True,
    handles: bool = True,
    region: str = REGION,
) -> Cleaned:
    """Map, mask and check the rows of a file.

    Authors are stored as keyed hashes, so `secret` must stay the same for a dataset. Raises BadColumns.
    """
    check_columns(raw.frame, columns)
    rejections = Rejections()
    frame, lines = _drop(raw.frame, raw.lines, _empty(raw.frame[columns.text]), NO_TEXT, rejections)
    warnings: list[str] = []
    table = _read_roles(frame, columns, secret, warnings)
    words = _normalised(frame[columns.text])
    if columns.author:
        repeated, other_labels = _repeats(table, words)
        if other_labels:
            warnings.append(
                f"Repeats that were labelled otherwise than the row that is kept: {other_labels:,}."
            )
        table, lines = _drop(table, lines, repeated, REPEAT, rejections)
        words = words[~repeated].reset_index(drop=True)
    elif repeats := int(words.duplicated().sum()):
        warnings.append(
            f"Rows that repeat the words of an earlier row: {repeats:,}. "
            "They are kept, because no column names the authors."
        )
    masked = _mask(table, handles, region) if mask else {}
    table["text_hash"] = _hashes(_normalised(table["text"]) if masked else words)
    table["row"] = _row_ids(table)
    table["language"] = _languages(table)
    return Cleaned(
        table=_ordered(table),
        rejections=(*raw.rejections, *rejections.all()),
        warnings=(*raw.warnings, *warnings),
        rows_in=raw.rows_in,
        masked=masked,
    )


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    order = [name for name in (*FEEDBACK, "label") if name in table]
    return table[order + [name for name in table if name.startswith(SEGMENT)]]


def normalise(text: str) -> str:
    """The words of a text: NFKC, case folded, white space collapsed, no punctuation around."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.casefold().split())
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return text[start:end] or text  # "!!!" stays what it is


def _normalised(texts: pd.Series) -> pd.Series:
    return pd.Series([normalise(text) for text in texts], dtype="str")


def _empty(texts: pd.Series) -> np.ndarray:
    return np.array([not text.strip(" \t\r\n\ufffd\u200b\ufeff\u00a0") for text in texts], dtype=bool)


def _drop(
    frame: pd.DataFrame, lines: np.ndarray, unwanted: np.ndarray, reason: str, rejections: Rejections
) -> tuple[pd.DataFrame, np.ndarray]:
    rejections.add_all(reason, lines[unwanted])
    return frame[~unwanted].reset_index(drop=True), lines[~unwanted]


def _read_roles(frame: pd.DataFrame, columns: Columns, secret: bytes, warnings: list[str]) -> pd.DataFrame:
    """The feedback columns that come straight from a column of the file."""
    size = len(frame)
    blank = pd.Series([""] * size, dtype="str")
    table = pd.DataFrame({"text": frame[columns.text]})
    table["date"] = pd.Series([pd.NaT] * size, dtype="datetime64[us]")
    table["rating"] = pd.Series([np.nan] * size, dtype="float64")
    if columns.date:
        dates = read_dates(frame[columns.date])
        table["date"] = dates.values
        warnings += [*dates.warnings, *_unread(dates.unreadable, "date", columns.date)]
    if columns.rating:
        ratings = read_ratings(frame[columns.rating])
        table["rating"] = ratings.values
        warnings += [*ratings.warnings, *_unread(ratings.unreadable, "rating", columns.rating)]
    table["author"] = _pseudonyms(frame[columns.author], secret) if columns.author else blank
    table["account"] = _accounts(frame[columns.account], secret) if columns.account else blank
    table["channel"] = frame[columns.channel].str.strip() if columns.channel else blank
    table["language"] = _each(frame[columns.language], named) if columns.language else blank
    if columns.label:
        table["label"] = frame[columns.label].str.strip()
    for name in columns.segments:
        table[SEGMENT + name] = frame[name].str.strip()
    return table


def _unread(rows: int, role: str, column: str) -> tuple[str, ...]:
    if not rows:
        return ()
    return (
        f"Cells of '{column}' that could not be read as a {role}: {rows:,}. Those rows are kept without.",
    )


def _each(cells: pd.Series, function: Callable[[str], str]) -> pd.Series:
    """Apply to each distinct cell once."""
    codes, distinct = pd.factorize(cells)
    made = np.array([function(str(value)) for value in distinct], dtype=object)
    return pd.Series(made[codes] if len(made) else [], index=cells.index, dtype="str")


def _pseudonyms(cells: pd.Series, secret: bytes) -> pd.Series:
    """12 hex characters for a person; upper case, outer spaces and a leading @ make no other person."""

    def pseudonym(name: str) -> str:
        name = name.strip().lstrip("@").casefold()
        return hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()[:12] if name else ""

    return _each(cells, pseudonym)


def _accounts(cells: pd.Series, secret: bytes) -> pd.Series:
    """Names of organisations stay; what holds personal data, such as an address, becomes a pseudonym."""

    def account(name: str) -> str:
        name = name.strip()
        if not mask_texts([name]).counts:
            return name
        return hmac.new(secret, name.casefold().encode(), hashlib.sha256).hexdigest()[:12]

    return _each(cells, account)


def _repeats(table: pd.DataFrame, words: pd.Series) -> tuple[np.ndarray, int]:
    """Rows with the words, author and date of an earlier row, and how many of them have another label.

    A missing date equals another.
    """
    keys = pd.DataFrame({"words": words, "author": table["author"], "date": table["date"]})
    repeated = (keys.duplicated() & (keys["author"] != "") & (keys["words"] != "")).to_numpy()
    if "label" not in table or not repeated.any():
        return repeated, 0
    first = table["label"].groupby(keys.groupby(list(keys), dropna=False).ngroup()).transform("first")
    return repeated, int((table["label"] != first).to_numpy()[repeated].sum())


def _mask(table: pd.DataFrame, handles: bool, region: str) -> dict[str, int]:
    """Mask the texts, and the few values of channels, labels and segments, in place."""
    masked = mask_texts(table["text"], region, handles)
    if masked.counts:
        table["text"] = pd.Series(masked.texts, dtype="str")
    for name in table.columns:
        if name in ("channel", "label") or name.startswith(SEGMENT):
            table[name] = _each(table[name], lambda value: mask_texts([value], region, handles).texts[0])
    return masked.counts


def _hashes(words: pd.Series) -> pd.Series:
    return pd.Series([hashlib.sha256(text.encode()).hexdigest()[:16] for text in words], dtype="str")


def _row_ids(table: pd.DataFrame) -> pd.Series:
    """12 hex characters from author, date, words and how often they came before; the same in each import."""
    dates = table["date"].astype("str").fillna("")
    keys = table["author"] + "|" + dates + "|" + table["text_hash"]
    numbers = keys.groupby(keys).cumcount()
    taken: set[str] = set()
    ids = []
    for key, number in zip(keys, numbers, strict=True):
        attempt = 0
        while True:  # 48 bits collide once in some hundred imports of a million rows
            name = f"{key}|{number}|{attempt}" if attempt else f"{key}|{number}"
            row = hashlib.sha256(name.encode()).hexdigest()[:12]
            if row not in taken:
                break
            attempt += 1
        taken.add(row)
        ids.append(row)
    return pd.Series(ids, dtype="str")


def _languages(table: pd.DataFrame) -> pd.Series:
    """As the file says; found from the text where it does not."""
    given = table["language"]
    missing = given.isin(["", "unknown"]).to_numpy()
    languages = given.to_numpy(dtype=object).copy()
    languages[missing] = detect(table.loc[missing, "text"])
    return pd.Series(languages, dtype="str")
