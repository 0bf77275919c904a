"""Amounts as people write them: money with its sign, thousands grouped, decimal commas."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

_CODES = re.compile(r"^(?:[A-Z]{1,3}|kr|Fr|Rs|zł)\.?\s*|\s*(?:(?!MIO|MRD)[A-Z]{3}|kr|Fr|zł)\.?$")
_SCALES = {"k": 1e3, "t": 1e3, "m": 1e6, "mio": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9}
_AMOUNT = re.compile(r"([+-]?)((?:\d[\d.,]{0,30})|(?:[.,]\d{1,15}))\s*([A-Za-z]{0,3})\.?")
_SPACES_IN_NUMBERS = re.compile(r"(?<=\d)[\s'’_](?=\d{3}(?!\d))")


def read_amounts(cells: pd.Series) -> pd.Series:
    """float64, NaN where a cell is empty or no number: "$1,234.50", "1.234,50 €", "12k", "(500)".

    What a single comma or point means is told by the whole column.
    """
    codes, distinct = pd.factorize(cells)
    plain = [_plain_amount(str(value)) for value in distinct]
    comma, point = (_thousands([amount for _, amount, _ in plain], mark) for mark in ",.")
    values = np.array([_number(*parts, comma=comma, point=point) for parts in plain], dtype=float)
    return pd.Series(values[codes] if len(values) else [], index=cells.index, dtype="float64")


def assumed_thousands(cells: pd.Series) -> str:
    """A cell such as "1.234", where nothing but its three digits says that the point groups them; "" for
    none."""
    plain = {str(value): _plain_amount(str(value))[1] for value in cells.unique()}
    alike = [cell for cell, amount in plain.items() if "." in amount]
    sure = any("," in plain[cell] or plain[cell].count(".") > 1 for cell in alike)
    return alike[0].strip() if alike and not sure and _thousands(list(plain.values()), ".") else ""


def _plain_amount(cell: str) -> tuple[str, str, str]:
    """Sign, digits with their points and commas, and the letters of a scale; "" where it is no amount."""
    text = unicodedata.normalize("NFKC", cell[:80]).strip()
    text = "".join(char for char in text if unicodedata.category(char) != "Sc").replace("−", "-").strip()
    negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1].strip() if negative else text
    text = _CODES.sub("", text).strip().replace("- ", "-")
    text = _SPACES_IN_NUMBERS.sub("", text)
    found = _AMOUNT.fullmatch(text)
    if not found or (found[3] and found[3].lower() not in _SCALES):
        return "", "", ""
    return "-" if negative or found[1] == "-" else "", found[2], found[3].lower()


def _thousands(amounts: Sequence[str], mark: str) -> bool:
    """Whether `mark` groups digits in this column: it stands before the other mark or more than once
    somewhere, or always before three digits."""
    other = "." if mark == "," else ","
    with_mark = [amount for amount in amounts if mark in amount]
    if any(other in amount and amount.rfind(mark) < amount.rfind(other) for amount in with_mark):
        return True
    if any(other in amount for amount in with_mark):
        return False
    if any(amount.count(mark) > 1 for amount in with_mark):
        return True
    return all(re.fullmatch(rf"[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}", amount) for amount in with_mark)


def _number(sign: str, amount: str, scale: str, comma: bool, point: bool) -> float:
    if not amount:
        return np.nan
    amount = amount.replace(",", "") if comma else amount.replace(",", "\0")
    amount = amount.replace(".", "") if point else amount
    amount = amount.replace("\0", ".")
    if amount.count(".") > 1 or len(amount) > 18:
        return np.nan
    return (-1.0 if sign else 1.0) * float(amount) * _SCALES.get(scale, 1.0)
