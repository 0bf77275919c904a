"""From the drop zone to an import in the queue: keep the file, ask what only a person knows, map, start."""

from dataclasses import replace

import streamlit as st

from core.domain import Dataset
from core.errors import BadFile
from pages.parts import import_form, kept_upload, questions
from pages.parts.kept_upload import KeptUpload
from pages.parts.plain import bullets, plain

TYPES = ["csv", "tsv", "txt", "xlsx", "jsonl", "ndjson"]
TEMPLATE = (
    "comment,label,date,rating,author,account,channel\r\n"
    '"The export takes minutes",Performance,2026-03-02,2,ann@example.com,Acme,support\r\n'
)
PROMISES = (
    "The columns are guessed from their names and contents; you confirm them.",
    "What the file alone does not tell, such as whether the day or the month comes first, is asked.",
    "Every row is accounted for: stored, or kept aside with the reason. An import can be undone.",
    "Personal data is masked before anything is stored, and nothing is sent anywhere.",
)


def take(dataset: Dataset | None) -> bool:
    """The drop zone or, once a file is dropped, the way to its import; True while there is such a file."""
    upload = kept_upload.current()
    if upload is None:
        _drop_zone()
        if dataset is None:
            st.markdown(bullets(PROMISES))
        return False
    with st.container(border=True, key="upload_card"):
        _bring_in(upload, dataset)
    return True


def _drop_zone() -> None:
    if refused := st.session_state.pop("refused", None):
        st.error(plain(refused, 1000), icon=":material/error:")
    file = st.file_uploader(
        "Upload a file: CSV, TSV, Excel (.xlsx) or JSON Lines",
        type=TYPES,
        key=f"file_{st.session_state.get('uploads_done', 0)}",
        help="Any encoding and delimiter. E-mail addresses, phone and card numbers are masked before "
        "anything is stored.",
    )
    st.download_button(
        "Template file",
        data=TEMPLATE,
        file_name="feedback-template.csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
    if file is not None:
        with st.spinner("Keeping the file"):
            kept_upload.begin(file.getvalue(), file.name)
        st.session_state["uploads_done"] = st.session_state.get("uploads_done", 0) + 1  # an empty widget
        st.rerun()


def _bring_in(upload: KeptUpload, dataset: Dataset | None) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.subheader(plain(upload.file_name, 120), anchor=False)
    if right.button("Choose another file", icon=":material/close:", type="tertiary"):
        kept_upload.leave(drop=True)
        st.rerun()
    try:
        look = kept_upload.look()
    except BadFile as error:
        _refuse(upload, error)
        return
    if look.questions:
        questions.ask(upload.answered, look.questions, kept_upload.keep_answers)
    elif upload.asked and upload.answered:  # its import waited for this answer only
        import_form.start(upload, replace(upload.order, answers=upload.answers))
    else:
        import_form.show(upload, look, dataset)


def _refuse(upload: KeptUpload, error: BadFile) -> None:
    """After an answer the way back is open; a file that is refused as it is makes room for another one."""
    if upload.answered:
        questions.list_answers(upload.answered, kept_upload.keep_answers)
        st.error(plain(error, 1000), icon=":material/error:")
        return
    kept_upload.leave(drop=True)
    st.session_state["refused"] = f"{upload.file_name}: {error}"
    st.rerun()
