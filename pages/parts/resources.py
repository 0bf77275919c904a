"""Where real things are made, once per process: settings, store, the watcher of the job queue."""

import sys
from typing import TYPE_CHECKING

import streamlit as st

from core.config import Settings, load_settings

if TYPE_CHECKING:
    from core.jobs.watch import Watcher
    from core.store.store import Store


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    return load_settings()


@st.cache_resource(show_spinner="Opening the store")
def store() -> "Store":
    """Raises StoreError when the database is busy, unreadable or newer than the code."""
    from core.store.store import open_store

    return open_store(settings().url, settings().data_dir)


@st.cache_resource(show_spinner=False)
def watcher() -> "Watcher":
    """Starts a worker process whenever a job waits and none is running."""
    from core.jobs.watch import Watcher

    watching = Watcher(store(), settings(), command=[sys.executable, "-m", "core.workflow.worker"])
    watching.start()
    return watching


def start_background() -> None:
    """Called by the frame on every run; the work is done by the first one."""
    watcher()
