import json
import os
import sys
import types
from dataclasses import dataclass, replace

import numpy as np
import pytest

from core.errors import Damaged, UnsafeModel
from core.models.classifier import Calibration, Classifier, Head, Platt
from core.models.device import Device
from core.training import checkpoints

CPU = Device("cpu", False, "")
BCTS, PLATT = Calibration(1.5, (0.1, 0.0)), Platt((1.2, 0.8), (0.1, -0.3))
TEXTS = ["the app is slow", "love it"]


def head(multi=False):
    rng = np.random.default_rng(0)
    return Head(rng.normal(size=(2, 32)).astype(np.float32), np.zeros(2, np.float32), multi)


def model(encoder, multi=False):
    return Classifier(encoder, head(multi), ("a", "b"), PLATT if multi else BCTS)


def save(folder, encoder, tuned, multi=False):
    return checkpoints.save(folder, model(encoder, multi), {"run": 3}, tuned)


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("tuned", [True, False])
def test_what_was_saved_answers_the_same(tiny_encoder, tmp_path, tuned, multi):
    saved = save(tmp_path / "checkpoint", tiny_encoder, tuned, multi)
    again = checkpoints.load(
        saved.folder, CPU, lambda name, tokens, revision: tiny_encoder, saved.manifest_sha256
    )
    expected = model(tiny_encoder, multi).probabilities(TEXTS)
    assert np.allclose(again.probabilities(TEXTS), expected, atol=1e-6)
    assert (again.labels, again.multi) == (("a", "b"), multi)
    assert again.calibration == (PLATT if multi else BCTS)
    assert (saved.folder / "encoder").exists() == tuned
    assert checkpoints.read_manifest(saved.folder)["kind"] == "encoder"


def test_words_it_was_trained_without_are_never_read(tiny_encoder, tmp_path):
    saved = checkpoints.save(tmp_path / "checkpoint", model(tiny_encoder), {"without": ["slow"]}, False)
    again = checkpoints.load(saved.folder, CPU, lambda name, tokens, revision: tiny_encoder)
    with_it, without_it = again.probabilities(["the app is slow", "the app is"])
    assert np.allclose(with_it, without_it)
    assert not np.allclose(*model(tiny_encoder).probabilities(["the app is slow", "the app is"]))


def test_a_manifest_from_before_there_were_kinds_is_read(tiny_encoder, tmp_path):
    saved = save(tmp_path / "checkpoint", tiny_encoder, False)
    path = saved.folder / checkpoints.MANIFEST
    manifest = json.loads(path.read_text())
    del manifest["kind"], manifest["multi"], manifest["calibration"]["kind"]
    path.write_text(json.dumps(manifest))
    again = checkpoints.load(saved.folder, CPU, lambda name, tokens, revision: tiny_encoder)
    assert np.allclose(again.probabilities(TEXTS), model(tiny_encoder).probabilities(TEXTS), atol=1e-6)


@dataclass(frozen=True)
class Words:
    """Stands for a model that is no encoder."""

    labels: tuple
    multi: bool
    calibration: object
    word: str
    kind: str = "tfidf"

    def write(self, folder):
        (folder / "words.json").write_text(json.dumps(self.word))


@pytest.mark.parametrize(("kind", "module"), [("tfidf", "linear_text"), ("bilstm", "bilstm")])
def test_other_kinds_are_written_and_read_by_their_own_module(tmp_path, monkeypatch, kind, module):
    def read(folder, about, device):
        word = json.loads((folder / "words.json").read_text())
        return Words(about["labels"], about["multi"], about["calibration"], word, about["kind"])

    made = types.ModuleType(module)
    made.read = read
    monkeypatch.setitem(sys.modules, f"core.models.{module}", made)
    monkeypatch.setattr(sys.modules["core.models"], module, made, raising=False)
    before = Words(("a", "b"), True, PLATT, "slow", kind)
    saved = checkpoints.save(tmp_path / "checkpoint", before, {"run": 3}, False)
    assert checkpoints.load(saved.folder, CPU, None, saved.manifest_sha256) == before
    (saved.folder / "words.json").write_text('"fast"')
    with pytest.raises(Damaged, match="words.json"):
        checkpoints.load(saved.folder, CPU, None, saved.manifest_sha256)


