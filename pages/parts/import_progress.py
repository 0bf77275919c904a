"""Imports that wait, go on or have just ended, whoever started them."""

import streamlit as st

from core.domain import Dataset, Job
from core.errors import NotFound
from core.workflow import importing, uploads
from pages.parts import caches, kept_upload, next_step, resources, run_notes
from pages.parts.accounting import account_for
from pages.parts.choices import look_at
from pages.parts.plain import plain

ACTIVE = ("queued", "running")
SHOWN = {
    importing.IMPORT: "Importing",
    importing.MERGE: "Adding rows to",
    importing.UNDO: "Taking an import back from",
    importing.REMOVE: "Removing",
}
QUIET = {importing.SIMILAR: "Looking for comments that say the same"}


def follow(job: Job) -> None:
    """What becomes of this job is told to this visitor."""
    st.session_state["import_job"] = job.id


def followed() -> Job | None:
    try:
        return resources.store().jobs.get(st.session_state["import_job"])
    except (KeyError, NotFound):
        return None


def arrive() -> None:
    """Before the page is drawn: an import that has ended brings its dataset or its question, once."""
    job = followed()
    if job is None or job.state in ACTIVE or st.session_state.get("import_arrived") == job.id:
        return
    st.session_state["import_arrived"] = job.id
    result = job.result or {}
    if job.state != "done":
        return
    if result["status"] == importing.ASK:
        kept_upload.resume(job)
        return
    caches.forget_cached()
    if result["status"] == importing.GONE:
        st.toast("It was removed.")
        if result["dataset_id"] is None:
            st.session_state.pop("dataset", None)
        return
    order = job.params.get("order", {})
    look_at(result["dataset_id"] or order["dataset_id"])


def watch_active() -> None:
    """Draw what waits or goes on, redrawn each second; nothing where there is nothing."""
    jobs = _active()
    if jobs:
        _watch(tuple(job.id for job in jobs))


def _active() -> list[Job]:
    return resources.store().jobs.active(importing.LANE)


@st.fragment(run_every=1.0)
def _watch(drawn: tuple[int, ...]) -> None:
    """The whole page once more when one of them has ended or another one has come."""
    jobs = {job.id: job for job in _active()}
    if tuple(jobs) != drawn:
        for number in drawn:
            if number not in jobs and _is_shown(number):
                st.session_state["import_job"] = number
        st.rerun()
    running = any(job.state == "running" for job in jobs.values())
    for place, job in enumerate(jobs.values()):
        if job.kind in SHOWN:
            _card(job, place, running)
        else:
            st.caption(f":material/hourglass_top: {QUIET.get(job.kind, 'Working')}: {job.pct:.0f} %")


def _is_shown(number: int) -> bool:
    try:
        return resources.store().jobs.get(number).kind in SHOWN
    except NotFound:
        return False


def _card(job: Job, place: int, running: bool) -> None:
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.markdown(f"**{SHOWN[job.kind]} {plain(_name(job), 120)}**")
        may_stop = job.kind in (importing.IMPORT, importing.MERGE)
        if may_stop and right.button(
            "Cancel", key=f"cancel_job_{job.id}", icon=":material/stop_circle:", width="stretch"
        ):
            resources.store().jobs.cancel(job.id)
        if job.cancel_requested:
            st.progress(job.pct / 100, text="Stopping")
        elif job.state == "running":
            st.progress(min(1.0, job.pct / 100), text=plain(job.message or "Starting"))
        elif running:
            st.progress(0.0, text=f"Waiting in line, place {max(place, 1)}")
        else:
            st.progress(0.0, text="Starting the worker")
        st.caption("You can go on working, or close this page: the import goes on.")


def _name(job: Job) -> str:
    if job.kind == importing.IMPORT:
        return job.params["order"]["file_name"]
    try:
        return resources.store().datasets.get(int(job.params["dataset"])).name
    except NotFound:
        return "a dataset that is gone"


# ---- what became of it ------------------------------------------------------------------------


def tell(dataset: Dataset | None) -> None:
    """How the import of this visitor ended; then the imports of anyone that may be tried again."""
    job = followed()
    if job is not None and job.kind in (importing.UNDO, importing.REMOVE) and job.state == "failed":
        st.error(plain(job.error, 1000), icon=":material/error:")
    if job is not None and job.state == "done":
        there = dataset is not None and job.result["dataset_id"] == dataset.id
        if there and job.result["status"] == importing.STORED:
            _stored(job, dataset)
    for unfinished in _unfinished():
        _try_again(unfinished)


def _stored(job: Job, dataset: Dataset) -> None:
    try:
        done = resources.store().datasets.import_of(job.result["import_id"])
    except NotFound:  # taken back meanwhile
        return
    if job.kind == importing.IMPORT and done.created_at < job.created_at:
        st.info(
            f"{plain(done.file_name)} was imported with the same columns before, on "
            f"{done.created_at:%Y-%m-%d %H:%M}. Nothing was stored twice.",
            icon=":material/info:",
        )
    account_for(done, new=True)
    run_notes.after_import(dataset)
    next_step.show(dataset)


def _unfinished() -> list[Job]:
    """Imports that ended without a row and whose file is still kept; the last one of each file."""
    current = kept_upload.current()
    newest: dict[str, Job] = {}
    for job in resources.store().jobs.recent(limit=50):
        if job.kind == importing.IMPORT:
            newest.setdefault(job.params["upload"], job)
    return [
        job
        for upload, job in newest.items()
        if job.state not in ACTIVE and not (current and current.id == upload) and _is_kept(upload)
    ]


def _is_kept(upload: str) -> bool:
    try:
        return uploads.upload_file(resources.settings(), upload).exists()
    except NotFound:
        return False


def _try_again(job: Job) -> None:
    name = plain(job.params["order"]["file_name"], 120)
    if job.state == "failed":
        st.error(f"{name} was not imported: {plain(job.error, 1000)}", icon=":material/error:")
    elif job.state == "cancelled":
        st.info(f"The import of {name} was cancelled. Nothing of it was stored.", icon=":material/cancel:")
    else:
        st.info(f"The import of {name} waits for an answer.", icon=":material/help:")
    with st.container(horizontal=True):
        if st.button("Try again" if job.state != "done" else "Answer", key=f"again_{job.id}"):
            kept_upload.resume(job)
            st.rerun()
        if st.button("Throw the file away", key=f"drop_{job.id}", type="tertiary", icon=":material/delete:"):
            uploads.drop_upload(resources.settings(), job.params["upload"])
            st.rerun()
