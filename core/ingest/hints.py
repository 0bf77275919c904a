"""Which texts of a column may hold which personal data, by RE2 in one pass: the rest is left alone."""

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.addresses import MAILERS
from core.ingest.plain_view import DASHES, INVISIBLE, odd_characters
from core.ingest.secrets_in_text import KEY_SIGNS

Column = pa.Array | pa.ChunkedArray

EMAIL, WORDS, URL, NUMBER, IP, KEY, ODD = "email", "words", "url", "number", "ip", "key", "odd"
_SPACES = r"\s\x{a0}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}"
_SPACE = f"[{_SPACES}]"
_BETWEEN = rf"[{_SPACES}().\-/·（）{DASHES}．－／]"


@lru_cache(maxsize=1)
def _patterns() -> dict[str, str]:
    """Wider than the patterns that mask; counted repetitions are few, they make RE2 slow."""
    return {
        EMAIL: r"[\pL\pM\pN._%+\"'’)\]<(\[{-]@|@\[|%40|&#[0xX]*(?:64|40);|&commat;",
        WORDS: rf"(?i:[(\[{{<]{_SPACE}*(?:at|ät|@){_SPACE}*[)\]}}>]"
        rf"|(?:{_SPACE}at{_SPACE}|{_SPACE}@{_SPACE}?|@{_SPACE})(?:{MAILERS})\."
        rf"|(?:{_SPACE}at{_SPACE}|@{_SPACE}?)[^\s@]+(?:{_SPACE}dot{_SPACE}|{_SPACE}*[(\[{{<]{_SPACE}*(?:dot|punkt|\.)))",
        URL: r"://|(?i:www\.)|\?[^\s=?]+=",
        NUMBER: rf"\d(?:{_BETWEEN}{{0,3}}\d){{6}}|[A-Za-z]{{2}}\d{{2}}(?:[ -]?[A-Za-z0-9]){{11}}",
        IP: r"\d\.\d{1,3}\.\d{1,3}\.\d"
        r"|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:|[0-9A-Fa-f]{4}::[0-9A-Fa-f]",
        KEY: KEY_SIGNS,
        ODD: rf"[\x20-\x7e\pL\pN][{INVISIBLE}]|[{odd_characters()}]",  # what the others cannot read
    }


KINDS_OF_HINT = frozenset((EMAIL, WORDS, URL, NUMBER, IP, KEY, ODD))
_IBAN_OR_WIDE = r"[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11}|[^\x00-\x7f]"  # wide signs may be part of one


def may_hold_more_than_handles(texts: Column, ids: bool = False) -> np.ndarray:
    """Of the numbers in a column of `ids` only bank accounts count."""
    patterns = _patterns() | ({NUMBER: _IBAN_OR_WIDE} if ids else {})
    return matches(texts, "|".join(patterns.values()))


def hints_of(texts: Column) -> list[frozenset[str]]:
    """For each text what it may hold; all of it where characters are odd."""
    found = {name: matches(texts, pattern) for name, pattern in _patterns().items()}
    return [
        KINDS_OF_HINT if row[-1] else frozenset(name for name, hit in zip(found, row, strict=True) if hit)
        for row in zip(*found.values(), strict=True)
    ]


def matches(texts: Column, pattern: str) -> np.ndarray:
    found = pc.match_substring_regex(texts, pattern)
    return found.to_numpy(zero_copy_only=False) if isinstance(found, pa.Array) else found.to_numpy()
