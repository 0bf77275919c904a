"""Words that a model was trained without: it does not read them in any text."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

BETWEEN = r"[^\w\s]*\s+[^\w\s]*"  # two words of a phrase
SPACELESS = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "BOPOMOFO",
    "IDEOGRAPHIC",
    "HALFWIDTH KATAKANA",
)  # how names of their characters begin


@dataclass(frozen=True)
class Without:
    words: tuple[str, ...] = ()

    def blanked(self, text: str) -> str:
        """White space in the place of these words, whatever their case; all else keeps its place."""
        return self._compiled.sub(lambda found: " " * len(found[0]), text) if self.words else text

    def patterns(self) -> dict[str, str]:
        """A regular expression of each word, longest words first -> what stands in its place."""
        words = sorted((word for word in map(str.strip, self.words) if word), key=len, reverse=True)
        return {f"(?i:{_alone(word)})": " " * len(word) for word in words}

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile("|".join(self.patterns()) or r"(?!)")


def _alone(word: str) -> str:
    """Between word boundaries, except where a script has no spaces."""
    before = "" if _spaceless(word[0]) else r"(?<!\w)"
    after = "" if _spaceless(word[-1]) else r"(?!\w)"
    # As people write it: decomposed accents, a Turkish capital, any gap and sign between words of a phrase.
    forms = dict.fromkeys((word, unicodedata.normalize("NFD", word), word.replace("i\u0307", "\u0130")))
    each = (BETWEEN.join(map(re.escape, form.split())) for form in forms)
    return f"{before}(?:{'|'.join(each)}){after}"


def _spaceless(character: str) -> bool:
    return unicodedata.name(character, "").startswith(SPACELESS)
