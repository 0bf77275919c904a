"""The file that this visitor is bringing in: what was asked and answered about it, and what was seen in it.

Its rows are not masked yet, so nothing of it is shared between visitors or outlives the upload.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import PurePath

import streamlit as st

from core.domain import Columns, Job
from core.workflow import importing, uploads
from core.workflow.import_child import to_columns
from core.workflow.importing import Look, Order
from pages.parts import resources
from pages.parts.questions import Given, values

POLL_S = 0.05
MOST_READERS = 4
CHOICE = "role_"  # keys of the widgets that the roles are chosen with


@dataclass(frozen=True)
class KeptUpload:
    id: str
    file_name: str
    answered: Given = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)  # answers of a first try
    order: Order | None = None  # of a first try
    asked: bool = False  # that try waits for an answer

    @property
    def answers(self) -> dict[str, str]:
        return {**self.earlier, **values(self.answered)}

    @property
    def columns(self) -> Columns | None:
        return self.order.columns if self.order else None


def current() -> KeptUpload | None:
    return st.session_state.get("upload")


def begin(data: bytes, file_name: str) -> None:
    """Copy to disk at once and work from the id."""
    upload = uploads.keep_upload(resources.settings(), data)
    _set(KeptUpload(upload, PurePath(file_name).name[:200]))


def resume(job: Job) -> None:
    """Another try of an import that gave nothing yet, with what was chosen then."""
    stored = job.params["order"]
    order = Order(**{**stored, "columns": to_columns(stored["columns"])})
    asked = bool(job.result) and job.result["status"] == importing.ASK
    _set(KeptUpload(job.params["upload"], order.file_name, earlier=order.answers, order=order, asked=asked))


def keep_answers(answered: Given) -> None:
    """What was answered and is taken back counts no longer, be it from a first try."""
    upload = current()
    back = set(upload.answered) - set(answered)
    earlier = {key: value for key, value in upload.earlier.items() if key not in back}
    _set(replace(upload, answered=answered, earlier=earlier))


def look() -> Look:
    """What is in the file, read once for each set of answers. Raises BadFile, NotFound."""
    upload = current()
    if "look" not in st.session_state:
        work = (resources.store(), resources.settings(), upload.id, upload.answers, upload.columns)
        st.session_state["look"] = _readers().submit(importing.look, *work)
    if not st.session_state["look"].done():
        with st.spinner("Reading the file"):
            while not st.session_state["look"].done():  # a look at the session lets a click interrupt this
                time.sleep(POLL_S)
    return st.session_state["look"].result()


@st.cache_resource(show_spinner=False)
def _readers() -> ThreadPoolExecutor:
    """Threads that wait for the reading processes, so that the page need not."""
    return ThreadPoolExecutor(MOST_READERS, thread_name_prefix="look")


def leave(drop: bool) -> None:
    """Nothing of it stays in memory; `drop`: nor on the disk."""
    upload = current()
    if upload and drop:
        uploads.drop_upload(resources.settings(), upload.id)
    _set(None)


def _set(upload: KeptUpload | None) -> None:
    st.session_state.pop("look", None)
    for key in [key for key in st.session_state if str(key).startswith(CHOICE)]:
        del st.session_state[key]
    if upload is None:
        st.session_state.pop("upload", None)
    else:
        st.session_state["upload"] = upload
