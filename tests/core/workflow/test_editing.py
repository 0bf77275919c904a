"""A comment beside its changed form, and one change more."""

import numpy as np
import pytest

from core.explain.editing import Robustness
from core.workflow import editing, label_drivers
from core.workflow.editing import ADDED, DROPPED, GAP, KEPT, changed, clean, compare, pieces

TEXT = "charged twice, 配送 bad"


def drawn(before, after):
    return [(piece.text, piece.state) for piece in pieces(before, after) if piece.state != GAP]


def change(before, after, word, text=None, state=None):
    """Change the first piece with this text."""
    found = pieces(before, after)
    number = next(n for n, each in enumerate(found) if each.text == word and state in (None, each.state))
    return changed(before, after, {"piece": number, "was": word, "text": text})


def test_the_pieces_that_stand_in_the_text_join_to_it():
    after = "I was charged, 送 very bad\n"
    found = pieces(TEXT, after)
    assert "".join(piece.text for piece in found if piece.start < piece.end) == after
    assert all(after[piece.start : piece.end] in ("", piece.text) for piece in found)
    old = "".join(piece.text for piece in found if piece.state in (KEPT, DROPPED))
    assert old == "chargedtwice,配送bad"
    assert drawn("a b c", "a x c") == [("a", KEPT), ("b", DROPPED), ("x", ADDED), ("c", KEPT)]
    assert drawn("a b", "") == [("a", DROPPED), ("b", DROPPED)]
    assert drawn("", "a") == [("a", ADDED)] and pieces("", "") == ()


def test_long_texts_of_equal_words_are_compared_at_once():
    before = "a " * 4_000
    assert len(drawn(before, "b" + before[: 2 * 3_999])) == 4_001
    far = drawn(before, "b " + before + "c " + before)
    assert sum(state == ADDED for _, state in far) == 4_002


def test_a_word_goes_and_comes_back():
    for word in ("charged", "twice,", "配", "送", "bad"):
        without = change(TEXT, TEXT, word)
        assert word not in without and (word, DROPPED) in drawn(TEXT, without)
        assert change(TEXT, without, word, state=DROPPED) == TEXT
    assert change("a b", "a b", "a") == "b"


def test_replace_add_and_take_back():
    once = change(TEXT, TEXT, "twice,", "only once")
    assert once == "charged only once 配送 bad"
    assert change(TEXT, once, "only", state=ADDED) == "charged once 配送 bad"
    assert change(TEXT, TEXT, "twice,", "  ") == change(TEXT, TEXT, "twice,")
    assert change(TEXT, TEXT, " ", "not") == "charged not twice, 配送 bad"
    end = {"piece": len(pieces(TEXT, TEXT)), "was": "", "text": " thanks "}
    assert changed(TEXT, TEXT, end) == TEXT + " thanks"
    gone = change(TEXT, TEXT, "bad")
    assert change(TEXT, gone, "bad", "good", state=DROPPED) == "charged twice, 配送 good"


@pytest.mark.parametrize(
    "sent",
    [
        None, 3, "x", [], {}, {"piece": True, "was": "charged"}, {"piece": -1, "was": "bad"},
        {"piece": 99, "was": ""}, {"piece": 0, "was": "another"}, {"piece": 0},
        {"piece": 0, "was": "charged", "text": 5}, {"piece": 10**30, "was": "charged"},
    ],
)  # fmt: skip
def test_what_is_no_change_changes_nothing(sent):
    assert changed(TEXT, TEXT, sent) == TEXT


def test_what_is_written_in_is_masked_and_the_comment_itself_stays():
    before = "thanks @united for nothing"
    assert clean(before, before) == before
    assert clean(before, "thanks @united for joe@example.com") == "thanks @united for [email]"
    assert clean(before, "a\x00\ud800 b\tc") == "a b\tc"
    assert len(clean("", "w" * 30_000)) == 20_000


class Says:
    labels = ("bug", "praise")
    multi = False

    def probabilities(self, texts):
        return np.array([[0.9, 0.1] if "crash" in text else [0.3, 0.7] for text in texts])


def test_both_texts_are_asked():
    found = compare(Says(), "a crash", "a")
    assert (found.said_before, found.said_after) == (("bug",), ("praise",))
    assert found.after == {"bug": 0.3, "praise": 0.7}
    assert editing.said({"a": 0.6, "b": 0.9, "c": 0.4}, multi=True) == ("b", "a")
    assert editing.said({"a": 0.4}, multi=True) == ()


def test_robustness_is_read_once_it_was_measured(store, settings, keep):
    from core.domain import TrainingOptions
    from core.workflow import runs

    ids = keep([(f"comment {n}", "ab"[n % 2]) for n in range(12)])
    run, _ = runs.start_training(store, settings, *ids, TrainingOptions(mode="tfidf"))
    assert editing.robustness(store, run.id, "a") is None
    measured = Robustness("a", 4, 0.5, 0.25)
    for label, robust in (("a", measured), ("b", None)):
        found = label_drivers.content(12, 4, [], [], robust, 1.0)
        store.explanations.keep_finding(run.id, "drivers", label, found, "")
    assert editing.robustness(store, run.id, "a") == measured
    assert editing.robustness(store, run.id, "b") is None
