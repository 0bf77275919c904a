from dataclasses import asdict, replace

import numpy as np
import pytest

from core.evaluation.drift import Profile, drift, profile, summary


def rows(share=(0.6, 0.4), n=400, sure=0.85, length=12, languages=("en",), unknown=0.05, seed=0):
    """n rows of two labels."""
    random = np.random.default_rng(seed)
    said = (random.random(n) < share[1]).astype(int)
    confidence = np.clip(random.normal(sure, 0.08, n), 0.51, 0.99)
    chances = np.empty((n, 2))
    chances[np.arange(n), said], chances[np.arange(n), 1 - said] = confidence, 1 - confidence
    words = random.poisson(length, n)
    spoken = random.choice(list(languages), n).tolist()
    return profile(("bug", "price"), chances, False, words, spoken, (int(unknown * n), n))


def by_kind(before, now):
    return {finding.kind: finding for finding in drift(before, now)}


def test_profile_counts_by_hand():
    chances = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])
    found = profile(("a", "b"), chances, False, np.array([1, 4, 500]), ["en", "", "en"], (2, 3))
    assert found.labels == {"a": 1, "b": 2} and found.languages == {"en": 2, "unknown": 1}
    assert found.confidence[18] == 1 and found.confidence[14] == found.confidence[16] == 1
    assert (found.lengths[0], found.lengths[2], found.lengths[-1]) == (1, 1, 1)
    assert Profile(**asdict(found)) == found
    several = profile(("a", "b"), np.array([[0.9, 0.8], [0.1, 0.2]]), True, np.array([1, 1]), ["en", "en"])
    assert several.labels == {"a": 1, "b": 1}


def test_the_same_rows_have_not_drifted():
    assert not any(finding.matters for finding in drift(rows(), rows(seed=1)))
    words, again = summary(drift(rows(), rows(seed=1)), rows(), rows(seed=1))
    assert "are like those" in words and not again


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("labels", {"share": (0.3, 0.7)}, "labels changed: “"),
        ("confidence", {"sure": 0.7}, "less sure"),
        ("unknown", {"unknown": 0.2}, "20% of the new comments"),
        ("language", {"languages": ("en", "de")}, "languages changed"),
        ("length", {"length": 30}, "longer"),
    ],
)
def test_each_change_is_found_and_named(kind, change, words):
    before, now = rows(), rows(seed=1, **change)
    found = by_kind(before, now)
    assert [name for name, finding in found.items() if finding.matters] == [kind]
    assert words in found[kind].words
    line, again = summary(drift(before, now), before, now)
    assert again and line.startswith(found[kind].words) and "train again" in line


def test_sizes_by_hand():
    lengths = (100,) + (0,) * 14
    sure = ((0,) * 10 + (100,) + (0,) * 9, (0,) * 10 + (75, 25) + (0,) * 8)
    old = Profile(100, {"a": 60, "b": 40}, sure[0], 0, {"en": 100}, lengths, looked_up=50)
    new = Profile(100, {"a": 40, "b": 60}, sure[1], 25, {"en": 100}, lengths, looked_up=100)
    found = by_kind(old, new)
    assert found["labels"].size == pytest.approx(0.2) and found["labels"].matters  # chi2 = 8, p = .005
    assert found["confidence"].size == pytest.approx(0.25) and not found["confidence"].matters  # surer
    assert found["unknown"].size == pytest.approx(2 * np.arcsin(0.5))
    assert (found["language"].size, found["length"].size) == (0, 0)


def test_small_samples_do_not_cry_wolf():
    alarms = 0
    for seed in range(60):
        alarms += any(finding.matters for finding in drift(rows(), rows(n=40, seed=seed + 10)))
    assert alarms <= 5
    assert drift(rows(), rows(n=20, share=(0, 1))) == ()
    assert "Too few" in summary((), rows(), rows(n=20))[0]


def test_a_real_change_is_found_in_few_rows():
    assert by_kind(rows(), rows(n=60, share=(0.1, 0.9), seed=1))["labels"].matters


def test_nothing_said_on_one_side_is_no_alarm():
    none = profile(("a", "b"), np.full((50, 2), 0.1), True, np.full(50, 5), ["en"] * 50)
    some = profile(("a", "b"), np.full((50, 2), 0.9), True, np.full(50, 5), ["en"] * 50)
    assert not by_kind(none, some)["labels"].matters


def unread(side):
    """The same rows, before the model has read them."""
    return replace(side, labels={"bug": 0, "price": 0}, confidence=(0,) * 20)


def test_what_nobody_looked_at_is_no_finding():
    words = by_kind(rows(), unread(rows(seed=1, length=30)))
    assert set(words) == {"unknown", "language", "length"} and words["length"].matters
    unknown = replace(rows(seed=1), unknown=0, looked_up=0)
    assert set(by_kind(rows(), unknown)) == {"labels", "confidence", "language", "length"}
    few = replace(rows(), rows=20)
    assert set(by_kind(few, rows(seed=1))) == {"labels", "confidence", "unknown"}


def test_the_line_claims_no_more_than_was_compared():
    before, now = rows(), rows(seed=1)
    assert summary(drift(before, now), before, now, 9_000)[0] == (
        "The 9,000 new comments are like those the model learned from."
    )
    for side, what in (
        (unread(now), "language, known words and length"),
        (replace(unread(now), looked_up=0), "language and length"),
    ):
        line, again = summary(drift(before, side), before, side)
        assert line == f"The 400 new comments are like those the model learned from in {what}." and not again


def test_it_says_which_side_has_too_few_rows():
    few, many = rows(n=20), rows()
    assert "at least 30 new ones" in summary(drift(many, few), many, few)[0]
    line, again = summary(drift(few, many), few, many)
    assert "learned from fewer than 30 are here" in line and not again


def test_causes_come_before_what_follows_from_them():
    now = rows(share=(0.1, 0.9), sure=0.6, length=40, languages=("zh",), unknown=0.6, seed=1)
    found = [finding.kind for finding in drift(rows(), now) if finding.matters]
    assert found == ["language", "unknown", "length", "labels", "confidence"]
    line, _ = summary(drift(rows(), now), rows(), now)
    assert line == (
        "The mix of languages changed: Chinese went from 0% to 100%. 4 more changed as well. Label some of "
        "the new comments in Chinese and train again."
    )


def told(now, before=None, **more):
    before = before or rows()
    return summary(drift(before, now), before, now, **more)[0]


def test_an_encoder_of_english_alone_cannot_learn_another_language():
    encoder = "The built-in encoder knows English only, so choose a multilingual one. "
    zh, mixed = rows(languages=("zh",), seed=1), rows(languages=("en", "de"), seed=1)
    assert told(zh, english_only=True).endswith(
        f"{encoder}Label some of the new comments in Chinese and train again."
    )
    assert told(mixed, english_only=True, labelled=3).endswith(
        f"{encoder}Train again: 3 of the new comments carry a label."
    )
    assert "encoder" not in told(rows(seed=1), rows(languages=("zh",)), english_only=True)
    assert "encoder" not in told(rows(languages=("de",), seed=1), mixed, english_only=True), "not new"
    assert "encoder" not in told(rows(languages=("unknown",), seed=1), english_only=True)


def test_new_labels_are_counted_in_the_remedy():
    now = rows(length=30, seed=1)
    assert told(now, labelled=1).endswith("Train again: 1 of the new comments carries a label.")
    assert told(now).endswith("Label some of the new comments and train again.")
