"""What kind of file the first bytes say it is, whatever its name says. Nothing is ever unpacked."""

import codecs
import json
import re
from typing import Literal

from core.errors import NotText

Kind = Literal["csv", "xlsx", "jsonl"]

HEAD = 64 * 1024

_SPREADSHEET = (
    "This is an Excel workbook, not a CSV file. Open it in Excel, choose 'Save as' > 'CSV UTF-8' "
    "and upload the new file."
)
_ARCHIVE = "This is a packed archive ({kind}). Unpack it first and upload the CSV file inside."
_DATABASE = "This is a {kind} file. Export the table as CSV and upload that."
_IMAGE = "This is a picture ({kind}). Upload the feedback itself as a CSV file."
_SOUND = "This is a sound or video file ({kind}). Upload the feedback itself as a CSV file."
_PROGRAM = "This is a program ({kind}), not a table. Upload the feedback as a CSV file."
_DOCUMENT = "This is a {kind}. Save the table in it as CSV UTF-8 and upload that."

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _SPREADSHEET),
    (b"%PDF-", "This is a PDF. Export the table behind it as CSV and upload that."),
    (b"\x1f\x8b", _ARCHIVE.format(kind="gzip")),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE.format(kind="7z")),
    (b"Rar!\x1a\x07", _ARCHIVE.format(kind="rar")),
    (b"\xfd7zXZ\x00", _ARCHIVE.format(kind="xz")),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE.format(kind="zstd")),
    (b"SQLite format 3\x00", _DATABASE.format(kind="SQLite")),
    (b"PAR1", _DATABASE.format(kind="Parquet")),
    (b"ARROW1\x00\x00", _DATABASE.format(kind="Arrow")),
    (b"\x89PNG\r\n\x1a\n", _IMAGE.format(kind="PNG")),
    (b"\xff\xd8\xff", _IMAGE.format(kind="JPEG")),
    (b"GIF87a", _IMAGE.format(kind="GIF")),
    (b"GIF89a", _IMAGE.format(kind="GIF")),
    (b"II*\x00", _IMAGE.format(kind="TIFF")),
    (b"MM\x00*", _IMAGE.format(kind="TIFF")),
    (b"{\\rtf", "This is a rich text document. Save the table as CSV and upload that."),
    (b"\x1f\x9d", _ARCHIVE.format(kind="compress")),
    (b"\x1f\xa0", _ARCHIVE.format(kind="compress")),
    (b"\x04\x22\x4d\x18", _ARCHIVE.format(kind="lz4")),
    (b"LZIP\x01", _ARCHIVE.format(kind="lzip")),
    (b"MSCF\x00\x00", _ARCHIVE.format(kind="cab")),
    (b"\x00\x01\x00\x00Standard ", _DATABASE.format(kind="Microsoft Access")),
    (b"FEA1\x00", _DATABASE.format(kind="Feather")),
    (b"\x89HDF\r\n\x1a\n", _DATABASE.format(kind="HDF5")),
    (b"Obj\x01", _DATABASE.format(kind="Avro")),
    (b"\x93NUMPY", _DATABASE.format(kind="NumPy")),
    (b"$FL2", _DATABASE.format(kind="SPSS")),
    (b"$FL3", _DATABASE.format(kind="SPSS")),
    (b"<stata_dta>", _DATABASE.format(kind="Stata")),
    (b"bplist00", _DATABASE.format(kind="property list")),
    (b"\x7fELF", _PROGRAM.format(kind="Linux")),
    (b"\xcf\xfa\xed\xfe", _PROGRAM.format(kind="macOS")),
    (b"\xca\xfe\xba\xbe", _PROGRAM.format(kind="Java or macOS")),
    (b"\x00asm", _PROGRAM.format(kind="WebAssembly")),
    (b"ID3\x03", _SOUND.format(kind="MP3")),
    (b"ID3\x04", _SOUND.format(kind="MP3")),
    (b"OggS\x00", _SOUND.format(kind="Ogg")),
    (b"\x1aE\xdf\xa3", _SOUND.format(kind="Matroska")),
    (b"\x00\x00\x01\x00", _IMAGE.format(kind="icon")),
    (b"8BPS\x00", _IMAGE.format(kind="Photoshop")),
    (b"%!PS-Adobe", "This is a PostScript document. Export the table behind it as CSV and upload that."),
)
_PACKED = (  # names inside a zip file, most telling first
    (rb"xl/workbook\.bin", _DOCUMENT.format(kind="binary Excel workbook (.xlsb)")),
    (rb"word/", _DOCUMENT.format(kind="Word document")),
    (rb"ppt/", _DOCUMENT.format(kind="PowerPoint file")),
    (rb"Index/Document\.iwa|Index\.zip", _DOCUMENT.format(kind="Numbers or Pages document")),
    (rb"AndroidManifest\.xml|META-INF/MANIFEST\.MF", _PROGRAM.format(kind="Java or Android")),
    (rb"[^/]{1,80}/(data\.pkl|byteorder)", _PROGRAM.format(kind="PyTorch model")),
)
_ZIP_NAME = rb"PK\x03\x04.{26}(?:%s)"
_OLD_OFFICE = (  # names of streams in the directory of an OLE file
    (
        "EncryptedPackage",
        "This workbook is protected by a password. Open it, remove the password, save it as .xlsx and "
        "upload it again.",
    ),
    ("WordDocument", _DOCUMENT.format(kind="Word document")),
    ("PowerPoint Document", _DOCUMENT.format(kind="PowerPoint file")),
    ("__properties_version1.0", _DOCUMENT.format(kind="Outlook message")),
)
_OLD_WORKBOOK = (
    "This is an old Excel workbook (.xls). Open it in Excel, choose 'Save as' > 'Excel workbook (.xlsx)' "
    "or 'CSV UTF-8' and upload the new file."
)
_NOT_LINES = (
    "This is one JSON document, not a table. Save it as JSON Lines (one object a line) or as CSV and "
    "upload that."
)
_BINARY = "This is not a text file. Export the feedback as a CSV file (plain text) and upload that."
_WEB_PAGE = "This is a web page (HTML or XML), not a CSV file. Export the table as CSV and upload that."
_JSON = "This is JSON, not a CSV file. Export the feedback as CSV (one row a comment) and upload that."
_NOT_TEXT_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")


