import numpy as np
import pytest

from core.errors import Cancelled, NotFound
from core.explain import drivers
from core.explain.drivers import Effect


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Billing,", "billing"),
        ("(iPhone).", "iphone"),
        ("can't!", "can't"),
        ("[email],", "[email]"),
        ("@Support:", "@support"),
        ("#Fail!", "#fail"),
        ("$5.00", "$5.00"),
        ("!!!", "!!!"),
        ("👩🏽\u200d🚒", "👩🏽\u200d🚒"),
        ("e\u0301te", "éte"),
        ("«crash»", "crash"),
        ("،مرحبا؟", "مرحبا"),
    ],
)
def test_key(word, expected):
    assert drivers.key(word) == expected


def test_a_label_is_sampled_alike_each_time():
    carries = np.arange(1000) % 2 == 0
    rows = drivers.sampled(carries, 100)
    assert len(rows) == 100 and carries[rows].all() and (np.diff(rows) > 0).all()
    assert (rows == drivers.sampled(carries, 100)).all()
    assert (rows != drivers.sampled(carries, 100, seed=1)).any()
    assert drivers.sampled(np.array([False, True]), 100).tolist() == [1]


def test_all_places_of_a_word_are_left_out_together(adding):
    found = drivers.effects(
        adding({"crash": 0.2, "Crash,": 0.1}), ["Crash, then crash", "ok"], "bug", fewest=1
    )
    assert Effect(0, "crash", pytest.approx(0.3)) in found
    assert Effect(0, "then", pytest.approx(0.0)) in found
    assert sum(effect.words == "crash" for effect in found) == 1


def test_a_phrase_that_does_more_than_its_words_gets_a_line():
    texts = ["really not good", "so not good", "not good at all", "not bad"]
    model = Twice({"not": 0.02}, {("not", "good"): 0.3})
    found = drivers.drivers(drivers.effects(model, texts, "bug"), [11, 12, 13, 14])
    by_words = {driver.words: driver for driver in found}
    assert "not good" not in by_words  # its words do as much: each of them breaks it
    model = Twice({}, {("late", "again"): 0.1, ("late",): 0.1, ("again",): 0.1})
    texts = ["late again a", "b late again", "late again c"]
    found = drivers.drivers(drivers.effects(model, texts, "bug"), [1, 2, 3])
    assert found[0].words == "late again"
    assert found[0].effect.mid == pytest.approx(0.3)
    assert found[0].ids == (1, 2, 3)
    assert {driver.words for driver in found} == {"late again", "late", "again"}


class Twice:
    """0.3 of "bug", the points of each word, and those of each set of words that are all there."""

    labels = ("bug", "praise")
    max_tokens = 100

    def __init__(self, words, sets):
        self.sets = {**{(word,): points for word, points in words.items()}, **sets}

    def tokens(self, text):
        from core.domain import Token

        found, place = [], 0
        for word in text.split():
            place = text.index(word, place)
            found.append(Token(word, place, place + len(word), False))
            place += len(word)
        return tuple(found)

    def unknown_tokens(self, text):
        return []

    def probabilities(self, texts):
        bug = [
            0.3 + sum(points for words, points in self.sets.items() if set(words) <= set(text.split()))
            for text in texts
        ]
        return np.stack([bug, 1 - np.array(bug)], axis=1)


def test_means_ranges_and_quotes(adding):
    found = [Effect(row, "crash", fall) for row, fall in enumerate([0.1, 0.3, 0.2, 0.4])]
    found += [Effect(0, "rare", 0.9), Effect(1, "rare", 0.9)]
    found += [Effect(row, "the", fall) for row, fall in enumerate([0.1, -0.1, 0.05, -0.05])]
    crash, the = drivers.drivers(found, [10, 11, 12, 13])
    assert (crash.words, crash.effect.mid, crash.effect.n) == ("crash", pytest.approx(0.25), 4)
    assert 0.1 <= crash.effect.low < 0.25 < crash.effect.high <= 0.4
    assert crash.ids == (10, 11, 12, 13) and crash.quotes == (13, 11, 12)
    assert crash.clear and not the.clear
    assert the.effect.mid == pytest.approx(0.0)


