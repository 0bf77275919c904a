import pytest

from core.domain import Estimate
from core.explain.drivers import Driver
from core.explain.shortcuts import named, shortcuts


def driver(words, mid=0.1, low=0.05, high=0.15, n=12):
    return Driver(words, Estimate(mid, low, high, n, ""), (), ())


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("[email]", "mask"),
        ("@virginamerica", "handle"),
        ("https://t.co/x1", "link"),
        ("acme.com", "link"),
        ("january", "date"),
        ("tuesday", "date"),
        ("2024", "date"),
        ("12/05/2024", "date"),
        ("3.4.2024", "date"),
        ("12:30", "date"),
        ("2025-01-31", "date"),
        ("5pm", "date"),
        ("21st", "date"),
        ("hello", "greeting"),
        ("thanks", "greeting"),
        ("liebes", ""),
        ("grüße", "greeting"),
        ("谢谢", "greeting"),
        ("iphone", "device"),
        ("ios17.2", "device"),
        ("v2.3.1", "device"),
        ("2.3.1", "device"),
        ("sm-g991b", "device"),
        ("123456", "code"),
        ("a81bc81b", "code"),
        ("iphone crashes", "device"),
        ("charged", ""),
        ("twice", ""),
        ("may", ""),
        ("account", ""),
        ("10", ""),
        ("4.5", ""),
    ],
)
def test_kinds(words, kind):
    assert [shortcut.kind for shortcut in shortcuts([driver(words)], [])] == ([kind] if kind else [])


def test_values_of_accounts_and_segments():
    values = {"Account": ["Acme Ltd", "Big Co."], "Plan": ["Free"]}
    found = shortcuts(
        [driver("acme"), driver("acme ltd"), driver("ltd"), driver("free"), driver("co")], [], values
    )
    assert [(shortcut.driver.words, shortcut.kind, shortcut.column) for shortcut in found] == [
        ("acme", "value", "Account"),
        ("acme ltd", "value", "Account"),
        ("free", "value", "Plan"),
    ]
    assert found[0].words == (
        "“acme” is a value of “Account”. It moves the confidence by +10.0 points in 12 comments. "
        "If it is no reason for the label, train without this word."
    )


def test_words_of_a_segment_value_count_only_as_names():
    values = {"reason": ["Late Flight", "Virgin America"]}
    texts = ["we flew Virgin home last week", "with Virgin again and again"]
    found = shortcuts([driver("late"), driver("late flight"), driver("virgin")], texts, values)
    assert [(shortcut.driver.words, shortcut.kind) for shortcut in found] == [
        ("late flight", "value"),
        ("virgin", "value"),
    ]
    assert shortcuts([driver("virgin")], texts, {}, names=()) == ()


def test_names_are_told_by_their_capitals():
    texts = [
        "I spoke to Miller about it. Nothing helped",
        "and Miller said no. Billing is bad",
        "the billing was CHARGED again, CHARGED twice",
        "Please help\nSomeone else",
    ]
    assert named(texts) == {"miller"}
    assert [s.kind for s in shortcuts([driver("miller"), driver("billing"), driver("charged")], texts)] == [
        "name"
    ]


def test_a_capital_i_is_no_name():
    assert (
        named(["then I'm off and I’ve left", "but I'm here and I’ve come", "now I go, then I stop"])
        == frozenset()
    )


def test_where_everything_has_capitals_they_say_nothing():
    assert named(["My App Crashes Daily", "The App Is Slow And Bad"]) == frozenset()


def test_only_what_clearly_moves_the_confidence_the_strongest_first():
    found = shortcuts(
        [
            driver("hello", 0.02, 0.01, 0.03),
            driver("iphone", -0.2, -0.3, -0.1),
            driver("thanks", 0.1, -0.1, 0.3),
            driver("2024", 0.009, 0.008, 0.01),
        ],
        [],
    )
    assert [shortcut.driver.words for shortcut in found] == ["iphone", "hello"]
    assert "by \N{MINUS SIGN}20.0 points" in found[0].words


def test_a_sentence_may_end_in_quotes_or_brackets():
    texts = ["he said “no.” Later it (broke!) Later again", "ok... Later: Later"]
    assert named(texts) == frozenset()
    assert named(["we met Later, and Later again we left"]) == {"later"}


def test_long_hostile_words_take_no_time():
    hostile = ["." * 20_000 + "x y", "a." * 10_000 + "x y", "1." * 10_000 + "x y", "-" * 20_000 + "x y"]
    assert named(hostile * 5) == frozenset()
    shortcuts([driver(text.split()[0]) for text in hostile], hostile)
