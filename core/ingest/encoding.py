"""Which encoding the bytes of a file are in: byte order marks, UTF-8, UTF-16, then the plausible old ones.

The whole file is looked at, a piece at a time: one accent far below decides.
"""

import codecs
import re
from dataclasses import dataclass, field

from core.errors import BadFile, NotText
from core.ingest.file_type import refuse_binary
from core.ingest.legacy import NAMES, Reading, readings
from core.ingest.source import UTF8_ERRORS, ByteSource

SAMPLE = 40_000  # bytes in lines with accents that are judged
HEAD = 1_000_000

_BOMS = (  # UTF-32 first: its little endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT_CODECS = {
    "idna",
    "punycode",
    "undefined",
    "unicode-escape",
    "raw-unicode-escape",
    "utf-7",
    "mbcs",
    "oem",
}
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SURROGATE = re.compile(b"\xed[\xa0-\xbf][\x80-\xbf]")
_BROKEN = "Characters that could not be read as {name} and were replaced by \ufffd: {count:,}."


@dataclass(frozen=True)
class Encoding:
    name: str  # as shown and as answer; a name Python knows
    codec: str  # that decodes what stands behind the mark
    skip: int = 0  # bytes of the byte order mark
    warnings: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = field(default=())  # two or more when only a person can tell
    sample: bytes = b""  # lines in which the readings differ
    valid_utf8: bool = False


def find_encoding(source: ByteSource, answer: str | None = None) -> Encoding:
    """Raises NotText when no reading of the bytes makes text, BadFile for an answer that is no encoding."""
    head = source.head(HEAD)
    if answer is not None:
        return _given(source, head, answer)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return _marked(source, name, len(mark))
    if wide := _wide_without_mark(head):
        note = f"The file does not name its encoding; it was read as {wide.upper()}. Check the accents."
        return Encoding(wide, wide, 0, (note, *_broken(source, wide, 0, wide)))
    refuse_binary(head)
    return _utf8(source) or _legacy(source)


def _utf8(source: ByteSource) -> Encoding | None:
    if _fits(source, "utf-8", 0):
        return Encoding("utf-8", "utf-8", valid_utf8=True)
    broken, valid = _utf8_errors(source)
    if not broken:
        return Encoding("utf-8", "utf-8")
    # A few broken bytes among much valid UTF-8: by chance another encoding hardly makes any, nor
    # surrogates in three bytes.
    if valid >= 20 * broken or broken == sum(len(_SURROGATE.findall(piece)) for piece in source.pieces()):
        return Encoding("utf-8", "utf-8", 0, (_BROKEN.format(name="utf-8", count=broken),))
    return None


def _given(source: ByteSource, head: bytes, answer: str) -> Encoding:
    try:
        codec = codecs.lookup(answer.strip())
        usable = codec._is_text_encoding and codec.name not in _NO_TEXT_CODECS  # noqa: SLF001
    except (LookupError, ValueError, UnicodeError):
        usable = False
    if not usable:
        raise BadFile(f"'{answer[:40]}' is no encoding. Choose one of the list, such as utf-8 or cp1252.")
    for mark, name in _BOMS:
        if head.startswith(mark) and codec.name in (name, name.removesuffix("-sig"), name[:6]):
            return _marked(source, name, len(mark))
    name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(codec.name, codec.name)
    broken = _broken(source, name, 0, answer.strip())
    return Encoding(answer.strip(), name, 0, broken, valid_utf8=name == "utf-8" and not broken)


def _marked(source: ByteSource, name: str, skip: int) -> Encoding:
    codec = name.removesuffix("-sig")
    broken = _broken(source, codec, skip, name)
    return Encoding(name, codec, skip, broken, valid_utf8=codec == "utf-8" and not broken)


