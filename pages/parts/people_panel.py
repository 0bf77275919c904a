"""Forget a person or an account: what is stored, a copy of it, the removal, the proof."""

import json
from dataclasses import dataclass

import streamlit as st

from core.domain import Dataset
from core.workflow import people
from core.workflow.people import Forgotten
from pages.parts import caches, resources
from pages.parts.plain import bullets, plain

AUTHOR, ACCOUNT = "A person (author)", "An account"
CONFIRM = "forget"
TABLES = {
    "feedback": "comments",
    "rejected_row": "rows that were kept aside",
    "feedback_before": "earlier versions of comments",
    "label": "labels",
    "prediction": "predictions",
    "embedding": "vectors of comments",
    "account": "rows of accounts files",
    "run_row": "entries in the selections of runs",
    "similar": "entries in groups of similar comments",
    "finding": "findings about labels",
    "attribution": "explanations of comments",
    "place": "places on maps",
}


@dataclass(frozen=True)
class Asked:
    """Whom to look for; lives in this visitor's session only."""

    author: str | None
    account: str | None
    mentions: bool

    @property
    def name(self) -> str:
        return self.author or self.account or ""


def show(dataset: Dataset) -> None:
    st.markdown(
        "When somebody asks to be forgotten: everything of this person or account goes, **in all datasets**, "
        "with predictions, caches and quotes in reports. Afterwards every file of the data folder is "
        "searched, as proof."
    )
    _retention()
    if done := st.session_state.get("forgotten"):
        _proof(done)
    asked = _ask()
    if asked:
        _found(asked)


def _retention() -> None:
    days = resources.settings().retention_days
    if days:
        st.caption(f"Retention: comments older than {days:,} days are removed without being asked.")
    else:
        st.caption(
            "Retention: comments are kept until you remove them. The setting ROADLENS_RETENTION_DAYS removes "
            "those older than a number of days."
        )


def _ask() -> Asked | None:
    if st.session_state.pop("person_clear", False):  # the name goes from the form as well
        st.session_state["person_name"] = ""
    with st.form("person", border=True):
        who = st.radio("Whom?", [AUTHOR, ACCOUNT], horizontal=True, key="person_kind")
        name = st.text_input(
            "Name or ID as it stood in the file, or the pseudonym of the tables",
            key="person_name",
            max_chars=500,
            help="Roadlens stores pseudonyms only. From the name in the file it works out which one it is.",
        ).strip()
        mentions = st.toggle(
            "Look for the name in the comments of other people as well",
            key="person_mentions",
            help="Comments that mention the name are then removed too. On many comments this takes a while.",
        )
        if st.form_submit_button("Find", icon=":material/search:"):
            st.session_state.pop("forgotten", None)
            st.session_state.pop("person_found", None)
            author = name if who == AUTHOR else None
            asked = Asked(author, None if author else name, mentions)
            st.session_state["person_asked"] = asked if name else None
            if not name:
                st.warning("Write a name or an ID first.")
    return st.session_state.get("person_asked")


def _who(asked: Asked) -> dict:
    return {"author": asked.author, "account": asked.account}


def _found(asked: Asked) -> None:
    store, settings = resources.store(), resources.settings()
    if "person_found" not in st.session_state:
        with st.spinner("Looking for this person"):
            st.session_state["person_found"] = people.find(
                store, settings, **_who(asked), mentions=asked.mentions
            )
    found = st.session_state["person_found"]
    counts = (
        (len(found.ids), "comments"),
        (len(found.rejected), "rows kept aside"),
        (len(found.versions), "earlier versions of comments"),
        (found.accounts, "rows of accounts files"),
        (len(found.mentions), "comments of others that hold the name"),
    )
    stored = [f"{count:,} {words}" for count, words in counts if count]
    with st.container(border=True, key="person_card"):
        if not stored:
            st.info(f"Nothing is stored of {plain(asked.name)}. Check the spelling, or try the other kind.")
        else:
            st.markdown(f"**Stored of {plain(asked.name)}:** {', '.join(stored)}.")
        lines = [f"Dataset: {name}" for name in found.datasets.values()]
        lines += [f"Run {run.run_id}: its model {_part(run)}" for run in found.runs]
        lines += [f"Report {number} quotes or counts them" for number in found.reports]
        st.markdown(bullets(lines))
        _act(asked)


def _part(run) -> str:
    return "learned from these comments" if run.retrain else "did not learn from them"


def _act(asked: Asked) -> None:
    store, settings = resources.store(), resources.settings()
    st.download_button(
        "Download all that is stored",
        data=lambda: json.dumps(
            people.export(store, settings, **_who(asked)), ensure_ascii=False, indent=2
        ).encode(),
        file_name="stored-about-a-person.json",
        mime="application/json",
        on_click="ignore",
        icon=":material/download:",
        key="person_export",
    )
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    typed = left.text_input(
        f"Type “{CONFIRM}” to remove all of it. It cannot be brought back.",
        key="person_confirm",
        max_chars=20,
    )
    ready = typed.strip().casefold() == CONFIRM
    if right.button(
        "Forget",
        type="primary",
        icon=":material/person_remove:",
        key="person_forget",
        disabled=not ready,
        width="stretch",
    ):
        with st.spinner("Removing, then searching every file of the data folder"):
            done = people.forget(store, settings, **_who(asked), mentions=asked.mentions)
        caches.forget_cached()
        for key in ("person_asked", "person_found", "person_confirm"):
            st.session_state.pop(key, None)
        st.session_state["person_clear"] = True
        st.session_state["forgotten"] = done
        st.rerun()


def _proof(done: Forgotten) -> None:
    """What was removed and what a search of every file found."""
    proof = done.proof
    with st.container(border=True, key="proof"):
        places = sum(hit.places for hit in proof.hits)
        words = f"{proof.files:,} files ({proof.bytes / 2**20:,.1f} MB) were searched: {places:,} hits."
        if proof.clean:
            st.success(f"Forgotten. {words}", icon=":material/verified_user:")
        else:
            st.error(f"Not all of it is gone. {words}", icon=":material/error:")
            st.markdown(bullets([f"{hit.places} × {hit.kind} in {hit.file}" for hit in proof.hits]))
            st.markdown(bullets([f"could not be opened: {name}" for name in proof.unread]))
        removed = [f"{count:,} {TABLES.get(name, name)}" for name, count in done.rows.items() if count]
        removed += [f"{done.quotes:,} quotes in reports"] if done.quotes else []
        removed += [f"copy in {name}" for name in done.files]
        if removed:
            st.markdown("**Removed**")
            st.markdown(bullets(removed))
        touched = [f"Run {run.run_id}: its model {_part(run)}{_again(run)}" for run in done.runs]
        touched += [f"Report {number} was cleared of their quotes" for number in done.reports]
        if touched:
            st.markdown("**Touched**")
            st.markdown(bullets(touched))
        st.markdown("**To know**")
        st.markdown(bullets(done.notes))


def _again(run) -> str:
    return "; train again and delete this run" if run.retrain else ""
