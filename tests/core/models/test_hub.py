import json
import time

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
