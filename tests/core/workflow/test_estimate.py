from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.domain import BETTER, BILSTM, BUNDLED_ENCODER, QUICK, TFIDF, Evaluation, TrainingOptions
from core.workflow import estimate
from core.workflow.estimate import Amount, work

TINY = "tests/tiny"
SHORT, LONG = Amount(1_000, 500, 4, [80] * 50), Amount(1_000, 500, 4, [80] * 45 + [20_000] * 5)


def seconds(amount, **options):
    return sum(one for _, one in work(amount, TrainingOptions(**options), "CPU", 0))


def test_how_long_a_text_may_be_is_known_of_encoders_that_are_here(store):
    assert estimate.longest_text(BUNDLED_ENCODER) == 512
    assert estimate.longest_text(TINY) == 32
    assert estimate.longest_text("answerdotai/ModernBERT-base") is None
    assert estimate.longest_text("half-typed/") is None
    assert estimate.most_tokens("better", BUNDLED_ENCODER) == 512
    assert estimate.most_tokens("quick", TINY) == 32
    assert estimate.most_tokens("quick", "answerdotai/ModernBERT-base") == 8192
    assert estimate.most_tokens("bilstm", TINY) == 8192


def test_the_bundled_encoder_reads_what_is_said_of_it(tmp_path):
    from core.models.catalog import open_encoder
    from core.models.device import Device

    assert open_encoder(BUNDLED_ENCODER, Device("cpu", False, ""), 8192).max_tokens == estimate.BUNDLED_TOKENS


@pytest.mark.parametrize("mode", [QUICK, BETTER, BILSTM])
def test_a_higher_limit_costs_time_where_texts_are_long(mode):
    assert seconds(LONG, mode=mode, max_tokens=512) > 1.5 * seconds(LONG, mode=mode, max_tokens=128)
    assert seconds(SHORT, mode=mode, max_tokens=512) == seconds(SHORT, mode=mode, max_tokens=128)


def test_quick_beside_tfidf_is_counted():
    """It reads the labelled half of the comments; where nothing is read, no encoder is in memory."""
    read = dict(work(SHORT, TrainingOptions(), "CPU", 0))["read"]
    beside = TrainingOptions(mode=TFIDF, quick=True)
    assert dict(work(SHORT, beside, "CPU", 0))["read"] == pytest.approx(read / 2)
    assert estimate._memory_mb(SHORT, TrainingOptions(mode=TFIDF)) == estimate.BASE_MB
    assert (
        estimate._memory_mb(SHORT, beside) == estimate._memory_mb(SHORT, TrainingOptions()) > estimate.BASE_MB
    )


def test_more_than_the_encoder_can_read_costs_nothing_more():
    most = estimate.BUNDLED_TOKENS
    assert seconds(LONG, max_tokens=8192) == seconds(LONG, max_tokens=most)
    unknown = {"encoder": "answerdotai/ModernBERT-base"}
    # Each token meets every other one: sixteen times the tokens are more than sixteen times the work.
    beside = seconds(replace(LONG, letters=[0] * 50), **unknown)
    longer, shorter = (seconds(LONG, max_tokens=most, **unknown) for most in (4096, 256))
    assert longer - beside > 16 * (shorter - beside)


def test_memory_follows_the_longest_text_that_is_read():
    def memory(amount, **options):
        return estimate._memory_mb(amount, TrainingOptions(mode=BETTER, **options))

    assert memory(LONG, max_tokens=512) > memory(LONG, max_tokens=128) > memory(SHORT, max_tokens=512)
    assert memory(LONG, max_tokens=8192) == memory(LONG, max_tokens=512)


def test_the_stages_of_a_run_in_folds():
    kinds = [kind for kind, _ in work(SHORT, TrainingOptions(mode=BETTER), "CPU", 2)]
    fold = ["tfidf", "quick", "better", "test"]
    assert kinds == ["read", *fold, *fold, "quick", "better", "predict"]
    assert [kind for kind, _ in work(SHORT, TrainingOptions(mode=TFIDF), "CPU", 0)] == ["tfidf", "predict"]
    both = work(SHORT, TrainingOptions(mode=TFIDF, quick=True, bilstm=True), "CPU", 2)
    fold = ["quick", "bilstm", "tfidf"]
    assert [kind for kind, _ in both] == ["read", *fold, *fold, "tfidf", "predict"]
    beside = [kind for kind, _ in work(SHORT, TrainingOptions(mode=BILSTM), "CPU", 0)]
    assert beside == ["read", "tfidf", "quick", "bilstm", "predict"]
    assert estimate.folds_of("kfold:4x3") == 12 and estimate.folds_of("grouped") == 0


def test_memory_that_was_measured_is_better_than_memory_reckoned(store, settings, keep, made_up):
    from core.workflow import runs
    from core.workflow.task import Task
    from core.workflow.train_job import train

    options = TrainingOptions(mode=TFIDF)
    dataset_id, label_set_id = keep(made_up(80))
    run, _ = runs.start_training(store, settings, dataset_id, label_set_id, options)
    run = train(store, settings, run.id, Task())
    facts = run.evaluation.facts
    assert 50 < facts[estimate.MEMORY] < 20_000
    assert facts[estimate.FORESEEN] == round(estimate.BASE_MB) and facts[estimate.SECONDS] > 0
    assert facts["Threads"] == 1 and facts["Precision"] == "float32"
    store.runs.update(run.id, evaluation=Evaluation(facts={**facts, estimate.MEMORY: 777}))
    ask = store.datasets.get(dataset_id), store.labels.get(label_set_id)
    assert estimate.estimate(store, settings, *ask, options).memory_mb == 777
    other = estimate.estimate(store, settings, *ask, replace(options, max_tokens=256))
    assert other.memory_mb == estimate.BASE_MB


@pytest.mark.parametrize(
    "build, visible, wish, found",
    [
        ("2.13.0", None, "auto", "GPU"),
        ("2.13.0+cu130", "0", "auto", "GPU"),
        ("2.13.0+cpu", None, "auto", "CPU"),
        ("2.13.0+cu130", "", "auto", "CPU"),
        ("2.13.0+cu130", "-1", "auto", "CPU"),
        ("2.13.0", None, "cpu", "CPU"),
        ("2.13.0", None, "cuda:1", "GPU"),
    ],
)
def test_a_gpu_that_torch_will_not_see_does_not_count(monkeypatch, build, visible, wish, found):
    monkeypatch.setattr(estimate.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(estimate, "version", lambda name: build)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert estimate.device_here(SimpleNamespace(device=wish)) == found


def test_layers_are_known_where_the_config_tells_them(monkeypatch):
    found = {"a/b": {"n_layers": 12}, "a/silent": {"hidden_size": 64}}
    monkeypatch.setattr(estimate, "_local_json", lambda name, file: found.get(name, {}))
    names = (estimate.BUNDLED_ENCODER, "a/b", "a/silent", "a/unknown")
    assert [estimate.layers_of(name) for name in names] == [6, 12, None, None]
