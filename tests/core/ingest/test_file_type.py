import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import tarfile
import zipfile

import openpyxl
import pytest
import xlsxwriter

from core.errors import NotText
from core.ingest.file_type import HEAD, file_kind, refuse_markup, refuse_other_formats


def _zip(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (_zip("xl/workbook.xml"), "CSV UTF-8"),
        (_zip("feedback.csv"), "Unpack it"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "Excel workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (b"SQLite format 3\x00rest", "SQLite"),
        (b"PAR1rest", "Parquet"),
        (b"\x89PNG\r\n\x1a\nrest", "picture"),
    ],
)
def test_known_formats_are_named_with_the_next_step(data, says):
    with pytest.raises(NotText, match=says):
        refuse_other_formats(data)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<!DOCTYPE html><table>", "web page"),
        ("\n<?xml version='1.0'?>", "web page"),
        ('{"text": "hi"}', "JSON"),
        ('[\n {"text": "hi"}]', "JSON"),
    ],
)
def test_pages_and_json_are_refused(text, says):
    with pytest.raises(NotText, match=says):
        refuse_markup(text)


@pytest.mark.parametrize("text", ["[id],[text]\n1,a", "<3 this app,1\n", "{name},b\n", "PKs,b\n"])
def test_tables_that_begin_oddly_pass(text):
    assert refuse_other_formats(text.encode()) is None
    assert refuse_markup(text) is None


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("feedback.csv"))
    return file.getvalue()


def _ods() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<a/>")
    return file.getvalue()


def _ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500 + stream.encode("utf-16-le")


def _workbooks():
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    yield file.getvalue()
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
        made.add_worksheet()
    yield file.getvalue()


def _sqlite(tmp_path) -> bytes:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE a (b)")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (_zip("feedback.csv"), "packed archive .zip.*Unpack it"),
        (_zip("word/document.xml"), "Word document"),
        (_zip("ppt/presentation.xml"), "PowerPoint"),
        (_zip("xl/workbook.bin"), "xlsb"),
        (_zip("META-INF/MANIFEST.MF"), "Java"),
        (_zip("archive/data.pkl"), "PyTorch"),
        (_ods(), "ods.*Save it as .xlsx or CSV"),
        (gzip.compress(b"a,b", mtime=0), "gzip"),
        (bz2.compress(b"a,b"), "bzip2"),
        (lzma.compress(b"a,b"), "xz"),
        (_tar(), "tar"),
        (b"7z\xbc\xaf\x27\x1crest", "7z"),
        (b"Rar!\x1a\x07\x01\x00", "rar"),
        (_ole("Workbook"), "old Excel workbook .*xlsx"),
        (_ole("EncryptedPackage"), "protected by a password"),
        (_ole("WordDocument"), "Word document"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PAR1rest", "Parquet"),
        (b"\x89PNG\r\n\x1a\nrest", "PNG"),
        (b"\xff\xd8\xff\xe0rest", "JPEG"),
        (b"BM\x36\x00\x00\x00", "BMP"),
        (b"MZ\x90\x00\x03\x00", "program .Windows"),
        (b"\x7fELF\x02\x01", "program .Linux"),
        (pickle.dumps({"a": 1}), "pickle.*never opened"),
        (b"\x00\x00\x00\x18ftypmp42", "MP4"),
        (b"<!DOCTYPE html><table><tr>", "web page"),
        (b"<?xml version='1.0'?><a/>", "web page"),
        (b"\xef\xbb\xbf<html>", "web page"),
        ("<html>".encode("utf-16"), "web page"),
        (b'[{"text": "hi"}]', "JSON Lines"),
        (b'[\n  {"text": "hi"}\n]', "JSON Lines"),
        (b'{\n  "text": "hi"\n}', "JSON Lines"),
        (b'{"data": [{"text": "hi"}, {"text": "ho"}]}', "JSON Lines"),
        (b'{"data": [' + b'{"text": "hi"},' * 10_000, "JSON Lines"),
        (b'{"text": "hi"', "only line is broken"),
    ],
)
def test_everything_but_tables_is_named_and_refused(head, says):
    with pytest.raises(NotText, match=says):
        file_kind(head[:HEAD])


def test_a_database_is_refused(tmp_path):
    with pytest.raises(NotText, match="SQLite"):
        file_kind(_sqlite(tmp_path))


def test_workbooks_are_known_by_their_content():
    assert [file_kind(data[:HEAD]) for data in _workbooks()] == ["xlsx", "xlsx"]


@pytest.mark.parametrize(
    "head",
    [
        b'{"text": "hi"}\n{"text": "ho"}\n',
        b'\xef\xbb\xbf{"text": "hi"}',
        b'\n\n {"a": 1}\r\n{"a"\r\n',
        b'{"a": broken\n{"a": 1}\n',
        b'{"a": {"b": [1, 2]}}\n',
        b'{"text": "\xe2\x80\xa8 line"}\n{"text": "x"}',
        b'{"text": "' + b"long " * 20_000,
        '{"text": "hi"}\n{"text": "ho"}\n'.encode("utf-16"),
    ],
)
def test_lines_of_objects(head):
    assert file_kind(head[:HEAD]) == "jsonl"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"text\n",
        b"[id],[text]\n1,a",
        b"<3 this app,1\n",
        b"{name},b\n",
        b"{},b\n",
        b"PKs,b\n",
        b"MZ,b\n",
        b"BM,ORC\n",
        b"\x80,b\n",
        "text;n\nä;1".encode("cp1252"),
        "text,n\n".encode("utf-16"),
        "text,n\n".encode("utf-16-be"),
        b'"{""a"": 1}",b\n',
    ],
)
def test_text_is_left_to_the_csv_reader(head):
    assert file_kind(head) == "csv"
