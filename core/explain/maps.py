"""The comments as points on a plane: near ones say alike. Deterministic; distances mean little far apart."""

from collections.abc import Callable

import numpy as np

LANDMARKS = 2_500  # points that t-SNE places (van der Maaten, Hinton 2008); the others go between them
SIZE = 50  # principal components that are kept
NEIGHBOURS = 6  # landmarks that place a point
PERPLEXITY = 30.0
ROUNDS = 500
AT_ONCE = 4_096  # points placed in one product
FEWEST = 5  # points; fewer are placed by their principal components alone
Report = Callable[[int, int], None]  # (done, all); may raise to stop


def plane(vectors: np.ndarray, seed: int = 0, on_progress: Report | None = None) -> np.ndarray:
    """(n, 2) float32 for `vectors` (n, size), within -1..1.

    Up to 2,500 points by t-SNE from their principal components. Of more, so many are drawn and placed so;
    every other one goes to the mean of the six nearest of them, near ones weighing more.
    """
    report = on_progress or (lambda done, total: None)
    if len(vectors) < FEWEST:
        return _scaled(_flat(vectors))
    reduced = components(vectors, SIZE, seed)
    chosen = _landmarks(len(reduced), seed)
    report(0, len(reduced))
    placed = _tsne(reduced[chosen], seed)
    points = np.empty((len(reduced), 2))
    for first in range(0, len(reduced), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        points[part] = _between(reduced[part], reduced[chosen], placed)
        report(min(first + AT_ONCE, len(reduced)), len(reduced))
    points[chosen] = placed
    return _scaled(points)


def components(vectors: np.ndarray, size: int, seed: int = 0, sample: int = 20_000) -> np.ndarray:
    """(n, at most `size`) float32: the principal components; their axes from up to `sample` rows."""
    rows = len(vectors)
    some = np.arange(rows)
    if rows > sample:
        some = np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))
    chosen = vectors[some].astype(np.float32)
    centre = chosen.mean(axis=0)
    chosen -= centre
    values, axes = np.linalg.eigh((chosen.T @ chosen).astype(np.float64))
    axes = axes[:, np.argsort(-values)[:size]]
    # An axis may point either way: its largest part points up, so that the map is never mirrored.
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return (vectors.astype(np.float32, copy=False) - centre) @ axes.astype(np.float32)


def _landmarks(rows: int, seed: int) -> np.ndarray:
    if rows <= LANDMARKS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, LANDMARKS, replace=False))


def _tsne(vectors: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    start = vectors[:, :2].astype(np.float32)
    if start.shape[1] < 2:
        start = np.pad(start, ((0, 0), (0, 1)))
    start = start / (start[:, 0].std() or 1.0) * 1e-4
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    # One thread: sums of several come out in another order each time.
    return TSNE(
        n_components=2, init=start, perplexity=perplexity, max_iter=ROUNDS, random_state=seed, n_jobs=1
    ).fit_transform(vectors)


def _between(vectors: np.ndarray, landmarks: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """(n, 2): mean of the nearest landmarks' places, weighed by a bell as wide as the nearest is far."""
    count = min(NEIGHBOURS, len(landmarks))
    far = (vectors**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1)[None] - 2.0 * (vectors @ landmarks.T)
    near = np.argpartition(far, count - 1, axis=1)[:, :count]
    squared = np.maximum(np.take_along_axis(far, near, axis=1), 0.0).astype(np.float64)
    width = squared.min(axis=1, keepdims=True) + 1e-9
    weights = np.exp(-squared / width)
    weights /= weights.sum(axis=1, keepdims=True)
    return (placed[near] * weights[:, :, None]).sum(axis=1)


def _flat(vectors: np.ndarray) -> np.ndarray:
    if not len(vectors):
        return np.zeros((0, 2))
    flat = components(vectors, 2)
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _scaled(points: np.ndarray) -> np.ndarray:
    if not len(points):
        return points.astype(np.float32)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    points = points - middle
    return (points / (np.abs(points).max() or 1.0)).astype(np.float32)
