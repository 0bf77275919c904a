"""Export jobs: what they are compared on, what is left of those that were killed, downloads side by side."""

import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from core.export import bundle
from core.export.manifest import write_manifest
from core.workflow import exporting

FORK = multiprocessing.get_context("fork")


def export(folder, run=1):
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("how to use it")
    write_manifest(folder, {"bundle": "roadlens-model", "run": run})
    return folder


def export_and_sleep(settings, begun):
    with exporting.at_work(settings):
        begun.set()
        time.sleep(60)


@pytest.fixture
def left(settings):
    """What a cancelled job left: half an export, and a whole one that was moved aside."""
    for name in ("run-1/.export.new-0123abcd", "run-1/.export.new", "run-2/.export.new-0123abcd"):
        (settings.runs_dir / name / "onnx").mkdir(parents=True)
    export(settings.runs_dir / "run-2" / ".export.old-0123abcd", 2)
    return settings.runs_dir


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_killed_exports_left_is_swept_but_not_while_one_lives(settings, left):
    begun = FORK.Event()
    process = FORK.Process(target=export_and_sleep, args=(settings, begun))
    process.start()
    assert begun.wait(20)
    exporting.sweep(settings)
    assert names(left / "run-1") == [".export.new", ".export.new-0123abcd"]
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    exporting.sweep(settings)
    assert names(left / "run-1") == [] and names(left / "run-2") == ["export"]
    manifest = json.loads((left / "run-2" / "export" / "manifest.json").read_text())
    assert manifest["run"] == 2, "the earlier export is back in its place"


def test_every_worker_sweeps_when_it_starts(settings, store, left, monkeypatch):
    from core.workflow import worker

    monkeypatch.setattr(worker, "run_worker", lambda *_, **__: None)
    worker.main("model")
    assert names(left / "run-1") == []


def test_an_export_sweeps_what_was_left_beside_its_folder(said, rows, tmp_path, left):
    run = said("train", rows, "--mode", "tfidf", "--no-quick")["run"]
    (tmp_path / ".words.new-0123abcd").mkdir()
    said("export-model", run, "--out", tmp_path / "words")
    assert names(tmp_path) == ["data", "words"]
    assert names(left / "run-2") == ["export"]


def test_two_downloads_at_once_do_not_meet(settings, monkeypatch):
    run = SimpleNamespace(id=1)
    folder = export(exporting.folder_of(settings, 1))
    zip_file, others = bundle.zip_file, []

    def meanwhile(*args):
        done = zip_file(*args)
        if not others:
            others.append(None)
            others.append(exporting.bundle(settings, run))
        return done

    monkeypatch.setattr(bundle, "zip_file", meanwhile)
    assert exporting.bundle(settings, run) == others[1]
    assert names(folder.parent) == ["export"]


def test_other_formats_are_another_job(store, rows, said):
    run = said("train", rows, *("--encoder", "tests/tiny"))["run"]
    first = exporting.queue(store, run, ["onnx", "torchscript"])
    assert exporting.queue(store, run, ["torchscript", "onnx", "onnx"]).id == first.id
    others = [exporting.queue(store, run, formats).id for formats in (["onnx"], [])]
    assert len({first.id, *others}) == 3
    assert exporting.queue(store, run).id == others[1]


def test_formats_are_compared_on_50_different_comments_held_out_first(store, settings, said, made_up, keep):
    rows = [row for row in made_up(150) for _ in range(2)]  # each comment twice
    keep(rows)
    found = said("train", "Rows", "--mode", "tfidf", "--no-quick")["run"]
    run = store.runs.get(found)
    texts = exporting._texts(store, run)
    assert len(texts) == len(set(texts)) == exporting.COMPARED
    table = store.datasets.feedback(run.dataset_id).set_index("id")["text"]
    parts = store.runs.rows(run.id).set_index("feedback_id")["part"]
    held_out = set(table[parts[parts == "test"].index])
    first = [text in held_out for text in texts]
    assert sum(first) == min(len(held_out), exporting.COMPARED)
    assert first == sorted(first, reverse=True), "those that it learned from come last"
    report = said("export-model", run.id)
    assert report["formats"]["native"]["parity"]["rows"] == exporting.COMPARED


def test_formats_are_compared_on_the_test_rows_of_another_dataset_while_it_is_there(
    store, said, rows, made_up, tmp_path, as_bytes
):
    outside = pd.DataFrame(made_up(160)[120:], columns=["text", "label"])
    (tmp_path / "test.csv").write_bytes(as_bytes(outside))
    found = said("train", rows, "--mode", "tfidf", "--no-quick", "--test", tmp_path / "test.csv")["run"]
    run = store.runs.get(found)
    texts = exporting._texts(store, run)
    assert set(texts[:40]) == set(outside["text"]) and len(texts) == exporting.COMPARED
    store.datasets.delete(run.options.test_dataset)
    own = exporting._texts(store, run)
    assert len(own) == exporting.COMPARED and not set(own) & set(outside["text"])
    assert exporting._texts(store, replace(run, options=replace(run.options, test_dataset=0))) == own
