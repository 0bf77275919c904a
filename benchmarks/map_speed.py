"""100,000 comments on a map: `python benchmarks/map_speed.py [POINTS]`

The points are made: 50 clouds of random vectors as long as the bundled encoder's, so that neither a file
nor a model is needed. Prints the processor seconds of the plane, of packing it for the browser and of finding
the points in a loop, and the size of what is sent.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.charts import maps as charts  # noqa: E402
from core.explain.maps import plane  # noqa: E402

SIZE, CLOUDS = 384, 50


def main(count: int) -> None:
    rng = np.random.default_rng(0)
    clouds = rng.integers(0, CLOUDS, count)
    vectors = rng.normal(size=(CLOUDS, SIZE))[clouds] + rng.normal(0.0, 0.8, (count, SIZE))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    print(f"{count:,} points of {SIZE} numbers in {CLOUDS} clouds")
    places = timed("plane", lambda: plane(vectors))
    names = np.array([f"label {number}" for number in range(CLOUDS)], dtype=object)
    x, y = places[:, 0], places[:, 1]
    wanted = names[: charts.MOST].tolist()
    groups = timed("groups", lambda: charts.by_value(names[clouds], wanted, "others", "none"))
    sent = timed("packed", lambda: json.dumps(charts.packed(x, y, groups)))
    print(f"sent to the browser: {len(sent) / 1e6:.2f} MB")
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    loop = (0.5 * np.stack([np.cos(turn), np.sin(turn)], axis=1)).tolist()
    found = timed("loop of 200 corners", lambda: charts.inside(x, y, loop))
    print(f"in the loop: {found.sum():,}")


def timed(name: str, work):
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    print(f"{name}: {time.process_time() - cpu:.2f} CPU s, {time.perf_counter() - wall:.2f} s")
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