def file_kind(head: bytes) -> Kind:
    """Which reader takes a file that begins so; at least its first HEAD bytes, or all of it.

    Raises NotText with the next step for every other format. What is not known to be something else is
    "csv": the reader looks at the text itself.
    """
    if _is_zip(head):
        return _in_zip(head)
    _refuse_by_place(head)
    refuse_other_formats(head)
    text = _begin(head)
    if text is None:
        return "csv"
    if re.match(r"\[\s*[\{\[]", text):
        raise NotText(_NOT_LINES)
    if re.match(r'\{\s*(?:"|\}|$)', text):
        return _json_kind(text, len(head) >= HEAD)
    refuse_markup(text)
    return "csv"


def _is_zip(head: bytes) -> bool:
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def _in_zip(head: bytes) -> Kind:
    """Excel's own files by the names of their parts; every other zip file is refused by name."""
    for names, message in _PACKED:
        if re.search(_ZIP_NAME % names, head[:HEAD], re.DOTALL):
            raise NotText(message)
    if re.search(_ZIP_NAME % rb"mimetypeapplication/", head[:200], re.DOTALL):
        table = b"opendocument.spreadsheet" in head[:200]
        kind = "LibreOffice or OpenOffice table (.ods)" if table else "document (ODF or e-book)"
        step = "as .xlsx or CSV UTF-8" if table else "the table in it as CSV UTF-8"
        raise NotText(f"This is a {kind}. Save {'it ' if table else ''}{step} and upload that.")
    if re.search(_ZIP_NAME % rb"xl/|\[Content_Types\]\.xml", head[:HEAD], re.DOTALL):
        return "xlsx"
    raise NotText(_ARCHIVE.format(kind="zip"))


