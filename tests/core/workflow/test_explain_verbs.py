"""`python -m core explain` on a small dataset."""

import json

import pytest

from core.workflow import explain_verbs

TINY = ("--encoder", "tests/tiny")
TEXT = "the page is slow crash 配送 \N{FAMILY} again"


@pytest.fixture
def words(said, rows):
    return said("train", rows, "--mode", "tfidf", "--no-quick")["run"]


def test_one_text_by_a_model_of_words(said, words):
    found = said("explain", words, "--text", TEXT)
    assert found["label"] == "slow" == next(iter(found["probabilities"]))
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert (found["method"], found["unit"]) == ("occlusion", "points of confidence")
    assert found["completeness"] is None and found["milliseconds"] > 0 and "against" not in found
    spans = [TEXT[span["start"] : span["end"]] for span in found["spans"]]
    assert spans == ["the", "page", "is", "slow", "crash", "配", "送", "\N{FAMILY}", "again"]
    assert {spans[n] for n, span in enumerate(found["spans"]) if "mark" in span} >= {"配", "送", "\N{FAMILY}"}
    best = max(found["spans"], key=lambda span: span["weight"])
    assert TEXT[best["start"] : best["end"]] in ("slow", "crash")
    other = said("explain", words, "--text", TEXT, "--against", "slow", "--method", "shapley")
    assert (other["label"], other["against"], other["method"]) == ("price", "slow", "shapley")


def test_any_text_has_an_answer_at_its_own_places(said, words):
    for text in ("", " \n", "\x00", "a\ud800b slow", "w" * 10_000, "-x joe@example.com"):
        found = said("explain", words, f"--text={text}", "--label", "price")
        assert found["label"] == "price"
        assert [text[span["start"] : span["end"]] for span in found["spans"]] == text.split()


def test_a_file_row_by_row(said, refused, words, tmp_path):
    path, out = tmp_path / "new.csv", tmp_path / "out.jsonl"
    path.write_text('id,comment,more\n1,the page is slow,\n2,,\n3,"price\ncheap",bill\n4,joe@example.com,\n')
    done = said("explain", words, "--file", path, "--text", "comment", "--text", "more", "--out", out)
    assert (done["rows"], done["method"], done["out"]) == (4, "occlusion", str(out))
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["row"] for row in found] == [2, 3, 4, 6]
    assert [len(row["spans"]) for row in found] == [4, 0, 3, 1]
    assert found[2]["spans"][2] | {"weight": 0} == {"start": 13, "end": 17, "weight": 0}
    assert not list(tmp_path.glob(f".{out.name}.*"))
    same = ("explain", words, "--file", path, "--text", "comment")
    assert "--out" in refused(*same)
    assert "over itself" in refused(*same, "--out", path)
    assert "cannot be written" in refused(*same, "--out", tmp_path)
    assert "cannot be written" in refused(*same, "--out", tmp_path / "no" / "x")
    named = refused("explain", words, "--file", path, "--text", "words", "--out", out)
    assert "no column 'words'" in named and "'comment'" in named
    assert path.read_text().startswith("id,comment")


def test_rows_that_cannot_be_read_are_named(said, words, tmp_path):
    path, out = tmp_path / "new.csv", tmp_path / "out.jsonl"
    path.write_text("id,text\n1,the page is slow\n2,slow, they said,again\n3,price\n4\n")
    done = said("explain", words, "--file", path, "--text", "text", "--out", out)
    assert [json.loads(line)["row"] for line in out.read_text(encoding="utf-8").splitlines()] == [2, 4]
    assert (done["rows"], done["rows_rejected"]) == (2, 2)
    assert done["warnings"][-1].startswith("Rows that could not be read and have no answer: 2. Why: ")
    assert "(line 3)" in done["warnings"][-1] and "(line 5)" in done["warnings"][-1]


def test_half_a_file_is_not_kept(refused, words, tmp_path, monkeypatch):
    from core.workflow import explain_verbs

    path, out = tmp_path / "new.csv", tmp_path / "out.jsonl"
    path.write_text("comment\nslow\n")
    out.write_text("earlier")

    def stopped(*args):
        yield {"method": "occlusion"}
        raise explain_verbs.AppError("Stopped here.")

    monkeypatch.setattr(explain_verbs, "explained", stopped)
    assert refused("explain", words, "--file", path, "--out", out) == "Stopped here."
    assert out.read_text() == "earlier" and not list(tmp_path.glob(f".{out.name}.*"))


def test_what_is_not_there_is_named_with_what_is(refused, words):
    asked = ("explain", words, "--text", "slow")
    assert refused(*asked, "--label", "fun").endswith("Its labels: 'price', 'slow'.")
    assert "'fun'" in refused(*asked, "--against", "fun")
    assert "are the same" in refused(*asked, "--label", "slow", "--against", "slow")
    assert refused(*asked, "--method", "rollout").endswith("Its methods: 'occlusion', 'shapley'.")
    assert "--file" in refused("explain", words) and "--file" in refused(*asked, "--out", "x")
    assert refused("explain", 99, "--text", "x")


def test_an_encoder_shows_what_its_method_misses(said, rows):
    run = said("train", rows, *TINY)["run"]
    found = said("explain", run, "--text", "the page is slow", "--against", "price", "--label", "slow")
    assert found["method"] == "integrated-gradients" and found["unit"].endswith("of slow over price")
    assert 0 <= found["completeness"] < 1
    text = "the page is slow crash " * 60
    long = said("explain", run, "--text", text, "--method", "attention")
    assert [text[span["start"] : span["end"]] for span in long["spans"]] == text.split()
    assert long["spans"][-1]["mark"] == "cut" and long["completeness"] is None
    assert said("explain", run, "--text", "the page is slow")["method"] == "occlusion"


def test_columns_are_joined_in_the_order_of_the_file(settings, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("title,id,body\nslow,1,the page\n ,2,price\n")
    table, places = explain_verbs._open_table(settings, path, ["body", "title"])
    assert [texts for _, texts in explain_verbs._chunks(table, places)] == [["slow\n\nthe page", "price"]]
