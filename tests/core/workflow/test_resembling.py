import numpy as np
import pytest

from core.workflow import resembling
from core.workflow.resembling import Similar, sentence


def similar(*said, likeness=0.9):
    return [Similar(number, "text", ("bug",), likeness, one) for number, one in enumerate(said)]


@pytest.mark.parametrize(
    ("said", "confidence", "words"),
    [
        ((1, 1, 1, 1, 1), 0.9, "All 5 most similar labelled comments are also bug."),
        ((1, 1, 1, 1, 0), 0.9, "4 of the 5 most similar labelled comments are also bug."),
        (
            (1, 1, 1, 1, 0),
            0.4,
            "4 of the 5 most similar labelled comments are also bug, though the model is not sure: a glance "
            "is worth it.",
        ),
        (
            (1, 1, 1, 0, 0),
            0.9,
            "3 of the 5 most similar labelled comments are also bug, the rest are not: read them before you "
            "rely on it.",
        ),
        (
            (1, 0, 0, 0, 0),
            0.9,
            "Only 1 of the 5 most similar labelled comments is also bug, although the model sounds sure: "
            "check this one.",
        ),
        (
            (0, 0, 0, 0, 0),
            0.4,
            "None of the 5 most similar labelled comments are bug, and the model is not sure: "
            "check this one.",
        ),
        ((1,), 0.9, "The only labelled comment to compare it with is also bug."),
        ((), 0.9, "There is no other labelled comment to compare it with."),
    ],
)
def test_the_sentence(said, confidence, words):
    share = np.mean(said) if said else float("nan")
    assert sentence(similar(*map(bool, said)), "bug", share, confidence) == words


def test_a_comment_unlike_anything_is_told():
    assert "hardly seen" in sentence(similar(True, likeness=0.1), "bug", 1.0, 0.9, usual=0.3)
    assert "hardly seen" not in sentence(similar(True, likeness=0.4), "bug", 1.0, 0.9, usual=0.3)


def test_the_usual_likeness_is_that_of_other_words():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    twice = np.concatenate([vectors, vectors]).astype(np.float16)
    keys = np.tile(np.arange(200), 2)
    assert resembling._usual(twice, keys) < 0.95
    assert np.isnan(resembling._usual(twice[:10], keys[:10]))
