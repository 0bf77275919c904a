"""Ids by patterns of the user's own, such as ("customer", "CUST-[0-9]{6}"), with RE2: always linear."""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import BadColumns
from core.ingest.plain_view import PLACEHOLDER, Span

MOST = 20
LONGEST = 200
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,20}")
_BEGIN, _END = "\ue010", "\ue011"  # for private use: in no text that is looked at
_EVERYDAY = "The new app is great, but on 3 May 2024 it took 20 minutes to load."

Patterns = Sequence[tuple[str, str]]


def check_patterns(patterns: Patterns, taken: Sequence[str]) -> None:
    """Raises BadColumns with what to change; `taken` are the kinds that are found anyway."""
    if len(patterns) > MOST:
        raise BadColumns(f"There are {len(patterns)} patterns for ids; {MOST} is the most. Join some with |.")
    for kind, pattern in patterns:
        if not isinstance(kind, str) or not _KIND.fullmatch(kind):
            raise BadColumns(
                f"'{str(kind)[:40]}' cannot name a kind of id. Use up to 21 small letters, digits, - and _, "
                "a letter first, for example 'customer'."
            )
        if kind in taken:
            raise BadColumns(f"'{kind}' is found without a pattern of yours. Choose another name for it.")
        _check_pattern(kind, pattern)


def _check_pattern(kind: str, pattern: str) -> None:
    if not pattern.strip() or len(pattern) > LONGEST:
        raise BadColumns(f"The pattern of '{kind}' needs 1 to {LONGEST} characters; it has {len(pattern)}.")
    try:
        wrapped = _wrapped(_column([_EVERYDAY, "", "a", "-"]), pattern)
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        reason = str(error).partition(":")[2].strip()[:120] or "it cannot be read"
        raise BadColumns(
            f"The pattern of '{kind}' does not work: {reason}. Look-ahead, look-behind and back references "
            "are not available; a simple one is CUST-[0-9]{6}."
        ) from error
    if any(_BEGIN + _END in text for text in wrapped):
        raise BadColumns(f"The pattern of '{kind}' fits empty text as well. Write + in place of * or ?.")
    hidden = sum(end - start for start, end in _places(wrapped[0]))
    if 2 * hidden > len(_EVERYDAY):
        raise BadColumns(f"The pattern of '{kind}' would mask ordinary words. Make it narrower.")


def one_of(patterns: Patterns) -> str:
    """One pattern that fits wherever one of them does."""
    return "|".join(f"(?:{pattern})" for _, pattern in patterns)


def own_spans(texts: Sequence[str], patterns: Patterns) -> list[list[Span]]:
    """Where the patterns fit, placeholders that are there already left out; the first pattern wins."""
    clean = [text.replace(_BEGIN, " ").replace(_END, " ") for text in texts]
    column = _column(clean)
    found: list[list[Span]] = [[] for _ in texts]
    for kind, pattern in patterns:
        rows = pc.indices_nonzero(pc.match_substring_regex(column, pattern))
        for i, wrapped in zip(rows.to_pylist(), _wrapped(column.take(rows), pattern), strict=True):
            taken = [(start, end) for start, end, _ in found[i]]
            taken += [match.span() for match in PLACEHOLDER.finditer(clean[i])]
            found[i] += ((*place, kind) for place in _places(wrapped) if not _overlaps(place, taken))
    return found


def _overlaps(place: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(start < place[1] and place[0] < end for start, end in taken)


def _wrapped(texts: pa.Array, pattern: str) -> list[str]:
    """The texts with each match between two marks."""
    return pc.replace_substring_regex(texts, f"({pattern})", f"{_BEGIN}\\1{_END}").to_pylist()


def _column(texts: Sequence[str]) -> pa.Array:
    """Half surrogate pairs, which have no place there, become question marks."""
    return pa.array([text.encode("utf-8", "replace").decode() for text in texts], type=pa.large_string())


def _places(wrapped: str) -> list[tuple[int, int]]:
    places, at = [], 0
    for piece in wrapped.split(_BEGIN)[1:] if _BEGIN in wrapped else ():
        at = at or wrapped.index(_BEGIN)
        inside, _, after = piece.partition(_END)
        if inside:
            places.append((at, at + len(inside)))
        at += len(inside) + len(after)
    return places
