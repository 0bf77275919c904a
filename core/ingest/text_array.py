"""Columns of text as Arrow arrays, for work on whole columns at once."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

TYPE = pa.large_string()


def text_array(cells: pd.Series) -> pa.LargeStringArray:
    """One array without missing cells; what cannot be written as UTF-8 becomes U+FFFD."""
    held = getattr(cells.array, "_pa_array", None)
    if held is None:
        array = _from_python(cells.tolist())
    else:
        joined = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        array = joined.cast(TYPE) if joined.type != TYPE else joined
        if isinstance(array, pa.ChunkedArray):  # a column without any chunk
            array = pa.array([], TYPE)
    return pc.fill_null(array, "") if array.null_count else array


def from_list(cells: list[str]) -> pa.LargeStringArray:
    return pa.array(cells, TYPE)


def series(array: pa.LargeStringArray) -> pd.Series:
    return pd.Series(pd.array(array, dtype="str"))


def layout(array: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """(n + 1 offsets, bytes) of an array; cell i is bytes[offsets[i]:offsets[i + 1]]."""
    _, offsets, data = array.buffers()
    if not len(array):
        return np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint8)
    places = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    held = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, dtype=np.uint8)
    return places, held


def of_bytes(offsets: np.ndarray, data: np.ndarray) -> pa.LargeStringArray:
    """The array whose cells lie in `data` at `offsets`."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, buffers[1], buffers[2])


def hex_array(numbers: np.ndarray, digits: int) -> pa.LargeStringArray:
    """The leading `digits` hexadecimal digits of each 64-bit number."""
    raw = np.ascontiguousarray(numbers, dtype=">u8").view(np.uint8).reshape(-1, 8)
    halves = np.empty((len(raw), 16), dtype=np.uint8)
    halves[:, 0::2], halves[:, 1::2] = raw >> 4, raw & 15
    signs = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[halves[:, :digits]]
    return of_bytes(np.arange(len(raw) + 1, dtype=np.int64) * digits, signs.ravel())


def where(unwanted: np.ndarray, replacement: pa.LargeStringArray, array: pa.LargeStringArray):  # noqa: ANN201
    """`replacement` where `unwanted`, else `array`."""
    return pc.if_else(pa.array(unwanted), replacement, array)


def spread(distinct: list[str], codes: np.ndarray) -> pa.LargeStringArray:
    """The column whose cell i is distinct[codes[i]]."""
    return from_list(distinct).take(pa.array(codes))


def coded(array: pa.LargeStringArray) -> tuple[np.ndarray, list[str]]:
    """(code of each cell, distinct cells in order of appearance)."""
    codes, distinct = pd.factorize(pd.array(array, dtype="str"))
    return codes, text_array(pd.Series(distinct)).to_pylist()


def _from_python(cells: list[object]) -> pa.LargeStringArray:
    texts = [cell if isinstance(cell, str) else "" for cell in cells]
    try:
        return pa.array(texts, TYPE)
    except UnicodeEncodeError:
        return pa.array(
            [text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for text in texts], TYPE
        )
