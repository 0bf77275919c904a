import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.errors import ModelMissing, UnsafeModel
from core.models import hub


@pytest.mark.parametrize(
    "name", ["../etc", "/etc/passwd", "a/b/c", "plain", "a/..", "a/../b", "-a/b", "a b/c", "a/b\n", ""]
)
def test_paths_and_odd_ids_are_refused(name):
    with pytest.raises(UnsafeModel, match="owner/name"):
        hub.check_id(name)


def test_ordinary_ids_pass():
    hub.check_id("sentence-transformers/all-mpnet-base-v2")


@pytest.mark.parametrize(
    "config",
    [
        {"auto_map": {"AutoModel": "evil.Model"}},
        {"text_config": {"auto_map": {}}},
        {"_attn_implementation": "evil/kernel"},
        {"vision": [{"attn_implementation_internal": "x"}]},
    ],
)
def test_folders_that_would_run_code_are_refused(tmp_path, config):
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UnsafeModel, match="code of its own"):
        hub.check_config(tmp_path)


def test_a_folder_with_pickled_weights_only_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UnsafeModel, match="safetensors"):
        hub.check_config(tmp_path)


def test_offline_the_answer_comes_within_three_seconds(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(hub.socket, "create_connection", refuse)
    start = time.monotonic()
    with pytest.raises(ModelMissing, match="bundled encoder"):
        hub.fetch("somebody/some-model-that-is-not-here", 2.0)
    assert time.monotonic() - start < 3.0


def test_a_name_look_up_that_hangs_does_not_hold_the_answer(monkeypatch):
    answer = threading.Event()

    def hang(*args, **kwargs):
        answer.wait(5)
        raise OSError("no name server")

    monkeypatch.setattr(hub.socket, "create_connection", hang)
    start = time.monotonic()
    assert not hub.hub_reachable(0.2)
    assert time.monotonic() - start < 1.0
    answer.set()


@pytest.mark.parametrize("value", ["1", "true", "YES"])
def test_who_works_offline_is_not_asked_for_a_connection(monkeypatch, value):
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    monkeypatch.setattr(hub.socket, "create_connection", lambda *a, **k: pytest.fail("a connection was made"))
    assert not hub.hub_reachable(1.0)


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, ("huggingface.co", 443)),
        ({"HF_ENDPOINT": "http://mirror.example:8080"}, ("mirror.example", 8080)),
        ({"https_proxy": "http://proxy.example:3128"}, ("proxy.example", 3128)),
        ({"https_proxy": "proxy.example:3128", "no_proxy": "huggingface.co"}, ("huggingface.co", 443)),
    ],
)
def test_the_way_to_the_hub_is_asked_where_it_begins(monkeypatch, variables, address):
    for name in ("HF_ENDPOINT", "HF_HUB_OFFLINE", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asked = []
    monkeypatch.setattr(
        hub.socket, "create_connection", lambda where, timeout: asked.append(where) or Closed()
    )
    assert hub.hub_reachable(1.0)
    assert asked == [address]


class Closed:
    def close(self):
        """Nothing is open."""


def test_what_is_fetched_and_what_is_refused_before_a_byte_of_it_comes():
    names = ["some/model", "some/model", "pickles/only", "huge/model", "runs/code", "no/where"]
    script = Path(__file__).parent / "fake_hub.py"
    done = subprocess.run(
        [sys.executable, script, *names],
        env=os.environ | {"PYTHONPATH": str(script.parents[3])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    first, again, pickles, huge, code, nowhere = json.loads(done.stdout)
    files = ["config.json", "model.safetensors", "vocab.txt"]
    # Kept: found again without the hub, too.
    assert first == {"commit": "a" * 40, "files": files, "sent": files, "kept": True}
    assert again == first | {"sent": []}
    assert (pickles["kind"], pickles["sent"]) == ("UnsafeModel", [])
    assert "safetensors" in pickles["error"]
    assert (huge["kind"], huge["sent"]) == ("UnsafeModel", [])
    assert "9.0 GB; the limit is 4 GB" in huge["error"]
    assert code["kind"] == "UnsafeModel" and "code of its own" in code["error"]
    assert nowhere["kind"] == "ModelMissing" and "Check the id" in nowhere["error"]