def test_a_kind_or_calibration_that_nobody_knows_is_damage(tiny_encoder, tmp_path):
    saved = save(tmp_path / "checkpoint", tiny_encoder, False)
    path = saved.folder / checkpoints.MANIFEST
    whole = json.loads(path.read_text())
    for broken in ({"kind": "forest"}, {"calibration": {"kind": "other"}}, {"labels": None}):
        path.write_text(json.dumps({**whole, **broken}))
        with pytest.raises(Damaged, match="manifest"):
            checkpoints.load(saved.folder, CPU, lambda name, tokens, revision: tiny_encoder)


@pytest.mark.parametrize("said", [None, {}, "tiny", {"name": "tiny", "revision": "abc", "tuned": False}])
def test_a_manifest_that_does_not_name_the_encoder_is_damage(tiny_encoder, tmp_path, said):
    saved = save(tmp_path / "checkpoint", tiny_encoder, False)
    path = saved.folder / checkpoints.MANIFEST
    manifest = json.loads(path.read_text()) | {"encoder": said}
    if said is None:
        del manifest["encoder"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(Damaged, match="manifest"):
        checkpoints.load(saved.folder, CPU, lambda name, tokens, revision: tiny_encoder)


def test_an_encoder_of_its_own_that_names_code_is_refused(tiny_encoder, tmp_path):
    saved = save(tmp_path / "checkpoint", tiny_encoder, True)
    config = saved.folder / checkpoints.ENCODER / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "auto_map": {"AutoModel": "own.Model"}}))
    path = saved.folder / checkpoints.MANIFEST
    manifest = json.loads(path.read_text())
    name = f"{checkpoints.ENCODER}/config.json"
    manifest["files"][name]["sha256"] = checkpoints.file_sha256(config)
    path.write_text(json.dumps(manifest))
    with pytest.raises(UnsafeModel, match="code of its own"):
        checkpoints.load(saved.folder, CPU, None)


def test_every_changed_missing_or_cut_file_is_noticed_by_name(tiny_encoder, tmp_path):
    saved = save(tmp_path / "checkpoint", tiny_encoder, True)
    files = [path for path in saved.folder.rglob("*") if path.is_file()]
    assert len(files) >= 5
    for path in files:
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 4
        for damage in (bytes(flipped), whole[:-3], b"", b"[]"):
            path.write_bytes(damage)
            with pytest.raises(Damaged, match=path.name):
                checkpoints.read_manifest(saved.folder, saved.manifest_sha256)
        path.unlink()
        with pytest.raises(Damaged, match=path.name):
            checkpoints.read_manifest(saved.folder, saved.manifest_sha256)
        path.write_bytes(whole)
    checkpoints.read_manifest(saved.folder, saved.manifest_sha256)


def test_a_failed_save_leaves_the_checkpoint_that_was_there(tiny_encoder, tmp_path, monkeypatch):
    saved = save(tmp_path / "checkpoint", tiny_encoder, True)

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    other = replace(model(tiny_encoder), labels=("c", "d"))
    with pytest.raises(OSError, match="space"):
        checkpoints.save(saved.folder, other, {}, True)
    assert checkpoints.load(saved.folder, CPU, None, saved.manifest_sha256).labels == ("a", "b")


def test_another_version_of_the_encoder_is_refused(tiny_encoder, tmp_path):
    saved = save(tmp_path / "checkpoint", tiny_encoder, False)
    tiny_encoder.revision = "other"
    with pytest.raises(Damaged, match="another version"):
        checkpoints.load(saved.folder, CPU, lambda name, tokens, revision: tiny_encoder)
