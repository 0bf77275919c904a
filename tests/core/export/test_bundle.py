import json
import zipfile

import numpy as np
import pytest

from core.errors import Damaged, ModelError
from core.export import bundle
from core.export.bundle import export_model, lines_of, zip_file
from core.export.manifest import read_manifest
from core.export.opened import open_exported
from core.export.parity import Parity


def test_a_bundle_has_formats_card_hashes_and_a_report(single, texts, tmp_path):
    steps = []
    report = export_model(
        single,
        {"run": 7},
        texts,
        tmp_path / "out",
        ["transformers", "torchscript"],
        lambda lines: f"{len(lines)} lines",
        lambda done, what: steps.append(what),
    )
    assert list(report["formats"]) == ["original", "torchscript", "transformers"] and not report["refused"]
    lines = lines_of(report)
    assert [(line.measured.name, bool(line.parity)) for line in lines] == [
        ("original", False),
        ("torchscript", True),
        ("transformers", True),
    ]
    assert bundle._report(lines, {})["formats"] == report["formats"], "read back as it was written"
    assert report["formats"]["torchscript"]["parity"]["passed"]
    assert report["formats"]["torchscript"]["parity"]["rows"] == 50
    assert all(line["size_mb"] > 0 and line["cpu_ms_per_row"] > 0 for line in report["formats"].values())
    assert (tmp_path / "out" / "MODEL_CARD.md").read_text(encoding="utf-8") == "3 lines"
    manifest = read_manifest(tmp_path / "out")
    assert manifest["run"] == 7 and "transformers/manifest.json" in manifest["files"]
    assert steps == ["Writing TorchScript", "Writing transformers"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    opened = open_exported(tmp_path / "out" / "transformers")
    assert np.abs(opened.probabilities(texts) - single.probabilities(texts)).max() < 1e-5


def test_an_earlier_export_is_replaced_and_nothing_else(single, texts, tmp_path):
    for _ in range(2):
        export_model(single, {}, texts, tmp_path / "out", ["transformers"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ModelError, match="holds something else"):
        export_model(single, {}, texts, tmp_path / "mine", ["transformers"])
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_a_format_that_answers_otherwise_is_left_out(single, texts, tmp_path, monkeypatch):
    def unlike(model, opened, texts, key, multi):
        return Parity(50, 0.5, 0.3, key != "torchscript")

    monkeypatch.setattr(bundle, "parity", unlike)
    report = export_model(single, {}, texts, tmp_path / "out", ["transformers", "torchscript"])
    assert "decides 50% as the model does" in report["refused"]["torchscript"]
    assert read_manifest(tmp_path / "out")["refused"] == report["refused"], "a later look still tells why"
    assert not (tmp_path / "out" / "torchscript").exists()
    with pytest.raises(ModelError, match="No format answers"):
        export_model(single, {}, texts, tmp_path / "other", ["torchscript"])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_exports_at_once_leave_each_other_alone(single, texts, tmp_path):
    def meanwhile(lines):
        export_model(single, {"run": 1}, texts, tmp_path / "out", ["transformers"])
        return "card"

    export_model(single, {"run": 2}, texts, tmp_path / "out", ["torchscript"], meanwhile)
    assert read_manifest(tmp_path / "out")["run"] == 2
    assert not (tmp_path / "out" / "transformers").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_to_a_folder_stays_one(single, texts, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    for _ in range(2):
        report = export_model(single, {}, texts, tmp_path / "link", ["transformers"])
    assert report["folder"] == str(tmp_path / "disk") and (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "link"]
    read_manifest(tmp_path / "link")


def test_the_readme_says_that_personal_data_is_masked_by_roadlens_alone(single, texts, tmp_path):
    export_model(single, {}, texts, tmp_path / "out", ["transformers"])
    said = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "read a text as it is" in said and "python -m core score" in said and "[email]" in said


def test_unknown_formats_are_refused_before_anything_is_written(single, texts, tmp_path):
    with pytest.raises(ModelError, match="no format 'pmml'"):
        export_model(single, {}, texts, tmp_path / "out", ["pmml"])
    assert not list(tmp_path.iterdir())


def test_the_zip_holds_what_the_manifest_lists(single, texts, tmp_path):
    export_model(single, {}, texts, tmp_path / "out", ["transformers"])
    archive = zipfile.ZipFile(zip_file(tmp_path / "out", tmp_path / "out.zip"))
    assert archive.testzip() is None
    listed = {f"roadlens-model/{name}" for name in read_manifest(tmp_path / "out")["files"]}
    assert set(archive.namelist()) == listed | {"roadlens-model/manifest.json"}
    first = (tmp_path / "out.zip").read_bytes()
    assert zip_file(tmp_path / "out", tmp_path / "again.zip").read_bytes() == first
    path = tmp_path / "out" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    outside = tmp_path / "secret.txt"
    outside.write_bytes(b"")
    manifest["files"]["../secret.txt"] = {
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(Damaged):
        zip_file(tmp_path / "out", tmp_path / "bad.zip")
