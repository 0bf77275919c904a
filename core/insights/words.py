"""Quotes and words of a theme: extracted from stored rows, never written."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from core.domain import Quote
from core.insights.rows import CountedRows
from core.insights.settings import InsightSettings

DEFAULTS = InsightSettings()
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"  # written without spaces, or (Hangul) almost
PIECES = re.compile(rf"(?:https?://|www\.)\S+|@\w+|[{CJK}]+|[^\W_{CJK}]+(?:['’][^\W_{CJK}]+)*")
ONE_CJK = re.compile(rf"[{CJK}]")


NEARLY_SURE = 0.999999


def quotes(
    texts: Sequence[str],
    embeddings: np.ndarray | None,
    rows: CountedRows,
    contexts: Sequence[str],
    settings: InsightSettings = DEFAULTS,
) -> tuple[Quote, ...]:
    """Up to 5 verbatim rows a theme, in the order of the labels; all sequences are by row."""
    picked = quote_rows(texts, embeddings, rows, settings)
    return tuple(
        make_quote(rows, row, theme, texts[row], contexts[row])
        for theme, part in enumerate(picked)
        for row in part
    )


def make_quote(rows: CountedRows, row: int, theme: int, text: str, context: str) -> Quote:
    # 1 is for a person's word alone.
    sure = 1.0 if rows.labelled[row] and rows.carries[row, theme] else NEARLY_SURE
    probability = min(round(float(rows.probabilities[row, theme]), 6), sure)
    return Quote(int(rows.ids[row]), text, rows.labels[theme], probability, context)


def quote_rows(
    texts: Sequence[str], embeddings: np.ndarray | None, rows: CountedRows, settings: InsightSettings
) -> list[list[int]]:
    """Row positions of the quotes of each theme, best first.

    Only rows of the theme with P >= .6 (1 where a person labelled it): by probability, then
    maximal marginal relevance (Carbonell & Goldstein 1998), at most one an account.
    """
    result = []
    for theme in range(len(rows.labels)):
        certainty = rows.probabilities[:, theme]
        here = np.flatnonzero(rows.carries[:, theme] & (certainty >= settings.quote_probability))
        ranked = here[np.argsort(-certainty[here], kind="stable")]
        enough = certainty[ranked[: settings.quote_pool]].min(initial=1.0)
        best = _spaced(ranked[certainty[ranked] >= enough], settings.quote_pool)  # equals: from all times
        pool = _pool(best, texts, certainty, rows.accounts, settings)
        result.append(_diverse(pool, texts, embeddings, certainty, settings))
    return result


def relevance(text: str, certainty: float, settings: InsightSettings) -> float:
    """Probability, less a penalty for rows too short or too long to be a good quote."""
    fits = settings.quote_min_words <= word_count(text) <= settings.quote_max_words
    return certainty - (0.0 if fits else settings.quote_length_penalty)


def word_count(text: str) -> float:
    """White-space words; two CJK characters count as a word."""
    return len(ONE_CJK.findall(text)) / 2 + len(ONE_CJK.sub(" ", text).split())


def _pool(
    best: np.ndarray,
    texts: Sequence[str],
    certainty: np.ndarray,
    accounts: np.ndarray | None,
    settings: InsightSettings,
) -> list[int]:
    """The most relevant rows, one an account and one a wording."""
    ordered = sorted(best.tolist(), key=lambda row: -relevance(texts[row], certainty[row], settings))
    pool: list[int] = []
    seen: set[object] = set()
    for row in ordered:
        keys = {" ".join(texts[row].lower().split())} | (
            {int(accounts[row])} if accounts is not None else set()
        )
        if not keys & seen and texts[row].strip():
            pool.append(row)
            seen |= keys
    return pool


def _diverse(
    pool: list[int],
    texts: Sequence[str],
    embeddings: np.ndarray | None,
    certainty: np.ndarray,
    settings: InsightSettings,
) -> list[int]:
    if len(pool) <= 1:
        return pool
    near = similarity([texts[row] for row in pool], None if embeddings is None else embeddings[pool])
    score = np.array([relevance(texts[row], certainty[row], settings) for row in pool])
    picked = marginal_relevance(score, near, settings.quotes_per_theme, settings.quote_relevance)
    return [pool[position] for position in picked]


def similarity(texts: list[str], embeddings: np.ndarray | None) -> np.ndarray:
    """Cosine of each pair, (m, m): of embeddings, else TF-IDF of 2 to 5 characters (any script)."""
    if embeddings is not None:
        vectors = np.asarray(embeddings, dtype=float)
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors @ vectors.T
    from sklearn.feature_extraction.text import TfidfVectorizer

    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    vectors = grams.fit_transform(texts)
    return (vectors @ vectors.T).toarray()


def marginal_relevance(score: np.ndarray, near: np.ndarray, count: int, weight: float) -> list[int]:
    """Positions by weight x score - (1 - weight) x largest similarity to those already picked."""
    picked: list[int] = []
    nearest = np.zeros(len(score))
    left = np.ones(len(score), dtype=bool)
    while left.any() and len(picked) < count:
        gain = np.where(left, weight * score - (1 - weight) * nearest, -np.inf)
        best = int(gain.argmax())
        picked.append(best)
        left[best] = False
        nearest = np.maximum(nearest, near[best])
    return picked


def theme_words(
    texts: Sequence[str], assigned: np.ndarray, themes: int, settings: InsightSettings = DEFAULTS
) -> list[tuple[str, ...]]:
    """5 words or phrases a theme by c-TF-IDF (Grootendorst 2022): tf log(1 + A / f).

    tf: rows of the theme with the phrase over its rows, f: rows of all themes with it, A: mean
    rows a theme. Rows, not occurrences: one shouting comment is one vote.
    """
    counts = [Counter() for _ in range(themes)]
    sizes = np.zeros(themes)
    for theme in range(themes):
        here = _spaced(np.flatnonzero(assigned == theme), settings.words_rows_per_theme)
        sizes[theme] = len(here)
        for row in here:
            counts[theme].update(set(phrases(texts[row], settings.words_max_ngram)))
    everywhere = Counter()
    for part in counts:
        everywhere.update(part)
    mean_size = sizes.sum() / max((sizes > 0).sum(), 1)
    return [
        _words(part, size, everywhere, mean_size, settings) for part, size in zip(counts, sizes, strict=True)
    ]


def _spaced(rows: np.ndarray, limit: int) -> np.ndarray:
    if len(rows) <= limit:
        return rows
    return rows[np.linspace(0, len(rows) - 1, limit).astype(int)]


def phrases(text: str, longest: int) -> list[str]:
    """1- to 3-grams that neither begin nor end in a stop word; character pairs in CJK runs."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS as STOP

    result: list[str] = []
    words: list[str] = []
    for piece in [*PIECES.findall(text.lower()), ""]:
        if piece and not ONE_CJK.match(piece) and not piece.startswith(("@", "http", "www.")):
            words.append(piece)
            continue
        result.extend(_ngrams(words, longest, STOP))
        words = []
        if piece and ONE_CJK.match(piece):
            result.extend(piece[i : i + 2] for i in range(max(len(piece) - 1, 1)))
    return result


def _ngrams(words: list[str], longest: int, stop: frozenset[str]) -> list[str]:
    return [
        " ".join(words[start : start + size])
        for size in range(1, longest + 1)
        for start in range(len(words) - size + 1)
        if not {words[start], words[start + size - 1]} & stop
        and not words[start].isdigit()
        and (size > 1 or len(words[start]) > 1)
    ]


def _words(
    counts: Counter, size: float, everywhere: Counter, mean_size: float, settings: InsightSettings
) -> tuple[str, ...]:
    weight = {
        phrase: count / size * np.log(1 + mean_size / everywhere[phrase])
        for phrase, count in counts.items()
        if count >= min(settings.words_min_rows, size)
    }
    best = sorted(weight, key=lambda phrase: (-weight[phrase], phrase))[: 6 * settings.words_per_theme]
    if not best:
        return ()
    parts = [set(phrase.split()) for phrase in best]
    near = np.array([[len(a & b) / min(len(a), len(b)) for b in parts] for a in parts])
    score = np.array([weight[phrase] for phrase in best]) / weight[best[0]]
    picked = marginal_relevance(score, near, settings.words_per_theme, 1 - settings.words_diversity)
    return tuple(best[position] for position in picked)
