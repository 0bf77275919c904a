"""Two runs that were judged in different ways, side by side."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.domain import Columns, TrainingOptions
from core.workflow import comparing, feedback, runs
from core.workflow.task import Task
from core.workflow.train_job import train


@pytest.fixture
def trained(store, settings, made_up, as_bytes):
    """TF-IDF on 160 rows with accounts and dates."""
    rows = pd.DataFrame(made_up(160), columns=["text", "label"]).assign(
        account=[f"customer {k % 16}" if k else "" for k in range(160)],
        date=pd.date_range("2024-01-01", periods=160).strftime("%Y-%m-%d"),
    )
    columns = Columns("text", "label", date="date", account="account")
    done = feedback.import_bytes(store, settings, as_bytes(rows), "rows.csv", columns, "Rows")
    label_set = store.labels.sets(done.dataset_id)[0]

    def one(**options):
        options = TrainingOptions(**{"mode": "tfidf", **options})
        run, _ = runs.start_training(store, settings, done.dataset_id, label_set.id, options)
        return train(store, settings, run.id, Task())

    return one


def test_another_split_is_told_with_the_comments_that_differ(store, trained):
    first, second = trained(split="time"), trained(split="stratified")
    said = comparing.compare(store, first, second).rows
    taught = [
        set(rows["feedback_id"][rows["part"] == "train"])
        for rows in (store.runs.rows(run.id) for run in (first, second))
    ]
    assert taught[0] != taught[1]
    assert "same comments and labels" not in said
    assert f"run {first.id} from {len(taught[0])}, run {second.id} from {len(taught[1])}." in said
    assert f"{len(taught[0] & taught[1])} of these taught both" in said
    assert f"{len(taught[0] - taught[1])} run {first.id} alone" in said
    folds = trained(split="kfold:3")
    said = comparing.compare(store, folds, second).rows
    assert f"Run {folds.id} was judged in parts" in said
    assert "They learned from different comments, so a difference may come from the comments" in said
    assert f"run {folds.id} from" not in said, "the models that were judged learned from fewer"


def test_settings_are_compared_where_they_mean_something(trained):
    run = trained()

    def of(mode, **more):
        return replace(run, options=TrainingOptions(mode=mode, **more))

    changed = comparing.changed_settings(of("better", token_masking=0.3), of("better", token_masking=0.0))
    assert changed == (("token masking", "0.3", "0.0"),)
    changed = comparing.changed_settings(of("quick", token_masking=0.3), of("better", token_masking=0.0))
    assert changed == (("mode", "quick", "better"), ("token masking", comparing.UNUSED, "0.0"))
    assert comparing.changed_settings(of("quick", token_masking=0.3), of("quick", token_masking=0.0)) == ()
    changed = comparing.changed_settings(of("better"), of("better", body_rate=1e-3))
    assert changed == (("body rate", "0.00015", "0.001"),), "what the encoder decided, not 0"
    assert comparing.changed_settings(of("better"), of("better", body_rate=1.5e-4)) == ()


def test_both_are_scored_with_ranges_on_the_comments_they_share(store, trained):
    first, second = trained(split="kfold:3"), trained(split="stratified", seed=4)
    found = comparing.compare(store, first, second)
    assert [scores.n for scores in found.scores] == [found.comparison.rows] * 2 == [second.model.n] * 2
    assert found.scores[0].macro_f1 == pytest.approx(found.comparison.measures[0].first)
    assert found.scores[1].macro_f1 == pytest.approx(second.model.macro_f1)
    names = {"accuracy", "macro_f1", "balanced_accuracy", "weighted_f1", "macro_auc", "calibration_error"}
    assert all(names <= set(scores.ranges) for scores in found.scores)


def test_people_kept_apart_are_redrawn_as_people(store, trained, monkeypatch):
    """Of 16 people who wrote 10 comments each, and one comment of nobody known."""
    from core.evaluation import comparison

    compare, given = comparison.compare, []

    def watched(first, second, **more):
        given.append((first.ids, more["groups"]))
        return compare(first, second, **more)

    monkeypatch.setattr(comparison, "compare", watched)
    runs_by = {split: trained(split=split) for split in ("grouped", "stratified")}
    again = trained(split="grouped", mode="tfidf", seed=5)
    comparing.compare(store, runs_by["grouped"], again)
    comparing.compare(store, runs_by["stratified"], trained(split="stratified", seed=5))
    (ids, groups), (_, none) = given
    rows = store.datasets.feedback(again.dataset_id).set_index("id").loc[ids]
    assert groups == [f"account {account}" if account else "" for account in rows["account"]]
    assert 1 < len(set(groups)) < len(ids) / 2 and none is None


def test_a_run_judged_by_person_has_ranges_by_person(store, trained):
    from core.evaluation.scores import score
    from core.workflow.judging import certainty, held_out, writers
    from core.workflow.selection import people

    apart, mixed = trained(split="grouped"), trained(split="stratified")
    assert apart.model.by_person and all(scores.by_person for scores in apart.evaluation.baselines)
    assert not mixed.model.by_person and not any(scores.by_person for scores in mixed.evaluation.baselines)
    held = held_out(store, apart, "majority")
    rows = store.datasets.feedback(apart.dataset_id).set_index("id").loc[held.ids]
    beside = next(scores for scores in apart.evaluation.baselines if scores.name == "majority")
    assert beside.ranges == score("majority", held, groups=people(rows)).ranges
    assert beside.ranges["accuracy"] != score("majority", held).ranges["accuracy"]
    assert all(scores.by_person for scores in comparing.compare(store, apart, mixed).scores)
    who = writers(store, [apart], held.ids)
    assert who == people(rows) and writers(store, [mixed], held.ids) is None
    by_person, by_comment = (certainty(held_out(store, apart), groups).unsure[0] for groups in (who, None))
    assert by_person.right == by_comment.right and by_person.n == by_comment.n
    assert (by_person.low, by_person.high) != (by_comment.low, by_comment.high)


@pytest.mark.parametrize("mended, beaten", [(0, False), (1, False), (14, True)])
def test_a_simpler_model_beats_a_run_only_by_more_than_chance(store, trained, mended, beaten):
    """Of 32 held-out comments the run has the first 14 wrong, the simpler model so many of them right."""
    from core.store.database import transaction
    from core.store.held_out import Answers, replace_held_out
    from core.workflow.judging import held_out

    run = trained()
    held = held_out(store, run)
    assert len(held.ids) == 32
    ours = np.where(held.truth, 0.8, 0.1)
    ours[:14] = np.where(held.truth[:14], 0.1, 0.8)
    theirs = ours.copy()
    theirs[:mended] = np.where(held.truth[:mended], 0.8, 0.1)
    answers = {
        name: Answers(held.ids, held.repeat, held.fold, found.astype(np.float32))
        for name, found in (("model", ours), ("quick", theirs))
    }
    with transaction(store.held_out.engines.write) as connection:
        replace_held_out(connection, run.id, answers)
    assert comparing.is_beaten(store, run, "quick") is beaten
    assert comparing.is_beaten(store, run, "bilstm") is None, "it was not measured"
