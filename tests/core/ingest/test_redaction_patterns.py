import time

import pytest

from core.errors import BadColumns
from core.ingest.redaction import Masker, check_patterns

CUSTOMER = ("customer", r"CUST-\d{6}")
FILL = ["nothing to see"] * 100


def test_own_ids_are_masked_and_counted():
    masker = Masker(patterns=(CUSTOMER, ("ticket", r"(?i)\b(tkt|case)#\d+")))
    texts = ["CUST-123456 wrote Case#9 and CUST-1234567", "a@b.example is CUST-000001", "CUST-12"]
    for fill in ([], FILL):
        masked, counts = masker.column(texts + fill)
        assert masked[:3] == ["[customer] wrote [ticket] and [customer]7", "[email] is [customer]", "CUST-12"]
        assert counts == {"customer": 3, "ticket": 1, "email": 1}


def test_own_ids_in_other_widths():
    masked, _ = Masker(patterns=(CUSTOMER,)).column(
        ["ＣＵＳＴ－１２３４５６ 谢谢", "CUST-12\u200b3456!", *FILL]
    )
    assert masked[:2] == ["[customer] 谢谢", "[customer]!"]


def test_own_ids_come_before_what_they_look_like():
    assert Masker(patterns=(("member", r"\b\d{10}\b"),)).column(["call 2125550123"])[0] == ["call [member]"]


def test_placeholders_that_are_there_stay():
    masker = Masker(patterns=(("word", r"email|card no\.? ?\w+"),))
    assert masker.column(["[email] and email, [card] and card no 7"]) == (
        ["[email] and [word], [card] and [word]"],
        {"word": 2},
    )


def test_the_first_pattern_wins():
    masker = Masker(patterns=(("long", r"AB\d{4}"), ("short", r"B\d{2}")))
    assert masker.column(["AB1234 B12"]) == (["[long] [short]"], {"long": 1, "short": 1})


@pytest.mark.parametrize(
    ("kind", "pattern", "says"),
    [
        ("customer", r"CUST-(\d{6", "does not work"),
        ("customer", r"(?<=x)\d+", "does not work"),
        ("customer", r"(?=x)\d+", "does not work"),
        ("customer", r"(a)\1", "does not work"),
        ("customer", r"\d*", "empty text"),
        ("customer", r"\b", "empty text"),
        ("customer", r"^", "empty text"),
        ("customer", r"(CUST)?", "empty text"),
        ("customer", r".+", "ordinary words"),
        ("customer", r"\w+", "ordinary words"),
        ("customer", "", "1 to 200 characters"),
        ("customer", "x" * 201, "1 to 200 characters"),
        ("customer", "\ud800", "does not work"),
        ("Customer", r"\d{6}", "cannot name"),
        ("", r"\d{6}", "cannot name"),
        ("x" * 22, r"\d{6}", "cannot name"),
        ("a b", r"\d{6}", "cannot name"),
        ("a]", r"\d{6}", "cannot name"),
        ("email", r"\d{6}", "is found without"),
        ("handle", r"\d{6}", "is found without"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(kind, pattern, says):
    with pytest.raises(BadColumns, match=says):
        check_patterns([(kind, pattern)])
    with pytest.raises(BadColumns, match=says):
        Masker(patterns=[(kind, pattern)])


def test_twenty_patterns_and_no_more():
    check_patterns([(f"k{i}", rf"ID{i}-\d+") for i in range(20)])
    with pytest.raises(BadColumns, match="20 is the most"):
        check_patterns([(f"k{i}", rf"ID{i}-\d+") for i in range(21)])


def test_what_makes_other_engines_endless_is_quick():
    masker = Masker(patterns=(("evil", r"(a+)+b"),))
    start = time.process_time()
    assert masker.column(["a" * 100_000, *FILL])[1] == {}
    assert time.process_time() - start < 2.0
