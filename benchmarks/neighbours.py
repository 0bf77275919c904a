"""Do the neighbours of a comment tell whether the model is right? `python benchmarks/neighbours.py RUN ...`

For each finished run of the data folder: how many of the five nearest comments that it learned from carry
the label it gives a held-out comment, for right and wrong answers; the area under the ROC curve of that
agreement, of the confidence and of their sum as a sign of a right answer; seconds for one comment.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.config import load_settings  # noqa: E402
from core.domain import TEST  # noqa: E402
from core.explain import resembles  # noqa: E402
from core.store.store import Store, open_store  # noqa: E402
from core.workflow import resembling  # noqa: E402
from core.workflow.explanations import load_classifier  # noqa: E402

NO_LIMIT = 10**9


def main(run_ids: list[int]) -> None:
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    for run_id in run_ids:
        measure(store, load_classifier(store, settings, run_id), run_id)


def measure(store: Store, model, run_id: int) -> None:
    run = store.runs.get(run_id)
    among = resembling.learned(store, run, model, NO_LIMIT)
    texts, carried = held_out(store, run)
    chances = model.probabilities(texts)
    said, confidence = chances.argmax(axis=1), chances.max(axis=1)
    number = {label: place for place, label in enumerate(model.labels)}
    theirs = np.zeros((len(among.ids), len(number)), dtype=bool)
    for row, names in enumerate(among.labels):
        theirs[row, [number[name] for name in names if name in number]] = True
    wanted = resembling.represent(store, run, model, texts, "")
    agreed = resembles.agreements(among.vectors, theirs, wanted, said)
    right = np.array([model.labels[label] in names for label, names in zip(said, carried, strict=True)])
    started = time.perf_counter()
    for text in texts[:20]:
        resembling.neighbours(store, run, model, text, among=among)
    each = (time.perf_counter() - started) / len(texts[:20])
    print(f"run {run_id} ({run.options.mode}): {len(texts):,} held out, {len(among.ids):,} learned from")
    print(f"  agreement when right {agreed[right].mean():.2f} ({right.sum():,} comments)", end=", ")
    print(f"when wrong {agreed[~right].mean():.2f} ({(~right).sum():,})")
    for name, sign in {"agreement": agreed, "confidence": confidence, "sum": agreed + confidence}.items():
        print(f"  AUC of {name}: {area(sign, right):.3f}")
    for share in sorted(set(agreed.tolist())):
        at = agreed == share
        print(f"  {share:.0%} agree: {at.sum():>5,} comments, {right[at].mean():.0%} right")
    print(f"  usual likeness {among.usual:.2f}, {each * 1000:.0f} ms a comment")


def held_out(store: Store, run) -> tuple[list[str], list[tuple[str, ...]]]:
    rows = store.runs.rows(run.id)
    rows = rows[rows["part"] == TEST]
    feedback = store.datasets.feedback(run.dataset_id, rows["feedback_id"].tolist())
    rows = rows.set_index("feedback_id").loc[feedback["id"].tolist()]
    return feedback["text"].tolist(), [tuple(cell.split(resembling.LABEL_BREAK)) for cell in rows["label"]]


def area(sign: np.ndarray, right: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, sign)) if 0 < right.sum() < len(right) else float("nan")


if __name__ == "__main__":
    main([int(run_id) for run_id in sys.argv[1:]])