def test_by_segment_and_month():
    falls = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9]
    found = [Effect(row, "crash", fall) for row, fall in enumerate(falls)]
    plans = ["Free", "Free", "Free", "Pro", "Pro", "Pro", ""]
    months = ["2025-02"] * 3 + ["2025-01"] * 3 + ["2025-03"]
    (driver,) = drivers.drivers(found, range(7), {"Plan": plans}, months)
    found = [(part.value, round(part.effect.mid, 6), part.effect.n) for part in driver.segments["Plan"]]
    assert found == [("Pro", 0.5, 3), ("Free", 0.2, 3)]
    assert 0.4 <= driver.segments["Plan"][0].effect.low < 0.5
    assert [(part.value, part.effect.n) for part in driver.months] == [("2025-01", 3), ("2025-02", 3)]


def test_a_part_is_clear_only_beyond_chance():
    def parts(ours, theirs):
        found = [Effect(row, "crash", fall) for row, fall in enumerate([*ours, *theirs])]
        plans = ["Free"] * len(ours) + ["Pro"] * len(theirs)
        (driver,) = drivers.drivers(found, range(len(found)), {"Plan": plans, "Empty": [""] * len(found)})
        return [part.clear for part in driver.segments.get("Plan", ())]

    assert parts([0.30, 0.31, 0.32, 0.33], [0.1, 0.11, 0.12, 0.13]) == [True, True]
    assert parts([0.1, 0.3, 0.2, 0.4], [0.15, 0.35, 0.25, 0.28]) == [False, False]
    # Three against three: one of ten ways to share them out is as far apart, over two parts that is chance.
    assert parts([0.3, 0.3, 0.3], [0.1, 0.1, 0.1]) == [False, False]
    assert parts([0.3, 0.3, 0.3], []) == []  # nothing to compare with


def test_only_the_strongest_are_kept_whichever_way_they_pull():
    found = [
        Effect(row, words, fall) for words, fall in (("a", 0.1), ("b", -0.3), ("c", 0.2)) for row in (0, 1, 2)
    ]
    assert [driver.words for driver in drivers.drivers(found, range(3), most=2)] == ["c", "b"]


def test_rare_words_are_not_measured(adding):
    model = adding({"crash": 0.2})
    texts = ["crash a - b", "crash c - d", "crash e - f"]
    found = drivers.effects(model, texts, "bug")
    assert {effect.words for effect in found} == {"crash"}
    assert sum(map(len, model.calls)) == 6  # each comment, and each without the word


def test_quotes_follow_the_direction_of_the_word():
    found = [Effect(row, "no", fall) for row, fall in enumerate([-0.1, -0.4, 0.2, -0.3])]
    (driver,) = drivers.drivers(found, [10, 11, 12, 13])
    assert driver.quotes == (11, 13, 10)


def test_progress_is_told_and_may_stop(adding):
    told = []
    texts = [f"crash w{number}" for number in range(1200)]
    drivers.effects(adding({"crash": 0.1}), texts, "bug", lambda done, total: told.append(done / total))
    # The words in three parts, then the phrases, of which there are none.
    assert told == [pytest.approx(0.8 * part, abs=1e-3) for part in (512 / 1200, 1024 / 1200, 1)] + [1.0]

    def stop(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        drivers.effects(adding(), texts, "bug", stop)


def test_nothing_to_look_at(adding):
    assert drivers.effects(adding(), [], "bug") == ()
    assert drivers.effects(adding(), ["", " "], "bug") == ()
    assert drivers.drivers((), ()) == ()
    with pytest.raises(NotFound):
        drivers.effects(adding(), ["a"], "fun")


def test_a_phrase_is_compared_with_its_parts_in_the_same_comments():
    # "twice" does little elsewhere, but as much as "charged twice" where that stands.
    found = [Effect(row, "twice", fall) for row, fall in enumerate([0.3, 0.3, 0.3, 0.0, 0.0, 0.0])]
    found += [Effect(row, "charged", 0.1) for row in range(3)]
    phrase = [Effect(row, "charged twice", 0.35) for row in range(3)]
    longer = [Effect(row, "charged twice again", 0.5) for row in range(3)]
    words = [driver.words for driver in drivers.drivers(found + phrase, range(6))]
    assert words == ["twice", "charged"]
    assert [driver.words for driver in drivers.drivers(found + phrase + longer, range(6))][0] == longer[
        0
    ].words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("late again", "late again"),
        ("配 送 慢", "配送慢"),
        ("app 很 慢", "app很慢"),
        ("late", "late"),
        ("앱 이", "앱 이"),
    ],
)
def test_scripts_without_spaces_are_shown_without(words, expected):
    assert drivers.shown(words) == expected
