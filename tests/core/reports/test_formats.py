import time

from core.reports.formats import FORMATS
from core.reports.outline import outline


def test_every_format_builds_quickly_and_is_what_it_says(insights, run):
    made = outline(insights, run)
    starts = {"pptx": b"PK", "xlsx": b"PK", "html": b"<!doctype html>", "csv": b"\xef\xbb\xbf"}
    for name, form in FORMATS.items():
        form.build(made)  # imports of the library
        began = time.perf_counter()
        data = form.build(made)
        assert data.startswith(starts[name]), name
        assert time.perf_counter() - began < 3, name
        assert form.extension == f".{name}"
