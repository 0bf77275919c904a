"""Where real things are made, once per process: settings, store, the watchers of the job queue."""

import sys
from typing import TYPE_CHECKING

import streamlit as st

from core.config import Settings, load_settings, settle_libraries

if TYPE_CHECKING:
    from core.jobs.watch import Watcher
    from core.store.store import Store

settle_libraries()  # no page has imported torch yet

LANES = ("", "import", "model")  # trainings; imports; work on finished models


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    return load_settings()


@st.cache_resource(show_spinner="Opening the store")
def store() -> "Store":
    """Raises StoreError when the database is busy, unreadable or newer than the code."""
    from core.store.store import open_store

    return open_store(settings().url, settings().data_dir)


@st.cache_resource(show_spinner=False)
def watchers() -> "tuple[Watcher, ...]":
    """Start a worker process of a lane whenever a job waits there and none is running."""
    from core.jobs.watch import Watcher

    watching = tuple(
        Watcher(store(), settings(), [sys.executable, "-m", "core.workflow.worker", lane], lane)
        for lane in LANES
    )
    for watcher in watching:
        watcher.start()
    return watching


@st.cache_resource(ttl=86_400, show_spinner=False)
def retention() -> None:
    """Once a day, and at the start."""
    from core.workflow.importing import queue_retention

    queue_retention(store(), settings())


def start_background() -> None:
    """Called by the frame on every run; the work is done by the first one."""
    watchers()
    if settings().retention_days:
        retention()
