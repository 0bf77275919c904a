import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.domain import CELLS, FEEDBACK, LABEL_BREAK, Columns, RejectedRow, Rejection
from core.errors import BadColumns
from core.ingest.cleaning import Cleaner, Privacy, clean, survey
from core.ingest.columns import guess_columns
from core.ingest.pseudonyms import pseudonym
from core.ingest.raw import RawChunk, RawTable

SECRET = b"secret"
OURS = Privacy(SECRET)
REPEAT = "repeats the words of an earlier row by the same author"


def raw(rejected=(), **columns) -> RawTable:
    frame = pd.DataFrame(columns, dtype="str")
    lines = np.arange(2, len(frame) + 2)
    size = len(frame) + len(rejected)
    return RawTable(tuple(frame.columns), frame, lines, "utf-8", ",", size, rejected=tuple(rejected))


def cells(cleaned):
    return [json.loads(row) for row in cleaned.table[CELLS]]


def test_columns_and_types_are_those_of_the_domain():
    file = raw(t=["hi there"], l=[" slow "], p=[" pro "], n=["7.5"])
    table = clean(file, Columns("t", label="l", segments=("p",), numbers=("n",)), OURS).table
    assert sorted(table.columns) == sorted([*FEEDBACK[1:], "segment:p", "number:n", "label:l", "cells"])
    assert table.loc[0, ["text", "label:l", "segment:p", "author", "external_id"]].tolist() == [
        "hi there",
        "slow",
        "pro",
        "",
        "",
    ]
    assert str(table["date"].dtype) == "datetime64[us]"
    assert {str(table[name].dtype) for name in ("rating", "number:n")} == {"float64"}
    others = [name for name in table if name not in ("date", "rating", "number:n")]
    assert {str(table[name].dtype) for name in others} == {"str"}


def test_text_is_verbatim_and_rows_without_any_are_rejected():
    cleaned = clean(raw(t=["  Two\r\n lines! ", " \t", ""], o=["", "x", ""]), Columns("t"), OURS)
    assert cleaned.table["text"].tolist() == ["  Two\r\n lines! "]
    assert cleaned.rejections == (Rejection("no text", 1, (3,)), Rejection("every cell is empty", 1, (4,)))
    assert cleaned.rejected == (
        RejectedRow(3, "no text", (" \t", "x")),
        RejectedRow(4, "every cell is empty", ("", "")),
    )
    assert cleaned.rows_in == 3


def test_text_columns_are_joined_in_the_order_of_the_file():
    file = raw(title=["Slow", "", "Only this"], body=["It hangs", "Fine ", " "])
    cleaned = clean(file, Columns("body", more_text=("title",)), OURS)
    assert cleaned.table["text"].tolist() == ["Slow\n\nIt hangs", "Fine ", "Only this"]
    assert cells(cleaned) == [["Slow", "It hangs"], ["", "Fine "], ["Only this", " "]]


def test_cells_are_those_of_the_file_but_for_the_text():
    file = raw(t=['say "hi"'], a=['b\\c"d\n\te\r'], z=["00123"], e=[""])
    assert cells(clean(file, Columns("t"), OURS)) == [[None, 'b\\c"d\n\te\r', "00123", ""]]


CELL = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=20),
    st.sampled_from(
        ["1", "03/04/2024", "2024-01-02T10:00+02:00", "bug; slow", "4/5", "1,5", "Ann", " x ", "44927"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[CELL] * 7), min_size=1, max_size=12))
def test_any_table_is_kept_cell_for_cell_or_set_aside(rows):
    frame = pd.DataFrame(rows, columns=list("tudrlna"), dtype="str")
    file = raw(**{name: frame[name].tolist() for name in frame})
    columns = Columns(
        "t", more_text=("u",), date="d", rating="r", label="l", multi=("l",), numbers=("n",), author="a"
    )
    assume(
        frame[["t", "u"]]
        .map(lambda cell: bool(cell.strip("\ufffd\u200b\ufeff\u3000 \xa0\n\r\t")))
        .any(axis=None)
    )
    try:
        cleaned = clean(file, columns, Privacy(SECRET, mask=False))
    except BadColumns:  # nothing but control characters
        return
    kept = {
        line: json.loads(row)
        for line, row in zip(_kept_lines(file, cleaned), cleaned.table[CELLS], strict=True)
    }
    kept |= {row.line: list(row.cells) for row in cleaned.rejected}
    controls = dict.fromkeys(code for code in range(32) if code not in (9, 10, 13))
    for line, row in zip(file.lines, rows, strict=True):
        plain = [cell.translate(controls) for cell in row]
        assert kept[line] == [*plain[:6], pseudonym(plain[6], SECRET)]


