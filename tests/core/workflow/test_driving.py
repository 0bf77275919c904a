"""What drives a label, on a TF-IDF model of made-up comments."""

import csv
import io
import re

import pytest

from core.domain import TFIDF, Columns, TrainingOptions
from core.errors import Cancelled, CannotTrain
from core.workflow import driving, explain_jobs, feedback
from core.workflow.runs import start_training
from core.workflow.task import Task
from core.workflow.train_job import train

LABELS = ("praise", "bug")
SAID = {"praise": "thanks lovely app", "bug": "crash again app"}


@pytest.fixture
def run(store, settings):
    """120 comments: "thanks" and "lovely" stand for praise, "crash" for bug; "free" plans thank twice."""
    lines = ["text,label,plan,created,stars,who"]
    for number in range(120):
        label = LABELS[number % 2]
        text = f"{SAID[label]} w{number}" + (" thanks" if number % 4 == 0 else "")
        plan = ("free", "team")[number // 2 % 2]
        lines.append(f"{text},{label},{plan},2026-0{1 + number % 3}-10,{1 + number % 5},Acme Ltd")
    columns = Columns("text", "label", date="created", rating="stars", segments=("plan",), account="who")
    data = "\n".join(lines).encode()
    done = feedback.import_bytes(store, settings, data, "rows.csv", columns, "Rows")
    labels = store.labels.sets(done.dataset_id)[0].id
    started, _ = start_training(
        store, settings, done.dataset_id, labels, TrainingOptions(mode=TFIDF, trial_of=7, seed=3)
    )
    return train(store, settings, started.id, Task())


def measured(store, settings, run, **params):
    told = []
    task = Task(lambda pct, words: told.append((pct, words)))
    return driving.measure(store, settings, run.id, params, task), told


def test_each_label_has_its_words_with_evidence(store, settings, run):
    assert driving.stored(store, run) == {}
    ahead = driving.forecast(store, settings, run)
    assert (ahead.labels, ahead.comments) == (2, 120) and ahead.seconds < 60
    result, told = measured(store, settings, run)
    assert result == {"run": run.id, "labels": 2}
    shares = [pct for pct, _ in told]
    assert shares == sorted(shares) and shares[-1] == 99
    assert any(words.startswith("Label 2 of 2, ") for _, words in told)
    found = driving.stored(store, run)
    assert list(found) == list(run.labels)
    praise = found["praise"]
    assert praise.fresh and praise.comments == praise.said == 60
    by_words = {driver.words: driver for driver in praise.drivers}
    thanks = by_words["thanks"]
    assert thanks.clear and thanks.effect.mid > 0.03 and thanks.effect.n == 60
    table = store.datasets.feedback(run.dataset_id, thanks.ids)
    assert table["text"].str.contains("thanks").all() and set(thanks.quotes) <= set(thanks.ids)
    assert {part.value for part in thanks.segments["plan"]} == {"free", "team"}
    assert {part.value for part in thanks.segments["Rating"]} == {"low", "middle", "high"}
    assert [part.value for part in thanks.months] == ["2026-01", "2026-02", "2026-03"]
    assert abs(by_words["app"].effect.mid) < thanks.effect.mid
    assert praise.robustness.comments == 20 and 0 < praise.robustness.share <= 1
    assert driving.forecast(store, settings, run).labels == 0
    # Words and ids are kept, not the words that only one comment has.
    kept = store.explanations.findings(run.id, explain_jobs.DRIVERS)
    assert not re.search(r"\bw\d+", str([each.content for each in kept.values()]))


def test_a_word_of_a_label_does_not_look_like_a_name(store, settings):
    said = {"Crash_report": "my Crash again app here", "praise": "our Zoe lovely app there"}
    lines = [f"{text} w{number},{label}" for number in range(60) for label, text in said.items()]
    data = "\n".join(["text,label", *lines]).encode()
    done = feedback.import_bytes(store, settings, data, "rows.csv", Columns("text", "label"), "Rows")
    labels = store.labels.sets(done.dataset_id)[0].id
    started, _ = start_training(store, settings, done.dataset_id, labels, TrainingOptions(mode=TFIDF))
    run = train(store, settings, started.id, Task())
    measured(store, settings, run)
    found = driving.stored(store, run)
    assert "crash" in {driver.words for each in found.values() for driver in each.drivers if driver.clear}
    suspects = {one.words for each in found.values() for one in each.suspects}
    assert any("zoe" in words for words in suspects)
    assert not any("crash" in words for words in suspects)


def test_a_stopped_job_goes_on_where_it_was(store, settings, run):
    seen = []

    def stop_at_second(pct, words):
        seen.append(words)
        if words.startswith("Label 2"):
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        driving.measure(store, settings, run.id, {}, Task(stop_at_second))
    (done,) = driving.stored(store, run)
    before = store.explanations.findings(run.id, explain_jobs.DRIVERS)[done]
    result, told = measured(store, settings, run)
    assert result["labels"] == 1
    assert not any(done in words for _, words in told if words.startswith("Label"))
    assert any(words.startswith("Label 2 of 2, ") for _, words in told)
    assert store.explanations.findings(run.id, explain_jobs.DRIVERS)[done] == before
    assert measured(store, settings, run)[0]["labels"] == 0


def test_labels_that_were_asked_for_and_stale_once_comments_changed(store, settings, run, monkeypatch):
    assert measured(store, settings, run, labels=["bug"])[0]["labels"] == 1
    assert list(driving.stored(store, run)) == ["bug"]
    real = type(store.datasets).get

    class Changed:
        def __init__(self, found):
            self.sha256 = found.sha256 + "0"

    monkeypatch.setattr(type(store.datasets), "get", lambda self, key: Changed(real(self, key)))
    assert not any(each.fresh for each in driving.stored(store, run).values())


def test_nothing_is_kept_of_comments_that_change_meanwhile(store, settings, run, monkeypatch):
    calls = []
    real = type(store.datasets).get

    def changing(self, key):
        calls.append(key)
        found = real(self, key)
        return found if len(calls) == 1 else type("Changed", (), {"sha256": "other"})()

    monkeypatch.setattr(type(store.datasets), "get", changing)
    with pytest.raises(CannotTrain, match="Measure them again"):
        measured(store, settings, run)
    assert not store.explanations.findings(run.id, explain_jobs.DRIVERS)


def test_thanks_is_suspicious_and_can_be_left_out(store, settings, run):
    measured(store, settings, run)
    words = driving.shortcuts(store, run)
    thanks = next(word for word in words if word.words == "thanks")
    assert (thanks.label, thanks.why) == ("praise", "is a greeting or a courtesy")
    assert [word.words for word in words if "thanks" in word.words] == ["thanks"]  # no "thanks lovely"
    new = driving.train_without(store, settings, run, ["thanks"])
    assert new.status == "queued" and new.options.without == ("thanks",)
    assert (new.options.mode, new.options.seed, new.options.trial_of) == (TFIDF, 3, 0)
    trained = train(store, settings, new.id, Task())
    more = driving.train_without(store, settings, trained, ["again", "thanks"])
    assert more.options.without == ("thanks", "again")


def test_comments_of_a_word_and_the_words_as_a_file(store, settings, run):
    assert len(driving.comments_with(store, run, "thanks")) == 60
    assert len(driving.comments_with(store, run, "lovely app")) == 60
    assert len(driving.comments_with(store, run, "w1")) == 1  # not w10
    assert driving.comments_with(store, run, "app thanks") == ()
    table = store.datasets.feedback(run.dataset_id)
    assert driving.comments_with(store, run, "w7") == (int(table["id"].iloc[7]),)
    measured(store, settings, run)
    found = dict(driving.stored(store, run))
    found["=1+1"] = found.pop("bug")
    text = driving.csv_bytes(found).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["label"] for row in rows} == {"praise", "'=1+1"}
    thanks = next(row for row in rows if row["words"] == "thanks")
    assert float(thanks["low"]) <= float(thanks["points"]) <= float(thanks["high"])
    assert (thanks["clear"], thanks["comments"]) == ("yes", "60")
    assert thanks["suspicious because it"] == "is a greeting or a courtesy"
