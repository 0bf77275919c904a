"""The app without a browser: pages inside the frame, the error box, the configuration."""

import tomllib
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.charts import theme
from core.config import Settings
from core.errors import StoreError
from pages.parts import resources
from pages.parts.frame import PAGES

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app.py"
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


@pytest.fixture(autouse=True)
def _empty_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(resources, "start_background", lambda: None)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def start() -> AppTest:
    return AppTest.from_file(APP, default_timeout=30).run()


@pytest.mark.parametrize("name", [page[0] for page in PAGES])
def test_every_page_works_with_nothing_stored(name):
    app = start().switch_page(f"pages/{name}.py").run()
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


def test_the_page_list_is_the_folder():
    assert {page[0] for page in PAGES} == {path.stem for path in (ROOT / "pages").glob("*.py")}


def test_an_app_error_is_shown_as_its_sentence(monkeypatch):
    def fail():
        raise StoreError("The database is **busy**. Try again.")

    monkeypatch.setattr(resources, "start_background", fail)
    app = start()
    assert not app.exception
    assert [error.value for error in app.error] == [r"The database is \*\*busy\*\*\. Try again\."]


def test_the_background_starts_once_for_all_visits(monkeypatch):
    monkeypatch.undo()
    started = []

    @st.cache_resource
    def once():
        started.append(1)

    monkeypatch.setattr(resources, "watchers", once)
    start()
    start()
    assert started == [1]


# ---- configuration ------------------------------------------------------------------------


def test_the_server_is_closed_by_default():
    server, client = CONFIG["server"], CONFIG["client"]
    assert server["address"] == "127.0.0.1"
    assert server["allowedHosts"] == ["localhost", "127.0.0.1"]
    assert server["enableXsrfProtection"] is True
    assert server["enableStaticServing"] is server["enableAgentApi"] is False
    assert server["fileWatcherType"] == "none"
    assert server["disconnectedSessionTTL"] == 60
    assert client["showErrorDetails"] == "none"
    assert client["showErrorLinks"] is False
    assert client["toolbarMode"] == "viewer"
    assert client["disableDataExport"] is True
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["logger"]["enableRich"] is False


def test_the_upload_limit_is_the_one_of_the_settings():
    assert CONFIG["server"]["maxUploadSize"] * 1_000_000 >= Settings().max_upload_mb * 2**20


@pytest.mark.parametrize("name", ["light", "dark"])
def test_page_and_charts_have_the_same_colours(name):
    page, surface = CONFIG["theme"][name], theme.SURFACES[name]
    assert page["backgroundColor"] == surface.background
    assert page["secondaryBackgroundColor"] == surface.panel
    assert page["textColor"] == surface.text
    assert page["borderColor"] == surface.line
    assert page["primaryColor"] == surface.accent
    assert page["chartCategoricalColors"] == list(theme.CATEGORIES)
    assert page["chartSequentialColors"] == list(theme.SEQUENTIAL)
    assert page["chartDivergingColors"] == list(theme.DIVERGING)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_are_readable_on_every_ground(name):
    page = CONFIG["theme"][name]
    grounds = [page["backgroundColor"], page["secondaryBackgroundColor"], *sidebar_grounds(page["sidebar"])]
    for ground in grounds:
        assert contrast(page["textColor"], ground) >= 7
        assert contrast(page["linkColor"], ground) >= 4.5
        assert contrast(page["primaryColor"], ground) >= 3
    assert contrast("#FFFFFF", page["primaryColor"]) >= 3.5  # the words on a button


def sidebar_grounds(sidebar: dict) -> list[str]:
    return [sidebar["backgroundColor"], sidebar["secondaryBackgroundColor"]]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1..21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_the_one_of_the_standard():
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_no_font_comes_from_outside():
    assert "http" not in (ROOT / ".streamlit" / "config.toml").read_text()
