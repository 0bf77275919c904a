import csv
import io
import json

from core.domain import Attribution, Span
from core.explain.tables import COLUMNS, Explained, Source, csv_bytes, in_words, json_bytes, strongest
from core.explain.words import CUT, POINTS
from core.reports.safe import safe_cell

SOURCE = Source(7, "ab" * 32)
TEXT = "=cmd()  caf\u00e9\U0001f680\r\nnot \x00late"
SPANS = (Span(0, 6, 0.5), Span(8, 13, -0.02), Span(15, 18, -0.04), Span(19, 24, 0.9, CUT))
FOUND = Attribution(TEXT, SPANS, "@bug", "occlusion", POINTS, 0.75, "praise", None)


def lines(*rows):
    data = csv_bytes(rows, SOURCE, safe_cell)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_one_line_a_word_and_the_text_once():
    found = lines(Explained(FOUND, 12), Explained(FOUND))
    assert list(found[0]) == list(COLUMNS) and len(found) == 8
    first, second = found[:2]
    assert (first["comment"], first["run"], first["model_sha256"]) == ("12", "7", "ab" * 32)
    assert (first["against"], first["probability"], first["completeness"]) == ("praise", "0.75", "")
    assert (second["start"], second["end"], second["weight"], second["mark"]) == ("8", "13", "-0.02", "")
    assert [line["text"] != "" for line in found] == [True, False, False, False] * 2
    assert found[4]["comment"] == ""


def test_no_cell_is_a_formula():
    first = lines(Explained(FOUND))[0]
    assert (first["word"], first["label"]) == ("'=cmd()", "'@bug")
    assert first["text"].startswith("'=cmd()")


def test_json_is_exact():
    half = Attribution("\ud83d \ufeffx", (Span(0, 1, 0.1),), "a", "m", POINTS, 0.5)
    found = json.loads(json_bytes([Explained(FOUND, 12), Explained(half)], SOURCE))
    assert (found["run"], found["model_sha256"]) == (7, "ab" * 32)
    comment = found["comments"][0]
    assert (comment["comment"], comment["text"], comment["label"]) == (12, TEXT, "@bug")
    for span, given in zip(comment["spans"], SPANS, strict=True):
        assert (span["start"], span["end"], span["weight"], span["mark"]) == (
            given.start,
            given.end,
            given.weight,
            given.mark,
        )
        assert span["word"] == comment["text"][span["start"] : span["end"]]
    assert found["comments"][1]["text"] == half.text


def test_the_strongest_words_are_those_with_a_colour():
    assert [(span.start, span.weight) for span in strongest(FOUND, 5)] == [(0, 0.5), (15, -0.04)]
    assert in_words(FOUND, 1) == "=cmd() (+50.0)"
    assert in_words(FOUND, 5).endswith("not (\N{MINUS SIGN}4.0)")
