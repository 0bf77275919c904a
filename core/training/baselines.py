"""What a model without a Transformer reaches on the same rows."""

import re
from collections.abc import Sequence

import numpy as np

UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")


def tfidf(texts: Sequence[str], truth: np.ndarray, held_out: Sequence[str]) -> np.ndarray:
    """TF-IDF + logistic regression; returns the predicted label numbers of `held_out`.

    Words and pairs of words; for scripts without spaces characters, pairs and triples, because a
    whole sentence would count as one word there. Texts without any word, such as emoji, get the most
    frequent label.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    unspaced = written_without_spaces(texts)
    vectorizer = TfidfVectorizer(
        analyzer="char" if unspaced else "word",
        ngram_range=(1, 3) if unspaced else (1, 2),
        token_pattern=None if unspaced else r"(?u)\b\w+\b",
        sublinear_tf=True,
        min_df=2 if len(texts) >= 200 else 1,
        max_features=100_000,
    )
    try:
        rows = vectorizer.fit_transform(texts)
    except ValueError:  # no word occurs, or none often enough
        return np.full(len(held_out), np.bincount(truth).argmax())
    model = LogisticRegression(C=10, max_iter=200, tol=1e-3).fit(rows, truth)
    return model.predict(vectorizer.transform(held_out))


def written_without_spaces(texts: Sequence[str]) -> bool:
    """Whether most of up to 500 texts hold letters of a script that puts no spaces between words."""
    sample = texts[:: max(1, len(texts) // 500)]
    found = sum(bool(UNSPACED.search(text)) for text in sample)
    return found > len(sample) / 2
