"""An accounts file from its drop zone to the dataset: which column is what, and how well it matches."""

from dataclasses import dataclass, field, replace
from pathlib import PurePath

import streamlit as st

from core.domain import Dataset
from core.errors import BadFile
from core.workflow import accounts, uploads
from core.workflow.accounts import AccountsPreview, Matched
from pages.parts import caches, questions, resources
from pages.parts.plain import bullets, listed, option, plain
from pages.parts.questions import Given

TYPES = ["csv", "tsv", "txt", "xlsx", "jsonl", "ndjson"]
NONE = "(none)"
STATE = "accounts_upload"


@dataclass(frozen=True)
class AccountsUpload:
    id: str
    file_name: str
    answered: Given = field(default_factory=dict)


def is_open() -> bool:
    return STATE in st.session_state


def take(dataset: Dataset) -> None:
    upload = st.session_state.get(STATE)
    if upload is None:
        _drop_zone()
    else:
        _map(dataset, upload)


def _drop_zone() -> None:
    if refused := st.session_state.pop("accounts_refused", None):
        st.error(plain(refused, 1000), icon=":material/error:")
    file = st.file_uploader(
        "Accounts: CSV, TSV, Excel (.xlsx) or JSON Lines",
        type=TYPES,
        key=f"accounts_{st.session_state.get('uploads_done', 0)}",
        help="One row for each customer, with the same account IDs as in the comments.",
    )
    if file is not None:
        with st.spinner("Keeping the file"):
            upload = uploads.keep_upload(resources.settings(), file.getvalue())
        st.session_state[STATE] = AccountsUpload(upload, PurePath(file.name).name[:200])
        st.session_state["uploads_done"] = st.session_state.get("uploads_done", 0) + 1
        st.rerun()


def _leave(upload: AccountsUpload) -> None:
    uploads.drop_upload(resources.settings(), upload.id)
    st.session_state.pop(STATE, None)
    for key in [key for key in st.session_state if str(key).startswith("account_")]:
        del st.session_state[key]


def _keep(answered: Given) -> None:
    st.session_state[STATE] = replace(st.session_state[STATE], answered=answered)


def _look(dataset: Dataset, upload: AccountsUpload, columns=None) -> AccountsPreview:
    """Read once for each choice."""
    answers = questions.values(upload.answered)
    seen = st.session_state.setdefault("account_looks", {})
    key = (dataset.id, dataset.sha256, tuple(answers.items()), columns)
    if key not in seen:
        path = uploads.upload_file(resources.settings(), upload.id)
        with st.spinner("Reading the accounts"):
            seen[key] = accounts.preview(
                resources.store(), resources.settings(), dataset.id, path, columns, answers
            )
    return seen[key]


def _map(dataset: Dataset, upload: AccountsUpload) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(f"**{plain(upload.file_name)}**")
    if right.button("Choose another file", type="tertiary", icon=":material/close:", key="accounts_other"):
        _leave(upload)
        st.rerun()
    try:
        found = _look(dataset, upload)
    except BadFile as error:
        _refuse(upload, error)
        return
    if found.questions:
        questions.ask(upload.answered, found.questions, _keep)
    else:
        _columns(dataset, upload, found)


def _refuse(upload: AccountsUpload, error: BadFile) -> None:
    """After an answer the way back is open; else there is room for another file."""
    if upload.answered:
        questions.list_answers(upload.answered, _keep)
        st.error(plain(error, 1000), icon=":material/error:")
        return
    _leave(upload)
    st.session_state["accounts_refused"] = f"{upload.file_name}: {error}"
    st.rerun()


def _columns(dataset: Dataset, upload: AccountsUpload, found: AccountsPreview) -> None:
    questions.rows_table(found.header, found.first_rows, alt="The first rows of the accounts file")
    guess, places = found.columns, st.columns(4)
    account = places[0].selectbox(
        "Account ID",
        found.header,
        index=found.header.index(guess.account),
        format_func=option,
        key="account_id",
    )
    revenue = _one(places[1], "Revenue", found.header, guess.revenue, "account_revenue")
    seats = _one(places[2], "Seats", found.header, guess.seats, "account_seats")
    segments = places[3].multiselect(
        "Segments",
        found.header,
        default=list(guess.segments),
        format_func=option,
        key="account_segments",
        help="Columns such as plan, region or industry. Each comment gets those of its account.",
        select_all=False,
    )
    chosen = replace(guess, account=account, revenue=revenue, seats=seats, segments=tuple(segments))
    used = [name for name in (account, revenue, seats, *segments) if name]
    if len(set(used)) < len(used):
        st.error("A column is chosen twice. Keep it in one place.")
        return
    if chosen != guess:
        try:
            found = _look(dataset, upload, chosen)
        except BadFile as error:
            st.error(plain(error, 1000), icon=":material/error:")
            return
    matched_share(found.matched)
    if found.warnings:
        st.info(listed(found.warnings[:8]), icon=":material/info:")
    if st.button("Join the accounts", type="primary", icon=":material/join:", key="accounts_attach"):
        _attach(dataset, upload, chosen)


def _one(place, words: str, header: tuple[str, ...], guess: str | None, key: str) -> str | None:
    options = [NONE, *header]
    number = place.selectbox(
        words,
        range(len(options)),
        index=options.index(guess) if guess else 0,
        format_func=lambda number: option(options[number]),
        key=key,
    )
    return options[number] if number else None


def _attach(dataset: Dataset, upload: AccountsUpload, columns) -> None:
    store, settings = resources.store(), resources.settings()
    with st.spinner("Joining the accounts"):
        path = uploads.upload_file(settings, upload.id)
        answers = questions.values(upload.answered)
        accounts.attach(store, settings, dataset.id, path, upload.file_name, columns, answers)
    _leave(upload)
    caches.forget_cached()
    st.toast("The accounts are joined.")
    st.rerun()


def matched_share(matched: Matched) -> None:
    """How well the file fits the comments, and which accounts it lacks."""
    with st.container(horizontal=True):
        for name, part, whole, help in (
            ("Accounts matched", matched.matched, matched.accounts, "Of the accounts that comments name."),
            ("Comments matched", matched.matched_comments, matched.comments, "Of all comments."),
        ):
            share = f"{part / whole:.0%}" if whole else "–"
            st.metric(name, share, help=f"{help} {part:,} of {whole:,}.", border=True, width=160)
        words = "Accounts of the file that no comment names."
        st.metric("Not heard from", f"{matched.silent:,}", help=words, border=True, width=160)
    if not matched.accounts:
        st.info(
            "The comments of this dataset name no account. Import them with an account column, so that the "
            "accounts file can be joined."
        )
    elif matched.unmatched:
        st.markdown(
            f"**{matched.accounts - matched.matched:,} accounts of comments are not in the file**, such as:"
        )
        st.markdown(bullets(matched.unmatched[:5], limit=80))
