"""File bytes to text: byte order marks, UTF-8, UTF-16, then the most plausible legacy encoding."""

import codecs
import re
from dataclasses import dataclass

from core.errors import NotText
from core.ingest.file_type import refuse_binary

SAMPLE = 1_000_000  # bytes that are looked at when an encoding has to be assumed

_BOMS = (  # UTF-32 first: its little endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# In order of preference when two read a file equally well.
_LEGACY = (
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
_NAMES = {
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
_WITHOUT_KANA = ("gb18030", "big5", "cp949")  # they can spell Japanese, but nobody does
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Decoded:
    text: str
    encoding: str  # the name Python knows it by
    warnings: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """The text of a file without byte order mark and control characters.

    Raises NotText when no reading of the bytes makes text.
    """
    decoded = _by_mark(data) or _wide_without_mark(data)
    if decoded is None:
        refuse_binary(data)
        decoded = _utf8(data) or _legacy(data)
    text, replaced = _CONTROLS.subn("\ufffd", decoded.text)
    if not replaced:
        return decoded
    note = f"Control or broken characters that were replaced by \ufffd: {replaced:,}."
    return Decoded(text, decoded.encoding, (*decoded.warnings, note))


def _by_mark(data: bytes) -> Decoded | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _forgiving(data[len(mark) :], encoding)
    return None


def _forgiving(data: bytes, encoding: str) -> Decoded:
    """Decode in an encoding that is known; what is broken becomes U+FFFD and is counted."""
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        # Lone surrogates pass here and are replaced with the control characters.
        return Decoded(data.decode(codec, "surrogatepass"), encoding)
    except UnicodeDecodeError:
        text = data.decode(codec, "replace")
        broken = text.count("\ufffd") - data.count("\ufffd".encode(codec))
        note = f"Characters that could not be read as {encoding} and were replaced by \ufffd: {broken:,}."
        return Decoded(text, encoding, (note,))


def _wide_without_mark(data: bytes) -> Decoded | None:
    """UTF-16 or UTF-32 that lacks its mark, told by where the zero bytes stand."""
    head = data[:SAMPLE]
    zeros = [head[i::4].count(0) for i in range(4)]
    if sum(zeros) < 2:
        return None
    quarter = len(head) / 4
    if min(zeros[1], zeros[2], zeros[3]) > 0.9 * quarter or min(zeros[0], zeros[1], zeros[2]) > 0.9 * quarter:
        encoding = "utf-32-le" if zeros[3] > zeros[0] else "utf-32-be"
    elif zeros[1] + zeros[3] > 20 * (zeros[0] + zeros[2]):
        encoding = "utf-16-le"
    elif zeros[0] + zeros[2] > 20 * (zeros[1] + zeros[3]):
        encoding = "utf-16-be"
    else:
        return None
    width = 4 if encoding.startswith("utf-32") else 2
    start = head[: len(head) // width * width].decode(encoding, "replace")
    if (
        not re.search(r"[\r\n]", start)
        or start.count("\ufffd") + len(_CONTROLS.findall(start)) > len(start) / 20
    ):
        return None
    decoded = _forgiving(data, encoding)
    note = f"The file does not name its encoding; it was read as {encoding.upper()}. Check the accents."
    return Decoded(decoded.text, encoding, (note, *decoded.warnings))


def _utf8(data: bytes) -> Decoded | None:
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        forgiving = _forgiving(data, "utf-8")
    if not forgiving.warnings:  # only lone surrogates were wrong
        return forgiving
    # A few broken bytes among much valid UTF-8: by chance another encoding hardly makes any.
    broken = forgiving.text.count("\ufffd")
    valid = sum(1 for byte in data[:SAMPLE] if byte >= 0xC2)
    return forgiving if valid >= 20 * broken else None


def _legacy(data: bytes) -> Decoded:
    lines = data[:SAMPLE].splitlines()
    if len(data) > SAMPLE:
        lines = lines[:-1] or lines  # the cut may stand inside a character
    sample = b"\n".join(line for line in lines if not line.isascii())[: SAMPLE // 50]
    scores = {encoding: _plausibility(sample, encoding) for encoding in _LEGACY}
    encoding = max(scores, key=lambda name: scores[name])  # the first of equals
    if scores[encoding] <= 0:
        raise NotText(
            "The letters of this file could not be read. Save it as 'CSV UTF-8' in the program it comes "
            "from and upload it again."
        )
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd")
    notes = [f"The file is not UTF-8; it was read as {_NAMES[encoding]}. Check that accents look right."]
    if broken:
        notes.append(f"Characters that could not be read in it and were replaced by \ufffd: {broken:,}.")
    return Decoded(text, encoding, tuple(notes))


def _plausibility(sample: bytes, encoding: str) -> float:
    """Mean over the non-ASCII characters: 1 for a letter that is common, below 0 for nonsense."""
    text = f" {sample.decode(encoding, 'replace')} "
    points = []
    for before, char, after in zip(text, text[1:], text[2:], strict=False):
        if char >= "\x80":
            points.append(_points(before, char, after))
            if encoding in _WITHOUT_KANA and "\u3041" <= char <= "\u30ff":
                points[-1] -= 1.0
    return sum(points) / len(points) if points else 0.0


def _points(before: str, char: str, after: str) -> float:
    if char == "\ufffd" or "\x80" <= char <= "\x9f" or "\ue000" <= char <= "\uf8ff":
        return -4.0
    if not char.isalpha():
        return 0.5 if char in _TYPOGRAPHY else -0.5
    latin = _script(char) == "latin"
    if latin and not (before.isalpha() or after.isalpha()):
        return 0.2  # words of one accented letter are rare, signs beside digits are not
    if latin and before >= "\x80" and before.isalpha():
        return -0.5  # accented letters seldom stand side by side
    points = 1.0 if char.lower() in _COMMON else 0.3
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
