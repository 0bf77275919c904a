import numpy as np
import pytest

from core.errors import Cancelled
from core.explain import maps


def clusters(rows, count=4, size=24, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(rows) % count
    vectors = rng.normal(size=(count, size))[truth] + 0.25 * rng.normal(size=(rows, size))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), truth


def kept_together(points, truth):
    """Share of the nearest points in the plane that are of the same cluster."""
    far = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    return (truth[far.argmin(axis=1)] == truth).mean()


def test_alike_comments_stand_together():
    vectors, truth = clusters(160)
    points = maps.plane(vectors)
    assert points.shape == (160, 2) and points.dtype == np.float32
    assert np.abs(points).max() == pytest.approx(1.0)
    assert kept_together(points, truth) > 0.98


def test_more_points_than_landmarks(monkeypatch):
    monkeypatch.setattr(maps, "LANDMARKS", 80)
    monkeypatch.setattr(maps, "AT_ONCE", 150)
    vectors, truth = clusters(400)
    told = []
    points = maps.plane(vectors, on_progress=lambda done, total: told.append((done, total)))
    assert kept_together(points, truth) > 0.95
    assert told == [(0, 400), (150, 400), (300, 400), (400, 400)]
    assert (maps.plane(vectors) == points).all()
    assert (maps.plane(vectors, seed=1) != points).any()


def test_progress_may_stop():
    def stop(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        maps.plane(clusters(40)[0], on_progress=stop)


@pytest.mark.parametrize("rows", [0, 1, 2, 4, 5, 7])
def test_few_points(rows):
    points = maps.plane(clusters(8)[0][:rows])
    assert points.shape == (rows, 2) and np.isfinite(points).all()


@pytest.mark.parametrize("size", [1, 2])
def test_short_vectors_and_equal_ones(size):
    assert np.isfinite(maps.plane(np.ones((30, size), dtype=np.float32))).all()


def test_components_are_those_of_greatest_spread():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 5)) * [1.0, 5.0, 0.1, 3.0, 0.1]
    found = maps.components(vectors, 2)
    assert abs(np.corrcoef(found[:, 0], vectors[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(found[:, 1], vectors[:, 3])[0, 1]) > 0.99
    assert found.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-4)
