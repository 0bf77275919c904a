"""The language of each comment: by script where the script tells, else by py3langid."""

import re
from collections.abc import Iterable
from functools import lru_cache

UNKNOWN = "unknown"
LEAST_LETTERS = 20  # below, guesses by letters are no better than chance
LEAST_CONFIDENCE = 0.35
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
    r"(?:https?://|www\.)\S{1,2048}|[@#]\w{1,50}|\[(?:email|card|iban|ip|token|phone|handle)\]"
)
_LETTERS = re.compile(r"[^\W\d_]")
_HAN, _KANA, _HANGUL = (
    re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"),
    re.compile("[\u3041-\u30ff]"),
    re.compile("[\uac00-\ud7a3]"),
)


def detect(texts: Iterable[str]) -> tuple[str, ...]:
    """ISO 639-1 codes or "unknown", one a text; equal texts are looked at once."""
    known: dict[str, str] = {}
    found = []
    for text in texts:
        if text not in known:
            known[text] = detect_one(text)
        found.append(known[text])
    return tuple(found)


def detect_one(text: str) -> str:
    plain = _NOISE.sub(" ", text[:CHARS_READ])
    letters = len(_LETTERS.findall(plain))
    if not plain.isascii() and (east_asian := _by_script(plain, letters)):
        return east_asian
    if letters < LEAST_LETTERS:
        return UNKNOWN
    language, confidence = _identifier().classify(plain)
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


@lru_cache(maxsize=1)
def _identifier():  # noqa: ANN202 - the type needs the import that this function delays
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in LANGUAGES if code in set(identifier.labels)])
    return identifier
