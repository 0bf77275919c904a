from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from core.domain import TrainingOptions
from core.models.classifier import Calibration
from core.training import facts
from core.training.material import Material
from core.training.quick import QuickFit


def quick_facts(rows, validation, read=128, labels=3, **options):
    truth = np.eye(labels, dtype=bool)[np.arange(rows) % labels]
    material = Material(
        ["x"] * rows,
        truth,
        tuple("abc"[:labels]),
        False,
        TrainingOptions(**options),
        np.zeros((rows, 4), np.float32),
        None,
    )
    fit = QuickFit(None, None, Calibration(1.0, (0.0,) * labels), 3.0, np.zeros((validation, labels)))
    places = np.arange(rows)
    return facts.of_quick(material, places[validation:], places[:validation], fit, read)


def test_quick_says_what_was_tried_and_how_it_was_chosen():
    said = quick_facts(120, 24)
    assert said["Strength of the head (C)"] == 3.0
    assert said["Strengths tried (C)"] == (
        "1, 3, 10, 30; chosen by the likelihood of the labels of 24 validation comments"
    )
    few = quick_facts(12, 3)["Strengths tried (C)"].split("; ")[1]
    assert few == "chosen by the likelihood of the labels of all 12 comments, each held back once"
    assert quick_facts(3, 0)["Strengths tried (C)"].startswith("none: too few comments")
    assert quick_facts(120, 24, balance="sampling")["Skewed labels"].startswith("a label weighs the more")


def test_an_encoder_that_reads_less_says_so():
    options = TrainingOptions(max_tokens=512)
    assert facts.of_reading(512, options) == {"Longest text": "512 tokens"}
    assert facts.of_reading(256, options) == {
        "Longest text": "256 tokens, all that this encoder can read (512 were asked for)"
    }


def test_a_model_of_words_says_how_it_counts():
    model = SimpleNamespace(vocabulary={"a": 0}, characters=True)
    said = facts.of_tfidf(model, 10, TrainingOptions())
    assert "1: characters, pairs and triples of them that stand in any comment" in said["Terms"]
    assert said["Solver"] == "L-BFGS, at most 200 steps a fit, tolerance 0.001"


def test_a_fine_tuning_says_its_settings():
    plain = TrainingOptions(mode="better", epochs=3, body_rate=2e-3)
    said = facts.of_better(plain, 120, 700)
    assert said["Epochs"] == "at most 3; 120 steps over 700 comments"
    assert said["Weights trained"] == "all" and said["Changed copies"] == "none"
    assert said["Optimiser"] == "AdamW, weight decay 0.01, gradients cut at length 1, no dropout"
    options = replace(plain, adapter_rank=8, frozen_layers=2, patience=1, augment=0.25, balance="sampling")
    said = facts.of_better(options, 1, 1)
    assert "rank 8" in said["Weights trained"] and "lowest 2 layers" in said["Weights trained"]
    assert said["Stops early"] == "after 1 epoch without a likelier one"
    hiding = facts.of_better(replace(plain, token_masking=0.15), 1, 1)
    assert hiding["Hidden words"] == "15% of the tokens of each step, others each time"
    assert facts.of_better(replace(plain, token_masking=0.0), 1, 1)["Hidden words"] == "none"
    mean = facts.of_better(replace(plain, averaging=0.3), 1, 1)["Answers with"]
    assert mean.startswith("the mean of its weights over some 30% of all steps")
    last = facts.of_better(replace(plain, averaging=0.0), 1, 1)["Answers with"]
    assert last == "the last weights of an epoch"
    assert said["Changed copies"].startswith("25%") and "drawn equally" in said["Skewed labels"]
    assert "0.02 encoder" in said["Learning rates"], "adapters learn at ten times the rate"
    assert all(isinstance(value, str) for value in said.values())
    assert "Processes" not in said
    assert facts.of_better(plain, 1, 1, 4)["Processes"].startswith("4, each")
