"""Words that a model was trained without: it does not read them in any text."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO")  # how names of their characters begin


@dataclass(frozen=True)
class Without:
    words: tuple[str, ...] = ()

    def blanked(self, text: str) -> str:
        """White space in the place of these words, whatever their case; all else keeps its place."""
        return self._pattern.sub(lambda found: " " * len(found[0]), text) if self.words else text

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.words, key=len, reverse=True)
        return re.compile("|".join(_alone(word) for word in longest_first), re.IGNORECASE)


def _alone(word: str) -> str:
    """Between word boundaries, except where a script has no spaces."""
    before = "" if _spaceless(word[0]) else r"(?<!\w)"
    after = "" if _spaceless(word[-1]) else r"(?!\w)"
    return before + re.escape(word) + after


def _spaceless(character: str) -> bool:
    return unicodedata.name(character, "").startswith(SPACELESS)
