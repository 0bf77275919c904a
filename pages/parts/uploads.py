"""From the drop zone to a stored dataset: keep the file, guess the columns, confirm, import."""

from pathlib import PurePath

import streamlit as st

from core.domain import QUICK, ROLES, Columns, Dataset, Import, TrainingOptions
from core.workflow import feedback, runs
from core.workflow.feedback import Preview
from core.workflow.task import Task
from pages.parts import resources
from pages.parts.choices import look_at
from pages.parts.plain import option, plain

NONE = "(none)"
WORDS = {
    "text": "Comment text",
    "label": "Label",
    "date": "Date",
    "rating": "Rating",
    "author": "Author",
    "account": "Account",
    "channel": "Channel",
    "language": "Language",
}
HELP = {
    "text": "The column with what people wrote. Required.",
    "label": "Your own labels, such as topic or sentiment. A model learns them; empty cells are fine.",
    "date": "Gives trends.",
    "rating": "Stars or a score. Gives the rating of each theme; without labels it serves as sentiment.",
    "author": "Who wrote it. Stored as a pseudonym only.",
    "account": "The customer organisation. Ranges allow for its many comments; it is quoted once a theme.",
    "channel": "Where it came from, such as support or app store.",
    "language": "Leave empty: Roadlens finds the language itself.",
}
TEMPLATE = (
    "comment,label,date,rating,account,channel\r\n"
    '"The export takes minutes",Performance,2026-03-02,2,Acme,support\r\n'
)


def take(dataset: Dataset | None) -> None:
    """The drop zone; below it the preview of the file that was dropped."""
    with st.expander(
        "Upload a file",
        expanded=dataset is None or "upload" in st.session_state,
        icon=":material/upload_file:",
    ):
        file = st.file_uploader(
            "Comments as CSV or TSV",
            type=["csv", "tsv", "txt"],
            key=f"file_{st.session_state.get('uploads_done', 0)}",
            help="Any encoding and delimiter. E-mail addresses, phone and card numbers are masked first.",
        )
        st.download_button(
            "Template file",
            data=TEMPLATE,
            file_name="feedback-template.csv",
            on_click="ignore",
            type="tertiary",
        )
        if file is not None:
            _keep(file)
        if "upload" in st.session_state:
            _confirm(*st.session_state["upload"])
    done = st.session_state.get("imported")
    if done and dataset and done.dataset_id == dataset.id and "upload" not in st.session_state:
        _say(done)


def _keep(file) -> None:
    """Copy to disk at once and work from the id; the widget starts afresh."""
    with st.spinner("Keeping the file"):
        upload = feedback.keep_upload(resources.settings(), file.getvalue())
    st.session_state["upload"] = (upload, PurePath(file.name).name[:200])
    st.session_state.pop("imported", None)
    st.session_state["uploads_done"] = st.session_state.get("uploads_done", 0) + 1
    st.rerun()


@st.cache_resource(max_entries=4, show_spinner="Reading the file")
def _preview(upload: str, file_name: str) -> Preview:
    return feedback.preview(resources.settings(), upload, file_name)


def _confirm(upload: str, file_name: str) -> None:
    if st.button("Choose another file", icon=":material/close:", type="tertiary"):
        feedback.drop_upload(resources.settings(), upload)
        _forget_upload()
        st.rerun()
    preview = _preview(upload, file_name)
    delimiter = {"\t": "tab", "": "none"}.get(preview.delimiter, preview.delimiter)
    st.markdown(
        f"**{plain(file_name)}** · {preview.rows_in:,} rows · encoding {plain(preview.encoding)} · "
        f"delimiter {plain(delimiter)}"
    )
    for warning in preview.warnings:
        st.warning(plain(warning, 600), icon=":material/info:")
    st.dataframe(preview.first_rows, height=240, hide_index=True, alt="The first rows of the file")
    _ask_columns(preview)


def _ask_columns(preview: Preview) -> None:
    st.markdown(
        "**What is in which column?** The guesses below come from names and contents; change what is wrong."
    )
    with st.form("columns", border=False):
        name = st.text_input(
            "Name of the dataset", value=PurePath(preview.file_name).stem[:120], key="dataset_name"
        )
        chosen: dict[str, str | None] = {}
        for number, column in enumerate([*st.columns(4), *st.columns(4)]):
            role = ROLES[number]
            with column:
                chosen[role] = _role(preview, role)
        segments = st.multiselect(
            "Segments to compare",
            preview.header,
            default=[name for name in preview.columns.segments if name in preview.header],
            format_func=option,
            key="role_segments",
            help="Columns with few different values, such as plan, region or version.",
        )
        pressed = st.form_submit_button("Import", type="primary", icon=":material/check:", key="import")
    if pressed:
        roles = {role: None if value == NONE else value for role, value in chosen.items()}
        _import(preview, Columns(**roles, segments=tuple(segments)), name)


def _role(preview: Preview, role: str) -> str:
    options = list(preview.header) if role == "text" else [NONE, *preview.header]
    guess = getattr(preview.columns, role)
    index = options.index(guess) if guess in options else 0
    return st.selectbox(
        WORDS[role], options, index=index, format_func=option, key=f"role_{role}", help=HELP[role]
    )


def _import(preview: Preview, columns: Columns, name: str) -> None:
    bar = st.progress(0.0, text="Starting")
    done = feedback.import_upload(
        resources.store(),
        resources.settings(),
        preview.upload,
        preview.file_name,
        columns,
        name,
        Task(lambda pct, message: bar.progress(pct / 100, text=message)),
    )
    _forget_upload()
    look_at(done.dataset_id)
    st.session_state["imported"] = done
    st.rerun()


def _forget_upload() -> None:
    """The rows of a preview are not masked: they leave the memory with the upload."""
    _preview.clear()
    st.session_state.pop("upload", None)
    for role in (*ROLES, "segments"):
        st.session_state.pop(f"role_{role}", None)


def _say(done: Import) -> None:
    """Rows in = stored + rejected, always both on the screen."""
    st.success(
        f"{done.rows_in:,} rows in the file = {done.rows_stored:,} stored "
        f"+ {done.rows_rejected:,} not stored.",
        icon=":material/check_circle:",
    )
    for rejection in done.rejections:
        lines = ", ".join(str(line) for line in rejection.examples[:8])
        st.caption(plain(f"{rejection.rows:,} not stored: {rejection.reason} (line {lines})", 600))
    for warning in done.warnings:
        st.caption(plain(warning, 600))
    _next(done)


def _next(done: Import) -> None:
    """From here to the first chart it is one click."""
    with st.container(horizontal=True):
        if resources.store().labels.sets(done.dataset_id) and st.button(
            "Train Quick and show the insights",
            type="primary",
            icon=":material/insights:",
            key="quick_insights",
        ):
            start_quick(done.dataset_id)
            st.session_state.pop("imported")
            st.switch_page("pages/insights.py")
        st.page_link("pages/train.py", label="Next: train a model", icon=":material/model_training:")


def start_quick(dataset_id: int) -> None:
    """A Quick training with the defaults, unless the dataset has a finished run already."""
    store, settings = resources.store(), resources.settings()
    if runs.latest_done(store, dataset_id) is None:
        label_set = store.labels.sets(dataset_id)[0]
        runs.start_training(store, settings, dataset_id, label_set.id, TrainingOptions(mode=QUICK))
