"""What is imported comes out of every export as it went in."""

import csv
import hashlib
import io
import json

import openpyxl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from core.config import Settings
from core.domain import Columns
from core.reports.comments import unmarked
from core.store.store import open_store
from core.workflow.comments import comments_file
from core.workflow.import_file import Order, import_here

# Characters that crash JSON, sheets or databases are taken out or replaced, and counted: not here.
CRASHING = "".join(map(chr, {*range(0x20)} - {9, 10, 13})) + "\x7f\ufffe\uffff\ufeff"
CELLS = st.text(st.characters(codec="utf-8", exclude_characters=CRASHING), max_size=30)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters=CRASHING), min_size=1, max_size=40).map(
    lambda text: f"It says {text} and no more"
)
TABLES = st.lists(st.tuples(CELLS, TEXTS, CELLS), min_size=2, max_size=6)
NO_MASK = {"handles": "keep"}


def as_file(rows, delimiter, line_end):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=line_end)
    writer.writerow(["first cell", "comment", "last cell"])
    writer.writerows(rows)
    return text.getvalue().encode()


def from_csv(data):
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    return [[unmarked(cell) for cell in row] for row in rows[1:]]


def from_xlsx(data):
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return [
        [unmarked(unescape(cell or "")) for cell in row]
        for row in sheet.iter_rows(min_row=2, max_col=3, values_only=True)
    ]


def from_jsonl(data):
    return [list(json.loads(line).values()) for line in data.decode().split("\n") if line]


READ = {"csv": from_csv, "xlsx": from_xlsx, "jsonl": from_jsonl}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One store for all examples: a table of its own each."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("round"))
    store = open_store(settings.url, settings.data_dir)
    yield store, settings
    store.close()


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=TABLES, delimiter=st.sampled_from([",", ";", "\t", "|"]), line_end=st.sampled_from(["\r\n", "\n"])
)
def test_every_cell_comes_back(kept, rows, delimiter, line_end):
    store, settings = kept
    data = as_file(rows, delimiter, line_end)
    order = Order(
        "t.csv",
        hashlib.sha256(data).hexdigest(),
        Columns("comment"),
        NO_MASK | {"header": "1"},
        assume=True,
    )
    done = import_here(store, settings, data, order)
    assert done.rows_in == len(rows)
    if done.masked:  # made-up cells may look like a phone number
        return
    for kind, read in READ.items():
        assert read(comments_file(store, done.dataset_id, kind)) == [list(row) for row in rows], kind
