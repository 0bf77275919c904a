"""The language of each comment: by script where the script tells, else by py3langid."""

import re
import sys
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.language_words import ENGLISH, FOREIGN
from core.ingest.letter_model import letter_model

UNKNOWN = "unknown"
LEAST_LETTERS = 20  # below, guesses by letters are no better than chance
LEAST_CONFIDENCE = 0.35
ROWS = 20_000  # looked at together
CHARS_READ = 600  # of a long comment; more changes nothing and costs time

# Languages feedback comes in; the rare ones of the model only take votes away from these.
_CODES = (
    "ar bg bn ca cs da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ms nb nl pa pl "
    "pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh"
)
LANGUAGES = tuple(_CODES.split())
_NAMES = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "spanish": "es",
    "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt", "português": "pt", "dutch": "nl",
    "nederlands": "nl", "polish": "pl", "russian": "ru", "turkish": "tr", "japanese": "ja", "korean": "ko",
    "chinese": "zh", "arabic": "ar", "中文": "zh", "日本語": "ja",
}  # fmt: skip

_NOISE = re.compile(
    r"(?:https?://|www\.)\S{1,2048}|[@#]\w{1,50}|\[[a-z][a-z0-9_-]{0,20}\]"
)  # addresses, names and tags, placeholders of masked data
_NOISE_SIGNS = r"[@#]|://|www\.|\[[a-z]"
_ENOUGH_LETTERS = rf"(?:[A-Za-z][^A-Za-z]*){{{LEAST_LETTERS}}}"
_LETTERS = re.compile(r"[^\W\d_]")
_HAN, _KANA, _HANGUL = (
    re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"),
    re.compile("[\u3041-\u30ff]"),
    re.compile("[\uac00-\ud7a3]"),
)
_KINDS = {1: _LETTERS, 2: _KANA, 3: _HANGUL, 4: _HAN}
_NOT_YET = 255


def detect(texts: Sequence[str]) -> list[str]:
    """ISO 639-1 codes or "unknown", one a text: `detect_one` for whole columns, in bounded memory."""
    found: list[str] = []
    for start in range(0, len(texts), ROWS):
        found += _detect(texts[start : start + ROWS])
    return found


def _detect(texts: Sequence[str]) -> list[str]:
    """Words tell English; scripts tell East Asian languages; the model is asked about the rest."""
    plain = [text[:CHARS_READ] for text in texts]
    for i in np.flatnonzero(_match(plain, _NOISE_SIGNS)):
        plain[i] = _NOISE.sub(" ", plain[i])
    column = _column(plain)
    english = _match(column, ENGLISH) & _match(column, _ENOUGH_LETTERS) & ~_match(column, FOREIGN)
    languages = np.where(english, "en", UNKNOWN).astype(object)
    rest = np.flatnonzero(~english)
    if len(rest):
        languages[rest] = _by_letters([plain[i] for i in rest])
    return languages.tolist()


def _by_letters(texts: list[str]) -> np.ndarray:
    letters, kana, hangul, han = _script_counts(texts)
    found = np.full(len(texts), UNKNOWN, dtype=object)
    east_asian = (kana + hangul + han > 0) & (3 * (kana + hangul + han) >= letters)
    japanese = east_asian & (kana * 5 >= han) & (kana > 0)
    found[east_asian] = np.where(hangul > han, "ko", "zh")[east_asian]
    found[japanese] = "ja"
    asked = np.flatnonzero(~east_asian & (letters >= LEAST_LETTERS))
    if len(asked):
        labels, confidences = letter_model(LANGUAGES).classify([texts[i] for i in asked])
        labels[labels == "nb"] = "no"
        found[asked] = np.where(confidences < LEAST_CONFIDENCE, UNKNOWN, labels)
    return found


def _script_counts(texts: list[str]) -> tuple[np.ndarray, ...]:
    """Letters of any script, then kana, hangul and han, a number a text."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = _kinds(codes)
    ends = np.cumsum([len(text) for text in texts])

    def per_text(wanted: np.ndarray) -> np.ndarray:
        total = np.concatenate([[0], np.cumsum(wanted)])
        return np.diff(total[ends], prepend=0)

    return per_text(kinds > 0), *(per_text(kinds == kind) for kind in (2, 3, 4))


def _kinds(codes: np.ndarray) -> np.ndarray:
    """By code point: 0 no letter, 1 letter, 2 kana, 3 hangul, 4 han."""
    known = _known_kinds()
    for code in np.unique(codes[known[codes] == _NOT_YET]).tolist():
        char = chr(code)
        kinds = [kind for kind, pattern in _KINDS.items() if pattern.match(char)]
        known[code] = max(kinds, default=0)
    return known[codes]


@lru_cache(maxsize=1)
def _known_kinds() -> np.ndarray:
    """Filled as characters are met: all of them at once take a tenth of a second."""
    return np.full(sys.maxunicode + 1, _NOT_YET, dtype=np.uint8)


def _match(texts: Sequence[str] | pa.Array, pattern: str) -> np.ndarray:
    column = texts if isinstance(texts, pa.Array) else _column(texts)
    return pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False)


def _column(texts: Sequence[str]) -> pa.Array:
    try:
        return pa.array(texts, type=pa.large_string())
    except UnicodeEncodeError:  # half a surrogate pair
        return pa.array([text.encode("utf-8", "replace").decode() for text in texts], type=pa.large_string())


def detect_one(text: str) -> str:
    """By script or by the model alone, which `detect` is measured against."""
    plain = _NOISE.sub(" ", text[:CHARS_READ])
    letters = len(_LETTERS.findall(plain))
    if not plain.isascii() and (east_asian := _by_script(plain, letters)):
        return east_asian
    if letters < LEAST_LETTERS:
        return UNKNOWN
    language, confidence = letter_model(LANGUAGES).identifier.classify(plain)
    if language not in LANGUAGES or confidence < LEAST_CONFIDENCE:
        return UNKNOWN
    return "no" if language == "nb" else language


def named(value: str) -> str:
    """The code for what a language column says: "en-GB", "EN" and "English" are "en"."""
    value = value.strip().lower()
    if re.fullmatch(r"[a-z]{2}(?:[-_][a-z0-9-]{2,12})?", value):
        return value[:2]
    return _NAMES.get(value, UNKNOWN)


def _by_script(text: str, letters: int) -> str:
    """zh, ja or ko when a third of the letters says so: these words hold few letters."""
    kana, hangul, han = (len(pattern.findall(text)) for pattern in (_KANA, _HANGUL, _HAN))
    if 3 * (kana + hangul + han) < max(letters, 1):
        return ""
    if kana * 5 >= han and kana:
        return "ja"
    return "ko" if hangul > han else "zh"
