"""The app with an empty data folder and no workers; what waits in the import lane is done on request."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core.errors import AppError
from core.jobs.worker import JobContext
from core.workflow.worker import LANES
from pages.parts import resources

make_manager = PagesManager.__init__
APP = Path(__file__).resolve().parents[2] / "app.py"
LANE = "import"


def as_on_a_warm_server(manager: PagesManager, *given: object, **named: object) -> None:
    """AppTest makes each run the first one of a server, in which a page asks for its frame and runs again:
    a press would be lost."""
    make_manager(manager, *given, **named)
    PagesManager.uses_pages_directory = False


@pytest.fixture
def data_folder(monkeypatch, tmp_path):
    """Every child process has it too."""
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(resources, "start_background", lambda: None)
    monkeypatch.setattr(PagesManager, "__init__", as_on_a_warm_server)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield tmp_path / "data"
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page(data_folder) -> Callable[..., AppTest]:
    """A visit of one page."""

    def open_page(name: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60).run()
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception
        return app

    return open_page


@pytest.fixture
def work(data_folder) -> Callable[[], list[str]]:
    """Do all that waits in the import lane, as the worker would; the states that the jobs end in."""

    def work() -> list[str]:
        store, states = resources.store(), []
        kinds = LANES[LANE](store, resources.settings())
        while job := store.jobs.claim("test", 60.0, LANE):
            fence = (job.id, "test", job.attempt)
            context = JobContext(
                job,
                fence,
                lambda pct, message, fence=fence: store.jobs.beat(*fence, pct, message) and None,
                lambda: False,
                logging.getLogger("test"),
            )
            try:
                result = kinds[job.kind](dict(job.params), context)
                states.append("done")
                store.jobs.finish(*fence, "done", result=result)
            except AppError as error:
                states.append("failed")
                store.jobs.finish(*fence, "failed", str(error))
        return states

    return work
