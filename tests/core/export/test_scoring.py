import numpy as np
import pytest

from core.errors import BadColumns
from core.export import scoring
from core.export.scoring import Unread, decided, score_csv


class Model:
    labels, multi = ("bug", "=1+1"), False

    def __init__(self):
        self.asked = []

    def probabilities(self, texts, on_batch=None):
        self.asked.append(list(texts))
        return np.array([[0.8, 0.2] if "crash" in text else [0.3, 0.7] for text in texts])


class Several(Model):
    multi = True

    def probabilities(self, texts, on_batch=None):
        return np.array([[0.9, 0.6] for _ in texts])


def safe(value):
    return f"'{value}" if str(value).startswith(("=", "-")) else value


def test_rows_get_label_confidence_and_every_probability():
    rows = [["1", "it does crash"], ["-5", "=HYPERLINK(1)"], ["3"], ["4", " "]]
    found = list(score_csv(Model(), ["id", "text"], rows, ["text"], safe))
    assert found == [
        ["id", "text", "label", "confidence", "p(bug)", "p(=1+1)"],
        ["1", "it does crash", "bug", "0.8000", "0.8000", "0.2000"],
        ["-5", "'=HYPERLINK(1)", "'=1+1", "0.7000", "0.3000", "0.7000"],
        ["3", "", "", "", "", ""],
        ["4", " ", "", "", "", ""],
    ]


def test_an_unread_row_keeps_its_place_and_its_cells_but_gets_no_answer():
    model = Model()
    rows = [["1", "it does crash"], Unread(("2", "=so", "it", "says")), Unread(("3",)), ["4", "slow"]]
    _, *found = score_csv(model, ["id", "text"], rows, ["text"], safe, every_label=False)
    assert found == [
        ["1", "it does crash", "bug", "0.8000"],
        ["2", "'=so", "", ""],
        ["3", "", "", ""],
        ["4", "slow", "'=1+1", "0.7000"],
    ]
    assert model.asked == [["it does crash", "slow"]]


def test_a_taken_name_gets_a_number_and_text_columns_are_joined():
    model = Model()
    found = list(score_csv(model, ["label", "a", "b"], [["x", "one", "two"]], ["a", "b"], safe, False))
    assert found[0] == ["label", "a", "b", "label 2", "confidence"]
    assert model.asked == [["one\n\ntwo"]]


def test_texts_are_joined_as_an_import_joins_them():
    """In the order of the file, as they are, without blank cells."""
    import pyarrow as pa

    from core.ingest import cells

    rows = [["Title ", " body\n"], ["", "body"], ["title", " \u200b"], ["a", "b"]]
    model = Model()
    list(score_csv(model, ["title", "body"], rows, ["body", "title", "body"], safe))
    parts = [pa.array(column, pa.large_string()) for column in zip(*rows, strict=True)]
    assert model.asked == [cells.joined(parts).to_pylist()]
    assert scoring.BLANK == cells._BLANK


def test_rows_stream_in_chunks(monkeypatch):
    monkeypatch.setattr(scoring, "CHUNK", 2)
    taken, done = [], []

    def rows():
        for number in range(5):
            taken.append(number)
            yield [f"text {number}"]

    found = score_csv(Model(), ["text"], rows(), ["text"], safe, on_rows=done.append)
    next(found), next(found)
    assert taken == [0, 1]
    assert len(list(found)) == 4 and done == [2, 4, 5]


def test_several_labels_and_how_sure_the_least_sure_is():
    assert decided(np.array([0.9, 0.6]), ("a", "b"), True) == ("a; b", 0.6)
    assert decided(np.array([0.1, 0.2]), ("a", "b"), True) == ("", 0.8)
    found = list(score_csv(Several(), ["t"], [["x"]], ["t"], safe, False))
    assert found[1] == ["x", "bug; =1+1", "0.6000"]


@pytest.mark.parametrize("columns", [["nope"], []])
def test_a_missing_column_is_named_with_those_there(columns):
    with pytest.raises(BadColumns, match="the file has: id, text"):
        next(score_csv(Model(), ["id", "text"], [], columns, safe))
