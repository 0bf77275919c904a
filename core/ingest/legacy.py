"""How plausible a text is in each of the encodings that were usual before UTF-8."""

from dataclasses import dataclass

MOST_READINGS = 5

# In order of preference when two read a file equally well.
LEGACY = (
    "cp1252",
    "gb18030",
    "cp932",
    "euc_jp",
    "cp949",
    "big5",
    "cp1251",
    "koi8_r",
    "iso8859_5",
    "iso8859_7",
    "cp1253",
    "cp1250",
    "iso8859_2",
    "cp1254",
    "cp1255",
    "cp1256",
    "mac_roman",
    "cp850",
)
NAMES = {
    "cp1252": "Western European (Windows-1252)",
    "gb18030": "Chinese (GB18030)",
    "cp932": "Japanese (Shift-JIS)",
    "euc_jp": "Japanese (EUC-JP)",
    "cp949": "Korean (CP949)",
    "big5": "Chinese (Big5)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "iso8859_5": "Cyrillic (ISO 8859-5)",
    "iso8859_7": "Greek (ISO 8859-7)",
    "cp1253": "Greek (Windows-1253)",
    "cp1250": "Central European (Windows-1250)",
    "iso8859_2": "Central European (ISO 8859-2)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "mac_roman": "Western European (Mac)",
    "cp850": "Western European (DOS)",
}
# Letters that make up most of a text in the scripts above; a wrong encoding gives rare ones.
_COMMON = frozenset(
    "éèàçùêâîôûëïüöäßñóíáúãõåøæœ"
    "ąćęłńśźżčďěňřšťůžýőű"
    "ığş"
    "оеаинтсрвлкмдп"
    "αοιετσνηυρκπςάέίόή"
    "יוהלאמרתבשנע"
    "اليمونرتبةعد"
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年"
    "過後作里好吃送餐很没味道快东西點來說時會對這個們國沒還服務"
    "のにはをたがでてとしれさいるもなこきりまっすあかくよらスンルトイアプリー"
    "이다는에의가을를은고하지도한로습니요어아"
)
_TYPOGRAPHY = frozenset("“”‘’„–—…€£©®°«»¿¡·、。，！？；：（）《》「」～　")
_RARER = frozenset("ńďňőűťů")
# Added to the plausibility: how usual such files are.
_PRIOR = {
    "cp1252": 0.1,
    "mac_roman": -0.25,
    "cp850": -0.2,
    "iso8859_5": -0.1,
    "koi8_r": -0.05,
    "euc_jp": -0.05,
}
_WITHOUT_KANA = ("gb18030", "big5", "cp949")  # they can spell Japanese, but nobody does


def plausibility(sample: bytes, encoding: str) -> float:
    """Mean over the non-ASCII characters: 1 for a letter that is common, below 0 for nonsense."""
    text = f" {sample.decode(encoding, 'replace')} "
    points = []
    for before, char, after in zip(text, text[1:], text[2:], strict=False):
        if char >= "\x80":
            points.append(_points(before, char, after))
            if encoding in _WITHOUT_KANA and "\u3041" <= char <= "\u30ff":
                points[-1] -= 1.0
    return sum(points) / len(points) if points else 0.0


def _points(before: str, char: str, after: str) -> float:  # noqa: PLR0911 - one rule a line
    if char == "\ufffd" or "\x80" <= char <= "\x9f" or "\ue000" <= char <= "\uf8ff":
        return -4.0
    if not char.isalpha():
        if char == "’" and before.isalpha() and after.isalpha():
            return 0.8
        return 0.5 if char in _TYPOGRAPHY else -0.5
    if "\uff61" <= char <= "\uff9f":
        return -0.3  # narrow katakana: any byte can be one
    latin = _script(char) == "latin"
    if _script(char) != "other" and not (before.isalpha() or after.isalpha()):
        return (
            0.2 if latin else (0.5 if char.lower() in _COMMON else 0.1)
        )  # words of one letter are rare, signs beside digits are not
    if latin and before >= "\x80" and before.isalpha():
        return -0.5  # accented letters seldom stand side by side
    if char in "þðÞÐ":
        return -0.2  # Icelandic only, while the same bytes are frequent letters of Turkish
    points = (0.85 if char.lower() in _RARER else 1.0) if char.lower() in _COMMON else 0.3
    if before.isalpha():
        if char.isupper():  # the case flips inside a word, or the word is all capitals
            points -= 1.0 if before.islower() else 0.5
        points -= _script(before) != _script(char)
    return points


def _script(char: str) -> str:
    """A coarse script: enough to see Latin and Cyrillic letters in one word."""
    if char < "\u0250":
        return "latin"
    if char < "\u0400":
        return "greek"
    if char < "\u0530":
        return "cyrillic"
    return "other"


@dataclass(frozen=True)
class Reading:
    """One way to read a file that is not Unicode."""

    encoding: str
    score: float  # plausibility of its text

    @property
    def name(self) -> str:
        return NAMES[self.encoding]


def readings(sample: bytes) -> tuple[Reading, ...]:
    """The plausible readings that differ in the text, best first; one alone when the evidence is clear."""
    plain = {encoding: plausibility(sample, encoding) for encoding in LEGACY}
    if max(plain.values()) <= 0:
        return ()
    scores = {encoding: plain[encoding] + _PRIOR.get(encoding, 0.0) for encoding in LEGACY}
    ranked = sorted(LEGACY, key=lambda encoding: -scores[encoding])  # equals keep their order
    best = scores[ranked[0]]
    # Few letters are weak evidence; the characters of Eastern Asia take two bytes each.
    letters = sum(byte >= 0x80 for byte in sample)
    margin = 0.02 + 0.6 / max(letters, 3)
    kept: dict[str, Reading] = {}
    for encoding in ranked:
        text = sample.decode(encoding, "replace")
        if scores[encoding] >= best - margin and plain[encoding] > 0 and text not in kept:
            kept[text] = Reading(encoding, scores[encoding])
    return tuple(kept.values())[:MOST_READINGS]
