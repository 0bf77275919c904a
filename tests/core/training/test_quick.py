import numpy as np

from core.training.baselines import tfidf, written_without_spaces
from core.training.quick import fit_head, fit_quick


def clouds(labels, rows=40):
    rng = np.random.default_rng(0)
    centres = np.eye(8)[:labels]
    truth = np.repeat(np.arange(labels), rows)
    vectors = centres[truth] + rng.normal(0, 0.2, (labels * rows, 8))
    return vectors.astype(np.float32), truth


def test_quick_tells_clouds_apart_and_reports_each_fit():
    vectors, truth = clouds(4)
    validation = np.zeros(len(truth), bool)
    validation[::5] = True
    shares = []
    found = fit_quick(vectors, truth, validation, 4, shares.append)
    assert (found.final.logits(vectors).argmax(axis=1) == truth).mean() > 0.95
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_two_labels_get_two_rows_of_weights_with_the_same_odds():
    from sklearn.linear_model import LogisticRegression

    vectors, truth = clouds(2)
    head = fit_head(vectors, truth, 2, 10.0)
    expected = LogisticRegression(C=10.0, max_iter=500).fit(vectors, truth).predict_proba(vectors)
    assert np.allclose(head.probabilities(vectors), expected, atol=1e-4)


def test_the_baseline_learns_words():
    texts = ["slow app", "very slow page", "app is slow", "high bill", "bill too high", "the bill"] * 5
    predicted = tfidf(texts, np.array([0, 0, 0, 1, 1, 1] * 5), ["slow", "my bill"])
    assert predicted.tolist() == [0, 1]


def test_the_baseline_reads_characters_where_there_are_no_spaces():
    texts = ["送餐很快", "味道很好", "送餐太慢", "味道太差"] * 4
    assert written_without_spaces(texts)
    assert tfidf(texts, np.array([1, 1, 0, 0] * 4), ["很好很快", "太慢太差"]).tolist() == [1, 0]
    assert not written_without_spaces(["the app is slow", "送餐很快", "so bad"])
