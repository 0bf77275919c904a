import numpy as np
import pytest

from core.domain import TrainingOptions
from core.models.classifier import Calibration, Platt
from core.training.baselines import fit_tfidf, written_without_spaces
from core.training.material import Material

WORDS = {"bug": "crash error broken", "wish": "please add option", "praise": "love great nice"}


def material(rows=150, multi=False, **options):
    rng, labels = np.random.default_rng(0), tuple(WORDS)
    classes = np.arange(rows) % 3
    truth = np.eye(3, dtype=bool)[classes]
    if multi:
        truth |= np.eye(3, dtype=bool)[(classes + 1) % 3] & (rng.random((rows, 1)) < 0.4)
    texts = [
        " ".join(rng.choice(WORDS[label].split()) for label, on in zip(labels, row, strict=True) if on)
        + f" the {rng.integers(20)}"
        for row in truth
    ]
    return Material(texts, truth, labels, multi, TrainingOptions(**options))


def parts(rows):
    numbers = np.arange(rows)
    return numbers[numbers % 5 != 0], numbers[numbers % 5 == 0]


@pytest.mark.parametrize("multi", [False, True])
def test_it_learns_words_reports_and_is_calibrated(multi):
    shares, data = [], material(multi=multi)
    found = fit_tfidf(data, *parts(150), shares.append).model
    said = found.probabilities(["crash", "love it", "please"])
    assert said.argmax(axis=1).tolist() == [0, 2, 1]
    assert isinstance(found.calibration, Platt if multi else Calibration)
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert np.allclose(found.probabilities(["\U0001f600"])[0], data.truth.mean(axis=0), atol=1e-6)


def test_two_labels_have_the_odds_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    data = material()
    rows = np.flatnonzero(data.classes < 2)
    texts, two = data.texts_of(rows), data.truth[rows][:, :2]
    small = Material(texts, two, ("bug", "wish"), False, TrainingOptions())
    found = fit_tfidf(small, np.arange(len(rows)), np.array([], dtype=int)).model
    theirs = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True)
    odds = LogisticRegression(C=10, max_iter=200, tol=1e-3).fit(
        theirs.fit_transform(texts), two.argmax(axis=1)
    )
    expected = odds.predict_proba(theirs.transform(texts))
    assert np.allclose(found.probabilities(texts), expected, atol=1e-3)


def test_labels_that_are_not_there_to_learn_from_are_not_said():
    data = material()
    train = np.flatnonzero(data.classes < 2)
    found = fit_tfidf(data, train, np.array([], dtype=int)).model
    assert found.probabilities(["crash", "please"])[:, 2].max() < 0.01


def test_texts_without_words_do_not_stop_it():
    data = Material(
        ["!!", "??"] * 10, np.eye(2, dtype=bool)[[0, 1] * 10], ("a", "b"), False, TrainingOptions()
    )
    found = fit_tfidf(data, np.arange(20), np.array([], dtype=int)).model
    assert np.allclose(found.probabilities(["!!"]), 0.5)


def test_scripts_without_spaces_are_read_by_character():
    assert written_without_spaces(["\u5f88\u597d", "\u4e0d\u597d\u5403", "ok"])
    assert not written_without_spaces(["fine", "well", "\u597d"])
