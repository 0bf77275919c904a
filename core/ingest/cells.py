"""The cells of a file as they are kept: without characters that break exports, as JSON rows."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.text_array import TYPE, from_list, layout, of_bytes, series, text_array

CONTROL, NOT_CHARACTERS = "control", "not characters"
_CONTROLS = np.zeros(256, dtype=bool)
_CONTROLS[:32] = True
_CONTROLS[[9, 10, 13]] = False  # tab and line ends are part of a text
_NOT_CHARACTERS = re.compile(b"\xef\xbf[\xbe\xbf]")  # U+FFFE and U+FFFF
_BLANK = " \t\r\n\ufffd\u200b\ufeff\u00a0\u3000"
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def without_control_characters(frame: pd.DataFrame, found: Counter[str]) -> pd.DataFrame:
    """The frame with columns that every export and JSON can hold; `found` grows by cells that changed."""
    cleaned = {}
    for name in frame.columns:
        array = text_array(frame[name])
        cleaned[name] = _cleaned(array, found)
    return pd.DataFrame({name: series(array) for name, array in cleaned.items()})


def _cleaned(array: pa.LargeStringArray, found: Counter[str]) -> pa.LargeStringArray:
    """Control characters go; U+FFFE and U+FFFF, which XML and spreadsheets refuse, become U+FFFD."""
    offsets, data = layout(array)
    used = data[offsets[0] : offsets[-1]]
    if len(used) and used.min() < ord(" ") and _CONTROLS[used].any():
        bad = np.concatenate([[0], np.cumsum(_CONTROLS[used])])
        removed = bad[offsets - offsets[0]]
        found[CONTROL] += int((np.diff(removed) > 0).sum())
        array = of_bytes(offsets - offsets[0] - removed, used[~_CONTROLS[used]])
    if len(used) and used.max() > 127 and _NOT_CHARACTERS.search(used.tobytes()):
        cells = array.to_pylist()
        fixed = [cell.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") for cell in cells]
        found[NOT_CHARACTERS] += sum(new != old for new, old in zip(fixed, cells, strict=True))
        array = from_list(fixed)
    return array


def character_warnings(found: Counter[str]) -> tuple[str, ...]:
    words = []
    if found[CONTROL]:
        words.append(
            "Cells from which control characters (such as NUL) were removed, because exports cannot hold "
            f"them: {found[CONTROL]:,}."
        )
    if found[NOT_CHARACTERS]:
        words.append(
            "Cells in which U+FFFE or U+FFFF, which are no characters, became \ufffd: "
            f"{found[NOT_CHARACTERS]:,}."
        )
    return tuple(words)


def blank(array: pa.LargeStringArray) -> np.ndarray:
    """Cells that show nothing."""
    return np.asarray(pc.equal(pc.utf8_trim(array, characters=_BLANK), ""))


def joined(parts: Sequence[pa.LargeStringArray]) -> pa.LargeStringArray:
    """The text columns of a row with an empty line between them; blank ones are left out."""
    whole, empty = parts[0], blank(parts[0])
    for part in parts[1:]:
        none = blank(part)
        longer = pc.binary_join_element_wise(whole, part, _scalar("\n\n"))
        whole = pc.if_else(pa.array(none), whole, pc.if_else(pa.array(empty), part, longer))
        empty &= none
    return whole


def json_rows(columns: Sequence[pa.LargeStringArray | None], rows: int) -> pa.LargeStringArray:
    """A JSON array a row; null for each column that is None."""
    parts: list[pa.LargeStringArray | pa.LargeStringScalar] = []
    constant = "["
    for place, column in enumerate(columns):
        constant += "," if place else ""
        if column is None:
            constant += "null"
        else:
            parts += [_scalar(constant + '"'), _escaped(column)]
            constant = '"'
    if not parts:
        return from_list([constant + "]"] * rows)
    return pc.binary_join_element_wise(*parts, _scalar(constant + "]"), _scalar(""))


def _escaped(array: pa.LargeStringArray) -> pa.LargeStringArray:
    offsets, data = layout(array)
    used = np.unique(data[offsets[0] : offsets[-1]])
    for sign, written in _ESCAPES:
        if ord(sign) in used:
            array = pc.replace_substring(array, sign, written)
    return array


def _scalar(text: str) -> pa.LargeStringScalar:
    return pa.scalar(text, TYPE)
