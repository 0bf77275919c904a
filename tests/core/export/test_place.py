"""Folders take the place of others, whatever happens on the way."""

import multiprocessing
import os
from pathlib import Path

import pytest

from core.errors import ModelError
from core.export.manifest import read_manifest, write_manifest
from core.export.place import beside, check_place, take_place, tidy

FORK = multiprocessing.get_context("fork")


def export(folder, run):
    folder.mkdir()
    (folder / "README.md").write_text("how to use it")
    write_manifest(folder, {"bundle": "roadlens-model", "run": run})
    return folder


@pytest.fixture
def out(tmp_path):
    """An earlier export."""
    return export(tmp_path / "out", 1)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_new_one_takes_the_place_of_the_earlier_one_or_of_an_empty_folder(out, tmp_path):
    (tmp_path / "empty").mkdir()
    for target in (out, tmp_path / "empty", tmp_path / "none"):
        take_place(export(beside(target, "new"), 2), target)
        assert read_manifest(target)["run"] == 2
    assert names(tmp_path) == ["empty", "none", "out"]


def test_something_else_is_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    for path in (tmp_path / "mine", tmp_path / "mine" / "thesis.txt"):
        with pytest.raises(ModelError, match="holds something else"):
            check_place(path)
    check_place(tmp_path / "none" / "yet")


@pytest.mark.parametrize("why", ["here", "within", "volume", "beside"])
def test_a_folder_that_cannot_be_replaced_is_named_with_one_that_can(out, tmp_path, monkeypatch, why):
    asked = out
    if why == "here":
        monkeypatch.chdir(out)
        asked = Path()
    elif why == "within":
        (out / "onnx").mkdir()
        monkeypatch.chdir(out / "onnx")
    elif why == "volume":
        monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == out)
    else:
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(ModelError, match=f"Name a folder in it, such as {out / 'model'}"):
        check_place(asked)
    check_place(out / "model")


def test_the_root_of_a_disk_is_refused():
    with pytest.raises(ModelError, match="such as /model"):
        check_place(Path("/"))


def test_where_it_cannot_be_moved_the_earlier_one_stays(out, tmp_path, monkeypatch):
    rename, made = os.rename, export(beside(out, "new"), 2)

    def busy(source, target):
        if Path(source) == made:
            raise OSError(16, "Device or resource busy")
        rename(source, target)

    monkeypatch.setattr(os, "rename", busy)
    with pytest.raises(ModelError, match="Device or resource busy"):
        take_place(made, out)
    assert read_manifest(out)["run"] == 1
    assert names(tmp_path) == sorted(["out", made.name]), "who made it removes it"


def put_and_die(made, out, moves):
    """Killed after so many renames."""
    rename, done = os.rename, []

    def counted(source, target):
        if len(done) == moves:
            os._exit(9)
        done.append(rename(source, target))

    os.rename = counted
    take_place(made, out)
    os._exit(9)


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_kill_at_any_moment_loses_no_export(out, tmp_path, moves):
    made = export(beside(out, "new"), 2)
    child = FORK.Process(target=put_and_die, args=(made, out, moves))
    child.start()
    child.join()
    assert child.exitcode == 9 and len(names(tmp_path)) == 2, "something was left beside"
    tidy(out)
    assert names(tmp_path) == ["out"]
    assert read_manifest(out)["run"] == (2 if moves == 2 else 1)


def test_tidying_touches_nothing_of_others(tmp_path):
    others = [".other.new-0123abcd", ".out.new-notes", ".out.old", ".out.zip", "out.new-0123abcd"]
    for name in (*others, ".out.new", ".out.new-0123abcd"):
        (tmp_path / name).mkdir()
    tidy(tmp_path / "out")
    assert names(tmp_path) == others
    tidy(tmp_path / "nowhere" / "out")