def _broken(source: ByteSource, codec: str, skip: int, name: str) -> tuple[str, ...]:
    """A warning when bytes of the file are none of a known encoding."""
    if _fits(source, codec, skip):
        return ()
    own = "\ufffd".encode(codec, "ignore")
    decoder = codecs.getincrementaldecoder(codec)(UTF8_ERRORS if codec == "utf-8" else "replace")
    count = 0
    for piece in source.pieces(skip):
        count += decoder.decode(piece).count("\ufffd") - (piece.count(own) if own else 0)
    count += decoder.decode(b"", True).count("\ufffd")
    return (_BROKEN.format(name=name, count=max(count, 1)),)


def _fits(source: ByteSource, codec: str, skip: int) -> bool:
    """Whether all bytes behind the mark are of the encoding."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    try:
        for piece in source.pieces(skip):
            if codec != "utf-8" or not piece.isascii() or decoder.getstate()[0]:
                decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeError:
        return False
    return True


def _utf8_errors(source: ByteSource) -> tuple[int, int]:
    """(places that are no UTF-8, characters outside ASCII that are), counted up to the first many errors."""
    decoder = codecs.getincrementaldecoder("utf-8")(UTF8_ERRORS)
    broken = valid = 0
    for piece in source.pieces():
        if piece.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(piece)
        broken += text.count("\ufffd") - piece.count(b"\xef\xbf\xbd")
        if broken:  # the share is needed only then
            valid += sum(char >= "\x80" and char != "\ufffd" for char in text)
        else:
            valid += len(piece) - len(text)
        if broken > 1_000 and valid < 20 * broken:
            return broken, valid
    broken += decoder.decode(b"", True).count("\ufffd")
    return broken, valid


def _wide_without_mark(head: bytes) -> str:
    """UTF-16 or UTF-32 that lacks its mark, told by where the zero bytes stand; else ""."""
    zeros = [head[i::4].count(0) for i in range(4)]
    if sum(zeros) < 2:
        return ""
    quarter = len(head) / 4
    if min(zeros[1], zeros[2], zeros[3]) > 0.9 * quarter or min(zeros[0], zeros[1], zeros[2]) > 0.9 * quarter:
        encoding = "utf-32-le" if zeros[3] > zeros[0] else "utf-32-be"
    elif zeros[1] + zeros[3] > 20 * (zeros[0] + zeros[2]):
        encoding = "utf-16-le"
    elif zeros[0] + zeros[2] > 20 * (zeros[1] + zeros[3]):
        encoding = "utf-16-be"
    else:
        return ""
    width = 4 if encoding.startswith("utf-32") else 2
    start = head[: len(head) // width * width].decode(encoding, "replace")
    strange = start.count("\ufffd") + len(_CONTROLS.findall(start))
    return encoding if re.search(r"[\r\n]", start) and strange <= len(start) / 20 else ""


def _legacy(source: ByteSource) -> Encoding:
    sample = _accented(source)
    found = readings(sample)
    if not found:
        raise NotText(
            "The letters of this file could not be read. Save it as 'CSV UTF-8' in the program it comes "
            "from and upload it again."
        )
    best = found[0].encoding
    note = f"The file is not UTF-8; it was read as {NAMES[best]}. Check that accents look right."
    unclear = found if len(found) > 1 else ()
    return Encoding(best, best, 0, (note, *_broken(source, best, 0, NAMES[best])), unclear, sample)


def _accented(source: ByteSource) -> bytes:
    """Lines with bytes outside ASCII, from all over the file; whole ones, as cuts break characters."""
    share = max(SAMPLE * 2_000_000 // max(source.size, 1), 400)
    lines: list[bytes] = []
    rest = b""
    for piece in source.pieces():
        text = rest + piece
        end = text.rfind(b"\n") + 1 or text.rfind(b"\r") + 1
        rest = text[end:][-HEAD:]
        lines += _some(text[:end] if end else b"", share)
    return b"\n".join(lines + _some(rest, share))[: 2 * SAMPLE]


def _some(text: bytes, most: int) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    for found in re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*", text):
        lines.append(found[0][:SAMPLE])
        size += len(lines[-1])
        if size > most:
            break
    return lines
