"""The zip file around an Excel workbook, checked by its directory before anything is unpacked."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from pyexpat import ExpatError, ParserCreate
from typing import BinaryIO
from xml.etree.ElementTree import ParseError  # noqa: S405 - the parts are checked for entities here

from core.errors import BadFile, NotText, TooLarge

MOST_PARTS = 5_000
DIRECTORY = 4 * 2**20  # bytes of the zip directory; Excel's own take some kilobytes
UNPACKED = 10  # times the size limit of a file, for all parts together
RATIO = 400  # unpacked to packed bytes of a part over 10 MB; repetitive sheets reach 100
PROLOG = 64 * 1024  # bytes before the first element of an XML part
SMALL = 20 * 2**20  # bytes of a part that is read at once
_READ_WHOLE = (".rels", "workbook.xml", "styles.xml", "[content_types].xml")
_PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_AGAIN = "Open it in Excel, choose 'Save as' > 'Excel workbook (.xlsx)' and upload the new file."


def open_package(source: Path | bytes, max_bytes: int) -> zipfile.ZipFile:
    """The parts of a workbook, none of which holds macros, links to other files or entities.

    Raises NotText, TooLarge or BadFile with the next step.
    """
    file = BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    size = file.seek(0, 2)
    if size > max_bytes:
        raise TooLarge(
            f"The file has {size / 1e6:,.0f} MB; at most {max_bytes / 1e6:,.0f} MB can be read. "
            "Split it into several files and upload one after the other."
        )
    _check_directory(file, size)
    with damage():
        package = zipfile.ZipFile(file)
        _check_sizes(package, max_bytes)
        _check_names(package)
        for part in package.infolist():
            _check_prolog(package, part)
    return package


@contextmanager
def damage() -> Iterator[None]:
    """What the parsers raise over broken XML becomes one sentence."""
    try:
        yield
    except (ParseError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise BadFile(
            "This workbook is cut off or damaged. Open it in Excel, let it be repaired, save it as .xlsx "
            "and upload it again."
        ) from error
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise BadFile(
            "A part of this workbook is not as Excel writes it. Open it in Excel, choose 'Save as' > "
            "'Excel workbook (.xlsx)' or 'CSV UTF-8' and upload the new file."
        ) from error


def unpacked_bytes(package: zipfile.ZipFile) -> int:
    return sum(part.file_size for part in package.infolist())


def _check_directory(file: BinaryIO, size: int) -> None:
    """Bound the directory by the record at the end of the file: opening reads all of it at once."""
    file.seek(max(0, size - 65_557 - 76))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise BadFile(f"This workbook is cut off or damaged. {_AGAIN}")
    entries, length = struct.unpack("<HI", tail[end + 10 : end + 16])
    wide = tail.rfind(b"PK\x06\x06", 0, end)
    if wide >= 0 and end >= wide + 56:  # zip64, which a few programs always write
        entries, length = struct.unpack("<QQ", tail[wide + 32 : wide + 48])
    if entries > MOST_PARTS or length > DIRECTORY:
        raise TooLarge(f"This workbook has far more parts ({entries:,}) than Excel writes. {_AGAIN}")


def _check_sizes(package: zipfile.ZipFile, max_bytes: int) -> None:
    parts = package.infolist()
    if len(parts) > MOST_PARTS:
        raise TooLarge(f"This workbook has far more parts ({len(parts):,}) than Excel writes. {_AGAIN}")
    unpacked, most = unpacked_bytes(package), UNPACKED * max_bytes
    if unpacked > most:
        raise TooLarge(
            f"This workbook unpacks to {unpacked / 1e6:,.0f} MB; at most {most / 1e6:,.0f} MB can be read. "
            "Save the sheet with the feedback as CSV UTF-8, or split it."
        )
    for part in parts:
        if part.file_size > SMALL and part.filename.lower().endswith(_READ_WHOLE):
            raise TooLarge(f"The part '{part.filename[-40:]}' of this workbook is far too large. {_AGAIN}")
        if part.file_size > 10e6 and part.file_size > RATIO * max(part.compress_size, 1):
            raise TooLarge(
                f"A part of this workbook grows from {part.compress_size / 1e3:,.0f} kB to "
                f"{part.file_size / 1e6:,.0f} MB, which no table of comments does. Save the sheet as CSV."
            )


def _check_names(package: zipfile.ZipFile) -> None:
    names = [part.filename for part in package.infolist()]
    lower = [name.lower() for name in names]
    if any(part.flag_bits & 1 for part in package.infolist()):
        raise NotText(f"This workbook is protected by a password. Remove the password. {_AGAIN}")
    if any(part.compress_type not in _PLAIN for part in package.infolist()):
        raise NotText(f"This workbook is packed in a way that Excel does not use. {_AGAIN}")
    if len(set(lower)) < len(lower) or any(".." in name.split("/") or "\\" in name for name in names):
        raise NotText(f"The parts of this workbook have names that Excel does not write. {_AGAIN}")
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in lower):
        raise NotText(f"This workbook holds macros (.xlsm), which are never opened. {_AGAIN}")
    if any(name.startswith("xl/externallinks/") for name in lower):
        raise NotText(
            "This workbook takes values from other files (external links). In Excel choose 'Data' > "
            "'Edit links' > 'Break link', save it and upload it again."
        )
    if "xl/workbook.bin" in lower or "[content_types].xml" not in lower:
        raise NotText(f"This is no Excel workbook (.xlsx). {_AGAIN}")


class _Begun(Exception):
    """The first element was reached."""


def _check_prolog(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse document types, and with them entities: both can only stand before the first element."""

    def refuse(*_: object) -> None:
        raise NotText(
            f"This workbook defines XML entities, which Excel never does and which may hide a bomb. {_AGAIN}"
        )

    def begun(*_: object) -> None:
        raise _Begun

    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = begun
    try:
        with package.open(part) as file:
            parser.Parse(file.read(PROLOG), False)
    except (_Begun, ExpatError):  # a part that is no XML fails where it is read as such, if ever
        return
    if part.file_size > PROLOG:
        raise NotText(f"A part of this workbook begins in a way that Excel never writes. {_AGAIN}")
