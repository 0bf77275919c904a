"""What kind of file the first bytes say it is. Nothing is ever unpacked."""

import re

from core.errors import NotText

HEAD = 64 * 1024

_SPREADSHEET = (
    "This is an Excel workbook, not a CSV file. Open it in Excel, choose 'Save as' > 'CSV UTF-8' "
    "and upload the new file."
)
_ARCHIVE = "This is a packed archive ({kind}). Unpack it first and upload the CSV file inside."
_DATABASE = "This is a {kind} file. Export the table as CSV and upload that."
_IMAGE = "This is a picture ({kind}). Upload the feedback itself as a CSV file."

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
)
_BINARY = "This is not a text file. Export the feedback as a CSV file (plain text) and upload that."
_WEB_PAGE = "This is a web page (HTML or XML), not a CSV file. Export the table as CSV and upload that."
_JSON = "This is JSON, not a CSV file. Export the feedback as CSV (one row a comment) and upload that."
_NOT_TEXT_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")


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
