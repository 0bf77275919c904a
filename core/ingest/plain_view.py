"""A text as a pattern should see it: width variants as ASCII, invisible characters away.

A number written in full-width digits, in keycaps or with zero-width spaces inside is still a number.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_SIGNS = "@+.:/_-` "  # of the other signs the wide form ends an address, the ASCII one does not
_INVISIBLE_ONE = re.compile(f"[{INVISIBLE}]")
PLACEHOLDER = re.compile(r"\[[a-z][a-z0-9_-]{0,20}\]")
_BLOCKS = (range(0x80, 0x3100), range(0xA600, 0xAC00), range(0xFB00, 0x11FFF), range(0x1D400, 0x1FC00))


@lru_cache(maxsize=1)
def _plain() -> dict[int, str]:
    """Code point -> the one ASCII character that it is a variant of."""
    found = {ord(dash): "-" for dash in DASHES}
    for code in (code for block in _BLOCKS for code in block if code not in found):
        digit = unicodedata.decimal(chr(code), None)
        plain = str(digit) if digit is not None else unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain.isascii() and (plain.isalnum() or plain in _SIGNS):
            found[code] = plain
    return found


@lru_cache(maxsize=1)
def odd_characters() -> str:
    """Digits and at signs of other widths and scripts, as the inside of a character class."""
    return "".join(chr(code) for code, plain in _plain().items() if plain.isdigit() or plain == "@")


Span = tuple[int, int, str]  # start, end, kind


class PlainView:
    """`text` for patterns to look at, in which what was found is blanked; `spans` in the original."""

    def __init__(self, original: str) -> None:
        self.original = original
        self.text = original
        self._places: Sequence[int] | None = None  # None: the same as in the original
        self._found: list[Span] = []
        if original.isascii():
            return
        if _INVISIBLE_ONE.search(original):
            self._places = [i for i, char in enumerate(original) if not _INVISIBLE_ONE.match(char)]
            self.text = "".join(original[i] for i in self._places)
        self.text = self.text.translate(_plain())

    def take(self, spans: Iterable[Span]) -> None:
        """Keep what was found in `text`, and let no later pattern see it."""
        spans = [span for span in spans if not PLACEHOLDER.fullmatch(self.text, *span[:2])]
        if not spans:
            return
        self._found += spans
        self.blank((start, end) for start, end, _ in spans)

    def blank(self, places: Iterable[tuple[int, int]]) -> None:
        """Between brackets as a placeholder is, in as many characters as there were."""
        parts, done = [], 0
        for start, end in sorted(places):
            if end - start < 2 or start < done:
                continue
            parts += (self.text[done:start], "[", "\0" * (end - start - 2), "]")
            done = end
        if parts:
            self.text = "".join((*parts, self.text[done:]))

    def spans(self) -> list[Span]:
        """In the original and in order; one that lies over the end of another is joined to it."""
        merged: list[Span] = []
        for start, end, kind in sorted(self._found, key=lambda span: (span[0], -span[1])):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
            else:
                merged.append((start, end, kind))
        if self._places is None:
            return merged
        return [(self._places[start], self._places[end - 1] + 1, kind) for start, end, kind in merged]