def _kept_lines(file, cleaned):
    aside = {row.line for row in cleaned.rejected}
    return [line for line in file.lines if line not in aside]


def test_characters_that_break_exports_go_and_are_counted():
    file = raw(t=["a\0b\x1fc\td\n\x7f", "fine"], o=["\ufffe\uffff", "\u2028é"])
    cleaned = clean(file, Columns("t"), OURS)
    assert cleaned.table["text"].tolist() == ["abc\td\n\x7f", "fine"]
    assert [row[1] for row in cells(cleaned)] == ["\ufffd\ufffd", "\u2028é"]
    assert [warning.rpartition(": ")[2] for warning in cleaned.warnings] == ["1.", "1."]


def test_lone_surrogates_become_a_replacement_character():
    frame = pd.DataFrame({"t": pd.Series(["a\ud800b"], dtype=object)})
    cleaned = clean(RawTable(("t",), frame, np.array([2]), "utf-8", ",", 1), Columns("t"), OURS)
    text = cleaned.table.loc[0, "text"]
    assert text[0] + text[-1] == "ab" and set(text[1:-1]) == {"\ufffd"}


def test_repeats_of_one_author_are_kept_once_whatever_the_date_and_of_others_all():
    file = raw(
        t=["Too slow!", "too  slow", "Too slow!", "Too slow!", "Too slow!", "Too slow!"],
        a=["ann", "@Ann", "bob", "", "", "ann"],
        d=["2024-01-02"] * 5 + ["2024-01-03"],
    )
    cleaned = clean(file, Columns("t", author="a", date="d"), OURS)
    assert cleaned.rejections == (Rejection(REPEAT, 2, (3, 7)),)
    assert len(cleaned.table) == 4
    assert cleaned.table["row"].is_unique
    assert cleaned.table["text_hash"].nunique() == 1
    assert cleaned.rejected[0].cells == ("too  slow", pseudonym("ann", SECRET), "2024-01-02")


def test_the_same_words_of_two_anonymous_authors_stay():
    file = raw(t=["good", "good", "good"], a=["A Google user", "a google user ", "Ann"])
    cleaned = clean(file, Columns("t", author="a"), OURS)
    assert cleaned.table["author"].tolist() == ["", "", pseudonym("ann", SECRET)]
    assert cleaned.table["row"].is_unique
    assert "'Anonymous' or the like: 2." in cleaned.warnings[0]


def test_repeats_with_another_label_are_told():
    file = raw(t=["slow"] * 4, a=["ann"] * 4, l=["bad", "bad", "good", "bad"])
    cleaned = clean(file, Columns("t", author="a", label="l"), OURS)
    assert len(cleaned.table) == 1
    assert cleaned.warnings == ("Repeats that were labelled otherwise than the row that is kept: 1.",)


def test_repeats_are_judged_before_masking():
    cleaned = clean(raw(t=["@ann thanks", "@bob thanks"], a=["eve", "eve"]), Columns("t", author="a"), OURS)
    assert cleaned.table["text"].tolist() == ["[handle] thanks"] * 2
    assert cleaned.table["row"].is_unique
    assert cleaned.table["text_hash"].nunique() == 1


def test_without_authors_repeats_are_only_counted():
    cleaned = clean(raw(t=["Slow.", "slow", "fine"]), Columns("t"), OURS)
    assert len(cleaned.table) == 3
    assert cleaned.rejections == ()
    assert "earlier row: 1." in cleaned.warnings[0]


