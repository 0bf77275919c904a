import numpy as np
import pytest

from core.errors import Damaged
from core.models.classifier import Calibration, Platt
from core.models.linear_text import ARRAYS, VOCABULARY, LinearText, read, tfidf

TEXTS = [
    "The app crashes, the APP!",
    "I wish  for dark mode",
    "dark crashes crashes",
    "",
    "\u4e0d\u597d \u597d",
]


@pytest.mark.parametrize("characters", [False, True])
def test_terms_weigh_as_in_scikit_learn(characters):
    from sklearn.feature_extraction.text import TfidfVectorizer

    pattern = None if characters else r"(?u)\b\w+\b"
    size, analyzer = ((1, 3), "char") if characters else ((1, 2), "word")
    theirs = TfidfVectorizer(analyzer=analyzer, ngram_range=size, token_pattern=pattern, sublinear_tf=True)
    expected = theirs.fit_transform(TEXTS).toarray()
    found = tfidf(TEXTS, theirs.vocabulary_, theirs.idf_, characters).toarray()
    assert np.allclose(found, expected, atol=1e-6) and found.any()


def model(calibration=None, multi=False):
    weight = np.array([[2.0, -1.0], [-2.0, 1.0]], dtype=np.float32)
    prior, none = np.log([0.7, 0.3]), Calibration(1.0, (0.0, 0.0))
    known = ("bug", "wish"), multi, calibration or none, {"crash": 0, "dark": 1}
    return LinearText(*known, np.ones(2), weight, np.array([0.5, 0.0]), prior)


def test_logits_are_worked_out_and_a_text_without_known_words_gets_the_prior():
    found = model()
    half = 0.5**0.5
    assert np.allclose(found.logits(["crash dark"]), [[0.5 + half, -half]])
    assert np.allclose(found.probabilities(["!!", "crash", "other"])[[0, 2]], [[0.7, 0.3]] * 2)
    assert found.logits([]).shape == (0, 2)


def test_tokens_have_their_places():
    found = model()
    assert [(one.text, one.start, one.end) for one in found.tokens("A Crash!")] == [
        ("a", 0, 1),
        ("crash", 2, 7),
    ]
    assert found.unknown_tokens("A Crash!") == [(0, 1)]


def test_it_is_read_as_written_and_damage_is_noticed(tmp_path):
    before = model(Platt((1.5, 2.0), (0.1, 0.2)), multi=True)
    before.write(tmp_path)
    about = {"labels": before.labels, "multi": True, "calibration": before.calibration}
    again = read(tmp_path, about, None)
    assert np.array_equal(again.probabilities(TEXTS), before.probabilities(TEXTS))
    with pytest.raises(Damaged, match=ARRAYS):
        read(tmp_path, {**about, "labels": ("a", "b", "c")}, None)
    (tmp_path / VOCABULARY).write_text("[")
    with pytest.raises(Damaged, match=VOCABULARY):
        read(tmp_path, about, None)