def _refuse_by_place(head: bytes) -> None:
    """Formats that more than one fixed beginning tells."""
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        for name, message in _OLD_OFFICE:
            if name.encode("utf-16-le") in head:
                raise NotText(message)
        raise NotText(_OLD_WORKBOOK)
    binary = b"\x00" in head[:512]
    if head[257:262] == b"ustar":
        raise NotText(_ARCHIVE.format(kind="tar"))
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05" and len(head) > 1:
        raise NotText(
            "This is a Python pickle. It can run code, so it is never opened. Export the table as CSV."
        )
    if binary and head[:2] == b"MZ":
        raise NotText(_PROGRAM.format(kind="Windows"))
    if binary and head[:2] == b"BM":
        raise NotText(_IMAGE.format(kind="BMP"))
    if binary and head[:3] == b"ORC":
        raise NotText(_DATABASE.format(kind="ORC"))
    if head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"AVI "):
        raise NotText(_SOUND.format(kind="WAV or AVI"))
    if binary and head[4:8] == b"ftyp":
        raise NotText(_SOUND.format(kind="MP4 or HEIC"))


def _begin(head: bytes) -> str | None:
    """The text behind a byte order mark and blank space; None where the encoding is not plain to see."""
    head = head[:HEAD]
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="replace").lstrip()
    return None if b"\x00" in head[:4] else head.decode("utf-8", errors="replace").lstrip()


def _json_kind(text: str, cut: bool) -> Kind:
    """ "jsonl" when one of the first lines is a whole object; raises NotText for one large document."""
    lines = [line for line in text.split("\n") if line.strip()]
    whole = lines[:-1] if cut and len(lines) > 1 else lines
    objects = [value for line in whole[:20] if isinstance(value := _parsed(line), dict)]
    if len(lines) == 1:
        nested = r'\{\s*"(?:[^"\\]|\\.)*"\s*:\s*[\[\{]'
        parts = objects[0].values() if objects else ()
        tables = any(isinstance(part, list) and part and isinstance(part[0], dict) for part in parts)
        if tables or (cut and re.match(nested, lines[0])):
            raise NotText(_NOT_LINES)
        return "jsonl" if objects or cut else _not_an_object(lines[0])
    if objects:
        return "jsonl"
    if re.match(r'\{\s*"[^"]*"\s*:', text) or lines[0].strip() == "{":
        raise NotText(_NOT_LINES)
    return "csv"


def _not_an_object(line: str) -> Kind:
    if re.match(r'\{\s*"[^"]*"\s*:', line):
        raise NotText("This looks like JSON, but its only line is broken. Save it as JSON Lines or as CSV.")
    return "csv"


def _parsed(line: str) -> object:
    try:
        return json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None


def refuse_other_formats(data: bytes) -> None:
    """Raise NotText with the next step when the first bytes are those of a known format."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        office = b"xl/" in data[:HEAD] or b"[Content_Types].xml" in data[:HEAD]
        raise NotText(_SPREADSHEET if office else _ARCHIVE.format(kind="zip"))
    if data[:3] == b"BZh" and data[4:10] == b"1AY&SY":
        raise NotText(_ARCHIVE.format(kind="bzip2"))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        raise NotText(_IMAGE.format(kind="WebP"))
    for magic, message in _MAGIC:
        if data.startswith(magic):
            raise NotText(message)


def refuse_binary(data: bytes) -> None:
    """Raise NotText when more than one byte in ten is a control byte (single-byte and UTF-8 files)."""
    head = data[:HEAD]
    if len(_NOT_TEXT_BYTES.findall(head)) * 10 > len(head):
        raise NotText(_BINARY)


def refuse_markup(text: str) -> None:
    """Raise NotText for a web page or JSON that carries the name of a CSV file."""
    start = text[:2000].lstrip()
    if re.match(r"<(!doctype|html|head|body|table|\?xml|svg)\b", start, re.IGNORECASE):
        raise NotText(_WEB_PAGE)
    if re.match(r'\{\s*"[^"]*"\s*:|\[\s*[\{\[]', start):
        raise NotText(_JSON)