def test_rows_have_the_same_id_in_each_import_and_order():
    columns = Columns("t", date="d", channel="c")
    first = clean(raw(t=["a b", "c d"], d=["2024-01-02", "2024-01-03"], c=["x", "y"]), columns, OURS).table
    other = raw(t=["c d", "a b"], d=["2024-01-03", "2024-01-02"], c=["y", "x"])
    second = clean(other, columns, OURS).table
    assert first["row"].tolist() == second["row"].tolist()[::-1]
    assert first["row"].str.fullmatch("[0-9a-f]{12}").all()
    moved = clean(raw(t=["a b", "c d"], d=["2024-01-02", "2024-01-03"], c=["x", "z"]), columns, OURS).table
    assert (first["row"] == moved["row"]).tolist() == [True, False]


def test_an_id_makes_the_row_whatever_it_says():
    first = clean(raw(i=["T-1", "T-2"], t=["slow", "fine"]), Columns("t", id="i"), OURS).table
    second = clean(raw(i=["T-2", "T-1"], t=["fine now", "slow"]), Columns("t", id="i"), OURS).table
    assert first["row"].tolist() == second["row"].tolist()[::-1]
    assert first["external_id"].tolist() == ["T-1", "T-2"]


def test_ids_that_repeat_are_told_and_rows_stay_apart():
    cleaned = clean(raw(i=["1", "1", ""], t=["slow", "fine", "ok"]), Columns("t", id="i"), OURS)
    assert cleaned.table["row"].is_unique
    assert "stood in an earlier row: 1." in " ".join(cleaned.warnings)


def test_chunks_are_cleaned_as_the_whole_would_be():
    rng = np.random.default_rng(0)
    file = raw(
        t=[f"slow {i}" for i in rng.integers(0, 30, 100)],
        a=[f"u{i}" for i in rng.integers(0, 4, 100)],
        d=[f"0{i}/03/2024" for i in rng.integers(1, 9, 99)] + ["25/03/2024"],
        l=["Bug"] * 60 + ["bug"] * 40,
    )
    columns = Columns("t", author="a", date="d", label="l")
    whole = clean(file, columns, OURS)
    pieces = [
        RawChunk(file.frame.iloc[i : i + 30].reset_index(drop=True), file.lines[i : i + 30])
        for i in range(0, 100, 30)
    ]
    cleaner = Cleaner(file.header, columns, survey(pieces, columns), OURS)
    tables, rejected = zip(*(cleaner.add(piece) for piece in pieces), strict=True)
    pd.testing.assert_frame_equal(pd.concat(tables, ignore_index=True), whole.table)
    assert sum(rejected, []) == list(whole.rejected)
    assert (cleaner.rejections, cleaner.warnings, cleaner.rows_in) == (
        whole.rejections,
        whole.warnings,
        whole.rows_in,
    )


def test_unreadable_dates_and_ratings_are_counted_and_kept():
    file = raw(t=["a b", "c d"], d=["soon", "2024-01-02"], r=["4,5", "great"])
    cleaned = clean(file, Columns("t", date="d", rating="r"), OURS)
    assert cleaned.table["date"].isna().tolist() == [True, False]
    assert cleaned.table["rating"].fillna(-1).tolist() == [4.5, -1]
    assert [warning.split(":")[1] for warning in cleaned.warnings] == [" 1. Those rows are kept without."] * 2


def test_ratings_off_the_scale_become_missing_with_a_warning():
    ratings = ["1", "5", "3", "4"] * 25 + ["44"]
    file = raw(t=[f"text {i}" for i in range(101)], r=ratings)
    cleaned = clean(file, Columns("t", rating="r"), OURS)
    assert cleaned.plan.scale == (1, 5)
    assert np.isnan(cleaned.table["rating"].iloc[100])
    assert "outside the scale of 1 to 5" in cleaned.warnings[1] and ": 1." in cleaned.warnings[1]
    answered = clean(file, Columns("t", rating="r"), OURS, {"scale:r": "1-50"})
    assert answered.table["rating"].iloc[100] == 44


def test_several_label_sets_and_several_labels_in_a_cell():
    file = raw(t=["a b", "c d", "e f"], l=["bad", "good", ""], m=["bug; Billing, card", "bug", "bug;bug; "])
    cleaned = clean(file, Columns("t", label="l", more_labels=("m",), multi=("m",)), OURS)
    assert cleaned.table["label:l"].tolist() == ["bad", "good", ""]
    assert cleaned.table["label:m"].tolist() == [f"bug{LABEL_BREAK}Billing, card", "bug", "bug"]


