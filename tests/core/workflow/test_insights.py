from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.domain import LabelScore, Scores
from core.workflow import insights as workflow
from core.workflow.insights import label_accuracy

WEAK = Scores("m", 0.7, 0.4, 0.6, (), (), 100, multi=True)


@pytest.fixture
def store():
    """Four comments, the first given "a" and "rare", the second "a" and "b"; the model knows a and b."""
    feedback = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "text": [f"comment {k}" for k in range(4)],
            "date": pd.Series([pd.NaT] * 4, dtype="datetime64[ns]"),
            "rating": [np.nan] * 4,
            "language": ["en"] * 4,
            **{name: [""] * 4 for name in ("row", "text_hash", "author", "account", "channel")},
        }
    )
    run = SimpleNamespace(
        id=5, status="done", dataset_id=1, label_set_id=1, labels=("a", "b"), model=WEAK, checkpoint="r"
    )
    given = pd.DataFrame({"feedback_id": [1, 1, 2, 2], "label": ["a", "rare", "a", "b"]})
    learned = pd.DataFrame(
        {"feedback_id": [1, 2, 9], "part": ["train", "validation", "test"], "label": ["a", "a\x1fb", "b"]}
    )
    said = np.array([[0.9, 0.1], [0.9, 0.2], [0.8, 0.6], [0.2, 0.3]], dtype=np.float32)
    return SimpleNamespace(
        runs=SimpleNamespace(get=lambda run_id: run, rows=lambda run_id: learned),
        predictions=SimpleNamespace(table=lambda run_id: (np.array([1, 2, 3, 4]), said)),
        datasets=SimpleNamespace(
            feedback=lambda dataset_id, ids=None: (
                feedback if ids is None else feedback[feedback["id"].isin(ids)]
            ),
            get=lambda dataset_id: SimpleNamespace(name="Sample"),
        ),
        labels=SimpleNamespace(
            get=lambda label_set_id: SimpleNamespace(name="topics", multi=True),
            table=lambda label_set_id: given,
        ),
    )


def test_insights_of_several_labels_a_comment(store):
    found = workflow.insights(store, 5)
    themes = {theme.name: theme for theme in found.themes}
    assert found.labelled == 2
    assert {name: theme.ids for name, theme in themes.items()} == {
        "a": (1, 2, 3),
        "b": (2, 3),
        "1 rare label": (1,),
    }
    assert themes["a"].share.mid == pytest.approx((1 + 1 + 0.8 + 0.2) / 4)
    assert themes["1 rare label"].share.mid == pytest.approx(1 / 4)


def test_the_prior_is_the_share_of_learned_rows_with_each_label(store):
    run = store.runs.get(5)
    assert workflow._prior(store, run, ("a", "b"), multi=True).tolist() == [1.0, 0.5]
    assert workflow._prior(store, run, ("a", "b"), multi=False) == pytest.approx([2 / 3, 1 / 3])


def test_evidence_and_predictions_join_what_the_model_says(store):
    table = workflow.evidence(store, 5, [1, 2, 3, 4]).set_index("id")
    assert table["label"].to_dict() == {1: "a", 2: "a", 3: "a; b", 4: ""}
    assert table["given"].to_dict() == {1: "a; rare", 2: "a; b", 3: "", 4: ""}
    assert workflow.predicted(store, 5) == {"a": (1, 2, 3), "b": (3,)}


def test_balanced_accuracy_of_a_label_follows_from_precision_and_recall():
    """100 rows, 20 with the label, 15 found, 5 wrong: (15/20 + 75/80) / 2."""
    scores = (LabelScore("a", 0.75, 0.75, 0.75, 20), LabelScore("b", 0.0, 0.0, 0.0, 5))
    found = label_accuracy(
        Scores("m", 0.7, 0.4, 0.6, scores, (), 100, multi=True), ("a", "b", "2 rare labels")
    )
    assert found == pytest.approx([(0.75 + 75 / 80) / 2, 0.0, 0.0])
