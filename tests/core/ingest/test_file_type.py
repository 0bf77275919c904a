import gzip
import io
import zipfile

import pytest

from core.errors import NotText
from core.ingest.file_type import refuse_markup, refuse_other_formats


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
        (gzip.compress(b"a,b\n1,2\n"), "gzip"),
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
