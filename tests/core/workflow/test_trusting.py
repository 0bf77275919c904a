"""How far to trust a run's explanations, from the job to what the pages and the command line show."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.domain import LABEL_BREAK, TrainingOptions
from core.errors import Cancelled, NotFound
from core.explain import faithfulness
from core.explain.faithfulness import Difference, Erased, Explained, Measured
from core.workflow import explain_jobs, explain_work, faithfulness_verb, runs, trusting
from core.workflow.command import Parser
from core.workflow.task import Task
from core.workflow.train_job import train

WORDS = TrainingOptions(mode="tfidf")


@pytest.fixture
def trained(store, settings, keep, made_up):
    """Trains on 120 rows with some options."""
    dataset = keep(made_up(120))

    def one(options=WORDS):
        run, _ = runs.start_training(store, settings, *dataset, options)
        return train(store, settings, run.id, Task())

    return one


@pytest.fixture
def run(trained):
    return trained()


def test_a_job_can_be_cancelled_and_says_when_comments_are_too_few(store, settings, run):
    job = explain_jobs.queue(store, run, explain_jobs.FAITHFULNESS)
    assert explain_jobs.queue(store, run, explain_jobs.FAITHFULNESS).id == job.id
    assert explain_jobs.pending(store, run, explain_jobs.FAITHFULNESS).id == job.id
    assert explain_jobs.pending(store, run, explain_jobs.TRUST) is None
    assert explain_work.measures()[explain_jobs.TRUST] is trusting.measure

    def stop(pct, words):
        if "Precise" in words:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        trusting.compare(store, settings, run.id, {}, Task(stop))
    assert trusting.table(store, run) is None
    with pytest.raises(NotFound):
        trusting.measure(store, settings, 999, {}, Task())

    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM held_out WHERE feedback_id % 3 > 0")
    trusting.measure(store, settings, run.id, {})
    trusting.compare(store, settings, run.id, {})
    found = trusting.stored(store, run)
    assert found.badge == "unknown" and "too few" in found.words
    table = trusting.table(store, run)
    assert table.rows == () and "too few" in trusting.in_words(table)


def test_held_out_comments_are_those_the_run_was_judged_on(store, run, keep, made_up):
    texts, truth = trusting.held_out_comments(store, run)
    rows = store.runs.rows(run.id).set_index("feedback_id")
    test = rows[rows["part"] == "test"]
    stored = store.datasets.feedback(run.dataset_id, test.index.tolist()).set_index("id")["text"]
    assert sorted(texts) == sorted(stored)
    label_of = {stored[key]: label for key, label in test["label"].items()}
    assert [label_of[text] for text in texts] == truth
    without = replace(run, options=replace(run.options, without=("slow",)))
    assert not any("slow" in text.split() for text in trusting.held_out_comments(store, without)[0])

    # What an external test dataset holds is read there; a comment of two labels is of no single one.
    other, _ = keep([("far away one", "slow"), ("far away two", "price")])
    ids = store.datasets.feedback(other)["id"].tolist()
    labels = ["slow", LABEL_BREAK.join(("price", "slow"))]
    rows = {"feedback_id": ids, "part": ["test", "test"], "label": labels}
    store.runs.set_rows(run.id, pd.DataFrame(rows))
    outside = replace(run, options=replace(run.options, test_dataset=other))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM held_out")
    assert sorted(zip(*trusting.held_out_comments(store, outside), strict=True)) == [
        ("far away one", "slow"),
        ("far away two", ""),
    ]


# ---- which one leads ----------------------------------------------------------------------


def method(key, comp, above=None, **more):
    same = Difference(comp, comp - 0.1, comp + 0.1)
    values = {"masked": (0.3, 0.4), "mixed": 0.98, "rho_top": 0.1, "rho_all": 0.1, "milliseconds": 50.0}
    values |= {"passes": True, "quick": True} | more
    return trusting.MethodRow(key, key.title(), same, same, (0.5, 0.1), above=above, **values)


BETTER, CHANCE = Difference(0.1, 0.02, 0.2), Difference(0.1, -0.02, 0.2)


@pytest.mark.parametrize(
    ("other", "headline", "words"),
    [
        (method("shapley", 0.5, CHANCE), "occlusion", "no other method that passes beats it"),
        (method("shapley", 0.5, BETTER, quick=False), "occlusion", "better, but takes 50 ms"),
        (method("shapley", 0.5, BETTER, passes=False), "occlusion", "no other method that passes beats it"),
        (method("shapley", 0.5, BETTER), "shapley", "“Shapley” leads for this model: it names"),
    ],
)
def test_why_one_leads(other, headline, words):
    rows = (method("occlusion", 0.4), other)
    assert words in trusting.in_words(trusting.Table(rows, headline, "occlusion", 300.0, 50, "x", None))


def test_a_figure_that_cannot_be_told_is_none():
    values = np.array([0.2, 0.4])
    erased = Erased(values, values)
    row = Measured("m", Explained((), np.array([2.0, 4.0])), erased, erased, rho_top=float("nan"))
    found = trusting._content(row, "Name", row, True, 300.0)
    assert found["rho_top"] is None and found["above"] is None
    assert found["comprehensiveness"][0] == pytest.approx(0.3) and found["milliseconds"] == 3.0
    assert not trusting._content(row, "Name", row, False, 300.0)["passes"]  # shows where, not why


# ---- the command line ---------------------------------------------------------------------


def verb(*words):
    parser = Parser()
    faithfulness_verb.add_verbs(parser.add_subparsers(parser_class=Parser))
    chosen = parser.parse_args(["faithfulness", *words])
    return chosen.verb(chosen)


def test_the_verb_prints_the_table_and_measures_once(store, run, monkeypatch, capsys):
    assert trusting.stored(store, run) is None and trusting.table(store, run) is None
    assert trusting.headline(store, run) == "occlusion"
    shown = verb(str(run.id))
    head, leaving, *_ = shown.splitlines()[2:]
    assert head.split()[:3] == ["method", "comp", "suff"] and "Leaving words out" in leaving
    assert "Words at random" in shown and "Tested on 24 of your comments" in shown
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(faithfulness, "table", lambda *given, **named: pytest.fail("measured twice"))
    found = verb(str(run.id), "--json")
    assert found["run"] == run.id and found["badge"]["badge"] == "tested"
    assert [row["method"] for row in found["rows"]] == ["occlusion", "shapley", "random"]

    tested = trusting.stored(store, run)
    assert (tested.badge, tested.method) == ("tested", "occlusion")
    assert tested.figures["comments"] == run.model.n == 24
    assert tested.figures["comprehensiveness"] > tested.figures["comprehensiveness of random words"]
    assert tested.data_sha256 == store.datasets.get(run.dataset_id).sha256
    usual, other, chance = trusting.table(store, run).rows
    assert usual.above is None and other.above.low <= other.above.mid <= other.above.high
    assert usual.comprehensiveness.low > chance.comprehensiveness.high
    assert usual.sufficiency.high < chance.sufficiency.low
    assert (usual.masked, usual.rho_top) == (None, None)  # words are counted: no mask, no layers
    assert 0.9 < usual.mixed <= 1 and usual.passes and not chance.passes
    assert trusting.headline(store, run) == found["headline"]


def test_a_table_is_aligned():
    chance = method("random", 0.1, CHANCE, passes=False, masked=None, rho_top=None, rho_all=None, mixed=None)
    rows = (method("occlusion", 0.4), method("shapley", 0.5, BETTER), chance)
    lines = faithfulness_verb.aligned(SimpleNamespace(rows=rows, headline="shapley"))
    assert len({line.index("[") for line in lines[1:]}) == 1
    assert lines[1].startswith("  Occlusion") and lines[2].startswith("* Shapley")
    assert "0.500 [0.400, 0.600]" in lines[2] and "+0.100 [+0.020, +0.200]" in lines[2]
    assert "+" not in lines[3] and lines[3].endswith("0.500  0.100")
