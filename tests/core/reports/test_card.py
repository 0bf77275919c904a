from dataclasses import replace

import pytest

from core.domain import Evaluation, LabelScore, Scores, TrainingOptions
from core.reports.card import baselines_of, card_facts, score_rows
from core.reports.findings import model
from core.reports.formats import FORMATS
from core.reports.outline import outline

RANGES = {"macro_f1": (0.6, 0.8), "balanced_accuracy": (0.6, 0.8), "accuracy": (0.4, 0.6)}


def several(name: str, macro_f1: float = 0.7) -> Scores:
    """Two labels on 40 rows of any number of labels; no confusion table."""
    labels = tuple(LabelScore(label, 0.8, 0.5, 0.6, 16, (0.6, 0.9), (0.3, 0.7)) for label in ("a", "b"))
    return Scores(name, 0.5, macro_f1, 0.7, labels, (), 40, ranges=RANGES, multi=True)


@pytest.fixture
def several_run(run):
    evaluation = Evaluation(
        split="One row in five was held out.", baselines=(several("TF-IDF"), several("All"))
    )
    return replace(run, model=several("MiniLM"), baseline=several("TF-IDF"), evaluation=evaluation)


def test_baselines_are_listed_once_and_tfidf_first(several_run, run):
    assert [scores.name for scores in baselines_of(several_run)] == ["TF-IDF", "All"]
    assert [scores.name for scores in baselines_of(run)] == ["word counts"]  # no evaluation
    assert baselines_of(replace(run, baseline=None)) == ()


def test_the_card_of_several_labels(several_run):
    facts = dict(card_facts(several_run))
    assert facts["Labels"].endswith(", any number a comment")
    assert facts["Held-out rows"] == "One row in five was held out."
    assert facts["Baselines, macro F1"].startswith("TF-IDF 70")
    assert "; All 70" in facts["Baselines, macro F1"]
    assert "gets all labels right on 50" in model(several_run)


def test_rows_hold_the_stored_ranges_of_every_model(several_run):
    rows = {(row.theme, row.part): row for row in score_rows(several_run.model, baselines_of(several_run))}
    assert (rows["All: Macro F1", "held-out rows"].low, rows["All: Macro F1", "held-out rows"].high) == (
        0.6,
        0.8,
    )
    assert (rows["a", "recall"].low, rows["a", "recall"].high) == (0.3, 0.7)


def test_a_model_without_encoder_names_none(run):
    facts = dict(card_facts(replace(run, options=TrainingOptions(mode="tfidf"))))
    assert facts["Model"] == "TF-IDF with logistic regression"
    assert "Encoder" not in facts


def test_what_of_the_calibration_error_is_chance_is_said_where_it_is_known(run):
    assert dict(card_facts(run))["Confidence off by"] == "3.0% (12% before calibration)"
    known = replace(run, model=replace(run.model, calibration_chance=0.025))
    assert dict(card_facts(known))["Confidence off by"] == (
        f"3.0% (12% before calibration; a perfectly calibrated model shows 2.5% on {run.model.n:,} rows)"
    )


@pytest.mark.parametrize("key", FORMATS)
def test_every_format_takes_several_labels(key, insights, several_run):
    assert len(FORMATS[key].build(outline(insights, several_run, sentences=("One.",)))) > 500


def test_a_lead_is_no_more_than_its_ranges_allow(run):
    def says(low, high):
        return model(
            replace(run, baseline=replace(run.baseline, macro_f1=0.5, ranges={"macro_f1": (low, high)}))
        )

    run = replace(run, model=replace(run.model, macro_f1=0.7, ranges={"macro_f1": (0.6, 0.8)}))
    assert says(0.4, 0.59).endswith("macro F1 20.0 points above the simple baseline")
    assert says(0.4, 0.6).endswith("above the simple baseline, though their likely ranges meet")
    assert "ranges meet" not in model(replace(run, baseline=replace(run.baseline, ranges={})))


def test_models_are_called_as_on_the_page(several_run):
    beside = (several("tfidf"), several("majority"))
    run = replace(several_run, baseline=several("tfidf"), evaluation=Evaluation(baselines=beside))
    assert "TF-IDF 70" in dict(card_facts(run))["Baselines, macro F1"]
    assert "; Most frequent label 70" in dict(card_facts(run))["Baselines, macro F1"]
    titles = str(score_rows(run.model, beside))
    assert "Most frequent label: " in titles and "majority" not in titles
