import numpy as np
import pytest

from core.domain import Estimate, GateRule, LearningPoint, Slice
from core.evaluation.advice import advise, confused_pairs
from core.evaluation.gate import check
from core.evaluation.scores import score

# 40 rows a label; 16 of c are read as d and 12 of d as c; a and b are nearly right.
TRUTH = [0] * 40 + [1] * 40 + [2] * 40 + [3] * 40
SAID = [0] * 39 + [1] + [1] * 40 + [2] * 24 + [3] * 16 + [3] * 28 + [2] * 12
COUNTS = {"a": 200, "b": 200, "c": 95, "d": 700}


def curve():
    sizes = (100, 200, 400, 800)
    return tuple(
        LearningPoint(size, Estimate(mid, mid - 0.005, mid + 0.005, size, ""))
        for size, mid in ((size, 0.95 - 2 * size**-0.5) for size in sizes)
    )


@pytest.fixture
def held(sure_of):
    return sure_of(TRUTH, SAID)


def advised(held, **more):
    scores = score("quick", held)
    found = advise(scores, held, check(scores, GateRule()), counts=COUNTS, **more)
    return {item.kind: item for item in reversed(found)}, found


def test_the_weakest_label_is_asked_for_with_its_own_mistakes(held):
    found, ranked = advised(held)
    assert [item.labels for item in ranked if item.kind == "label_more"] == [("c",), ("d",)]
    words = next(item for item in ranked if item.labels == ("c",)).words
    assert "about 100 more comments “c”" in words and "60% of them" in words  # 95 rows, rounded up
    assert len(next(item for item in ranked if item.labels == ("c",)).ids) == 28


def test_a_label_that_misses_the_gate_is_asked_for_even_above_the_average(sure_of):
    """a: recall 11 of 20, precision 1; b and c take its rows."""
    held = sure_of([0] * 20 + [1] * 20 + [2] * 20, [0] * 11 + [1] * 5 + [2] * 4 + [1] * 20 + [2] * 20)
    _, ranked = advised(held)
    assert [item.labels for item in ranked if item.kind == "label_more"] == [("a",)]
    none = sure_of([0] * 20 + [1] * 20, [1] * 40)
    assert "None of its held-out comments is found" in advised(none)[0]["label_more"].words


def test_a_label_that_too_few_rows_judge_is_asked_for_however_good_it_looks(sure_of):
    rows = [0] * 20 + [1] * 20 + [2] * 4
    found, ranked = advised(sure_of(rows, rows))
    assert [item.labels for item in ranked if item.kind == "label_more"] == [("c",)]
    assert "about 150 more comments “c”" in found["label_more"].words, (
        "6 of 143 more are held out, as 4 of 95"
    )


def test_the_gain_of_a_label_follows_the_learning_curve(held):
    _, ranked = advised(held, learning=curve())
    c = next(item for item in ranked if item.labels == ("c",))
    f1 = 2 * 24 / (40 + 36)
    now, later = (0.95 - 2 * size**-0.5 for size in (800, 800 * 195 / 95))
    expected = (1 - f1) * (1 - (1 - later) / (1 - now)) / 4
    assert c.gain.mid == pytest.approx(expected, rel=0.05)
    assert 0 <= c.gain.low <= c.gain.mid <= c.gain.high
    assert all(item.gain is None for item in advised(held)[1] if item.kind == "label_more")


def test_the_pair_that_is_confused_most_often_may_be_merged(held):
    assert confused_pairs(held) == [(2, 3)]
    found, ranked = advised(held)
    assert found["merge"].labels == ("c", "d") and len(found["merge"].ids) == 28
    assert "are often confused: 28 of their 80 held-out comments." in found["merge"].words


def test_a_merge_promises_no_gain_and_stands_behind_labelling(held):
    """Fewer labels have a higher macro F1 whether or not a comment is read any better."""
    for learning in ((), curve()):
        _, ranked = advised(held, learning=learning)
        kinds = [item.kind for item in ranked]
        assert kinds[:3] == ["label_more", "label_more", "merge"] and ranked[2].gain is None


def test_how_often_counts_by_the_rows_of_both_labels(sure_of):
    """17 of 98 comments of a and b are confused, 10 of 55 of b and c, 5 of 73 of a and c."""
    cells = np.array([[50, 10, 3], [7, 22, 6], [2, 4, 14]])
    truth, said = np.divmod(np.repeat(np.arange(9), cells.ravel()), 3)
    assert confused_pairs(sure_of(truth.tolist(), said.tolist())) == [(1, 2), (0, 1)]


def test_settings_are_advised_only_where_they_matter(held):
    kinds = {item.kind for item in advised(held, mode="better")[1]}
    assert not kinds & {"longer", "encoder", "better"}
    found, ranked = advised(held, cut_share=0.2, unknown_share=0.3, mode="quick")
    assert "20%" in found["longer"].words and "30%" in found["encoder"].words and found["better"].gain is None
    order = [item.kind for item in ranked if item.gain is None]
    assert order.index("encoder") < order.index("label_more") < order.index("longer") < order.index("better")


def test_an_encoder_that_cannot_read_comes_before_every_known_gain(held):
    _, ranked = advised(held, unknown_share=0.06, learning=curve())
    assert ranked[0].kind == "encoder" and ranked[0].gain is None
    assert ranked[1].gain.mid > 0


def test_suspicious_rows_and_the_worst_slice(held):
    found, _ = advised(
        held, slices=(Slice("channel", "phone", Estimate(0.4, 0.3, 0.5, 30, ""), 0.4, True, True, (7,)),)
    )
    assert "labels look like a mistake" in found["suspicious"].words and len(found["suspicious"].ids) == 29
    assert "40% of the time where channel is “phone”" in found["slice"].words and found["slice"].ids == (7,)


def test_a_perfect_model_needs_nothing(sure_of):
    held = sure_of([0] * 20 + [1] * 20 + [2] * 20, [0] * 20 + [1] * 20 + [2] * 20)
    scores = score("better", held)
    assert advise(scores, held, check(scores, GateRule()), counts={"a": 60}, mode="better") == ()


def test_several_labels_a_row_are_not_merged(random_held):
    held = random_held(multi=True)
    found = advise(score("x", held), held, counts={}, learning=())
    assert "merge" not in {item.kind for item in found} and found


def test_what_is_known_to_bring_hardly_anything_stands_behind_what_nobody_measured(held):
    """A curve that hardly rises any more; Better's gain is unknown."""
    flat = tuple(
        LearningPoint(size, Estimate(mid, mid - 0.001, mid + 0.001, size, ""))
        for size, mid in ((4000, 0.740), (8000, 0.743), (16000, 0.745))
    )
    _, ranked = advised(held, learning=flat, mode="quick")
    kinds = [item.kind for item in ranked]
    gains = [item.gain.mid for item in ranked if item.kind == "label_more"]
    assert max(gains) < 0.005
    assert kinds.index("better") < kinds.index("label_more")


def test_a_thin_label_is_not_asked_for_where_no_recall_is_and_not_more_where_others_judge(sure_of):
    rows = [0] * 20 + [1] * 20 + [2] * 4
    held = sure_of(rows, rows)
    scores = score("quick", held)
    results = check(scores, GateRule(recall=0.0))
    assert not [one for one in advise(scores, held, results, counts=COUNTS) if one.kind == "label_more"]
    results = check(scores, GateRule(), where=" in the test dataset")
    (apart,) = advise(scores, held, results, counts={**COUNTS, "c": 40}, judged_apart=True)[:1]
    assert "about 40 more comments “c”" in apart.words, "as many as it has; they judge nothing here"
