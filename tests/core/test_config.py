import pytest

from core import config
from core.config import load_settings
from core.errors import ConfigError


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_data_folder_is_made_and_nothing_is_left_of_the_trial(data):
    load_settings()
    assert sorted(path.name for path in data.iterdir()) == ["jobs", "runs", "uploads"]


def test_a_data_folder_that_takes_no_file_is_said(data, monkeypatch):
    """Tried, since to the superuser every folder seems writable."""
    load_settings()

    def refuse(dir):
        assert dir == data
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(config, "TemporaryFile", refuse)
    with pytest.raises(ConfigError, match=r"data cannot be written to \(Read-only file system\)"):
        load_settings()


def test_a_data_folder_that_cannot_be_made_is_said(data, tmp_path):
    data.write_text("in the way")
    with pytest.raises(ConfigError, match="data cannot be made"):
        load_settings()
