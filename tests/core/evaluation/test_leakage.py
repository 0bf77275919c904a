import numpy as np
import pytest

from core.evaluation.leakage import leaks
from core.evaluation.scores import score

LABELS = ("bug", "card_arrival")


def texts_of(n, seed=0):
    random = np.random.default_rng(seed)
    return [" ".join(f"word{number}" for number in random.integers(0, 5000, 12)) for _ in range(n)]


@pytest.fixture
def check(sure_of):
    """leaks() of 200 rows, of which 60 are held out and 48 of these right."""

    def run(texts=None, people=None, train_right=0.95, parts=None, wrong=12, n=200, way="stratified", **more):
        texts = texts or texts_of(n)
        classes = np.arange(n) % 2
        parts = np.array(["train"] * (n - 60) + ["test"] * 60) if parts is None else parts
        ids = np.arange(n) + 1
        tested = np.flatnonzero(parts == "test") if (parts == "test").any() else np.arange(n)
        said = classes[tested].copy()
        said[:wrong] = 1 - said[:wrong]
        held = sure_of(classes[tested].tolist(), said.tolist(), labels=LABELS, ids=ids[tested], **more)
        truth = classes[:, None] == np.arange(2)
        people = people or [""] * n
        found = leaks(
            texts, parts, truth, LABELS, ids=ids, people=people, train_right=train_right, held=held, way=way
        )
        return {leak.kind: leak for leak in found}

    return run


def test_clean_rows_have_no_leak(check):
    assert check(people=[f"account {row % 40}" for row in range(200)]) == {}


def test_copies_are_counted_and_the_figure_without_them_is_given(check):
    texts = texts_of(200)
    texts[180:190] = [text + " thanks" for text in texts[:10]]
    leak = check(texts)["copies"]
    assert leak.rows == 10 and leak.ids == tuple(range(181, 191))
    assert "10 comments of 60" in leak.words
    assert "right 76.0% of the time instead of 80.0%" in leak.words  # 38 of 50; the copies were right
    assert leak.words.endswith("Remove repeated comments and train again."), "nobody is known to keep apart"
    others = [f"account {row}" if row < 180 else "" for row in range(200)]
    others[175] = "account 0"  # somebody stands on both sides, with comments that repeat none
    assert "other customers" not in check(texts, people=others)["copies"].words
    authors = [f"account {row % 180}" for row in range(200)]  # who wrote a copy wrote what it repeats
    assert (
        "comments, or hold out other customers, and train again."
        in check(texts, people=authors)["copies"].words
    )
    texts[:140] = texts_of(140, seed=9)
    assert "copies" not in check(texts)


def test_copies_that_change_nothing_ask_for_nothing(check):
    texts = texts_of(200)
    texts[180:190] = [text + " thanks" for text in texts[:10]]
    words = check(texts, wrong=0)["copies"].words
    assert words.endswith("Without them it is right as often, 100.0% of the time, so the figures stand.")


def test_copies_between_folds(check):
    texts = texts_of(200)
    texts[150] = texts[3]
    fold = np.arange(200) % 5  # 3 and 150 stand in folds 3 and 0
    parts = np.array(["train"] * 200)
    assert check(texts, parts=parts, fold=fold)["copies"].ids == (4, 151)
    assert "copies" not in check(texts, parts=parts, fold=np.zeros(200, dtype=int))


def test_the_name_of_a_label_in_its_texts(check):
    texts = texts_of(200)
    tagged = [f"[Card Arrival] {text}" if row % 2 else text for row, text in enumerate(texts)]
    leak = check(tagged)["label_words"]
    assert leak.rows == 100 and leak.ids[0] == 2 and "“card_arrival”" in leak.words
    assert "100 of its 100" in leak.words and "write “Card Arrival” under “Words to leave out”" in leak.words
    few = [text if row > 20 else tagged[row] for row, text in enumerate(texts)]
    assert "label_words" not in check(few)  # natural: a few comments use the word
    everywhere = [f"card arrival {text}" for text in texts]
    assert "label_words" not in check(everywhere)


def test_test_above_train_beyond_chance(check):
    assert "80.0% of the time" in check(train_right=0.6)["test_above_train"].words
    assert "test_above_train" not in check(train_right=0.78)
    assert "test_above_train" not in check(train_right=float("nan"))


def test_labels_with_few_held_out_rows(check):
    parts = np.array(["train"] * 186 + ["test"] * 14)
    leak = check(parts=parts, wrong=0)["few_rows"]
    assert leak.rows == 14 and "“bug” (7)" in leak.words
    assert "2 of 2 labels have fewer than 10" in leak.words


def test_one_account_that_wrote_most(check):
    people = ["account acme" if row < 120 else f"account {row}" for row in range(200)]
    leak = check(people=people)["one_sided"]
    assert leak.rows == 120 and "One account wrote 120 of the 200" in leak.words
    assert "acme" not in leak.words
    assert "one_sided" not in check(people=["account acme"] * 30 + [""] * 170)  # hardly anyone is known


def test_nobody_is_told_to_split_as_it_was_split(check):
    parts = np.array(["train"] * 186 + ["test"] * 14)
    few = check(parts=parts, wrong=0)["few_rows"].words
    assert few.endswith("label more of them, or have every comment judged once, in parts (K-fold).")
    folds = check(parts=np.array(["train"] * 14), n=14, wrong=0, way="kfold", fold=np.arange(14) % 5)
    assert folds["few_rows"].words.endswith("Read their ranges, or label more of them.")
    outside = check(parts=parts, wrong=0, way="outside")["few_rows"].words
    assert outside.endswith("Read their ranges, or label more of them in the test dataset.")
    people = ["account acme" if row < 120 else f"account {row}" for row in range(200)]
    assert "and hold out other customers, so that nobody stands on both" in (
        check(people=people)["one_sided"].words
    )
    for way in ("grouped", "outside"):
        assert check(people=people, way=way)["one_sided"].words.endswith("Add comments of others.")
    texts = texts_of(200)
    texts[180:190] = [text + " thanks" for text in texts[:10]]
    authors = [f"account {row % 180}" for row in range(200)]
    assert "other customers" not in check(texts, people=authors, way="outside")["copies"].words


def test_in_repeated_folds_the_share_of_right_ones_is_that_of_all_repeats(sure_of):
    """48 of 60 comments are right in the first round, 54 in the second: 85.0%, as the accuracy says."""
    texts = texts_of(60)
    texts[59] = texts[0]
    classes, ids = np.arange(60) % 2, np.arange(60) + 1
    said = np.concatenate([classes, classes])
    said[:12], said[60:66] = 1 - said[:12], 1 - said[60:66]
    twice = {"repeat": np.repeat([0, 1], 60), "fold": np.tile(np.arange(60) % 5, 2)}
    held = sure_of(np.tile(classes, 2).tolist(), said.tolist(), labels=LABELS, ids=np.tile(ids, 2), **twice)
    assert score("x", held, draws=2).accuracy == pytest.approx(0.85)
    given = {"people": [""] * 60, "held": held, "way": "kfold", "train_right": 0.5}
    found = leaks(texts, np.array(["train"] * 60), classes[:, None] == np.arange(2), LABELS, ids=ids, **given)
    words = {leak.kind: leak.words for leak in found}
    # Of the copies one is wrong in both rounds: 47 and 53 of the other 58 are right.
    assert "right 86.2% of the time instead of 85.0%" in words["copies"]
    assert "right 85.0% of the time on held-out comments" in words["test_above_train"]