def test_labels_that_differ_by_case_take_the_most_frequent_spelling():
    file = raw(t=["a", "b", "c", "d"], l=["Bug", "bug ", "Bug", "other"])
    cleaned = clean(file, Columns("t", label="l"), OURS)
    assert cleaned.table["label:l"].tolist() == ["Bug", "Bug", "Bug", "other"]
    assert "took its spelling: 1 (such as 'bug', now 'Bug')" in cleaned.warnings[0]


def test_a_language_column_is_used_where_it_says_something():
    file = raw(t=["送餐很快", "送餐很快", "ok"], g=["", "en-GB", ""])
    assert clean(file, Columns("t", language="g"), OURS).table["language"].tolist() == ["zh", "en", "unknown"]


def test_unanswered_questions_take_the_likeliest_answer_and_say_so():
    file = raw(t=["a", "b"], d=["03/04/2024", "07/04/2024"])
    columns = Columns("t", date="d")
    cleaned = clean(file, columns, OURS)
    assert cleaned.table["date"].dt.month.tolist() == [4, 4]
    assert "Nobody answered 'Is the day or the month first in the dates of 'd'?" in cleaned.warnings[0]
    answered = clean(file, columns, OURS, {"dates:d": "month"})
    assert answered.table["date"].dt.month.tolist() == [3, 7]
    assert answered.warnings == ()


def test_second_line_of_column_names_of_surveymonkey_is_no_feedback():
    header = {"Respondent ID": ["", "11"], "What could be better?": ["Open-Ended Response", "Speed"]}
    cleaned = clean(raw(**header), Columns("What could be better?"), OURS)
    assert cleaned.table["text"].tolist() == ["Speed"]
    assert cleaned.rejected[0].cells == ("", "Open-Ended Response")


def test_bad_columns_are_refused():
    with pytest.raises(BadColumns):
        clean(raw(t=["x"]), Columns("u"), OURS)


def test_rows_of_the_file_add_up():
    rejected = [RejectedRow(5, "has more cells than the 2 column names", ("1", "2", "3"))]
    file = raw(rejected, text=["slow", "slow", "", "fine"], a=["ann", "ann", "bob", "bob"])
    cleaned = clean(file, Columns("text", author="a"), OURS)
    assert cleaned.rows_in == 5 == len(cleaned.table) + sum(item.rows for item in cleaned.rejections)
    assert len(cleaned.rejected) == 3
    assert {item.reason.split()[0]: item.rows for item in cleaned.rejections} == {
        "has": 1,
        "no": 1,
        "repeats": 1,
    }


def test_a_chunk_of_rejected_rows_only():
    cleaner = Cleaner(("t",), Columns("t"), survey([], Columns("t")), OURS)
    frame = pd.DataFrame({"t": pd.array([], dtype="str")})
    rejected = (RejectedRow(9, "bad", ("a@b.example", "x")),)
    table, kept = cleaner.add(RawChunk(frame, np.empty(0, dtype=np.int64), rejected))
    assert (len(table), cleaner.rows_in) == (0, 1)
    assert kept == [RejectedRow(9, "bad", ("[email]", "x"))]


def test_real_tweets_are_cleaned_within_four_seconds(data):
    frame = pd.read_csv(data / "airline_tweets_60.csv", dtype=str, keep_default_na=False, index_col=False)
    file = RawTable(tuple(frame.columns), frame, np.arange(2, len(frame) + 2), "utf-8", ",", len(frame))
    start = time.process_time()
    cleaned = clean(file, guess_columns(frame), OURS)
    assert time.process_time() - start < 4.0
    assert len(cleaned.table) == 8689
    assert cleaned.rejections == (Rejection(REPEAT, 87, cleaned.rejections[0].examples),)
    assert cleaned.table["date"].min() == pd.Timestamp("2015-02-17 07:36:05")
    assert cleaned.table["label:airline_sentiment"].nunique() == 3
    assert (cleaned.table["language"] == "en").mean() > 0.9
    assert not cleaned.table["text"].str.contains("@VirginAmerica", regex=False).any()
    ids = [json.loads(row)[0] for row in cleaned.table[CELLS]]
    assert set(ids) <= set(frame["tweet_id"])
    names = set(frame["name"].str.casefold())
    assert not any(json.loads(row)[7] in names for row in cleaned.table[CELLS])
