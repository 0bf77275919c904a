"""Take the explanation along: this comment, or all comments of the list, as files."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.domain import Attribution, TrainingRun
from core.errors import AppError
from core.workflow import explain_files
from core.workflow.explain_files import Explained
from pages.parts import model, resources
from pages.parts.plain import counted, plain

ICONS = {
    "html": ":material/web:",
    "pptx": ":material/slideshow:",
    "csv": ":material/csv:",
    "json": ":material/data_object:",
}
ASKED, READY = "explain_list_asked", "explain_list_ready"  # which list, in the session


def show(
    run: TrainingRun, attribution: Attribution, ids: Sequence[int] = (), feedback_id: int | None = None
) -> None:
    """`ids`: the comments of the list that the shown one was chosen from; `feedback_id`: of the shown one,
    None when it was pasted."""
    with st.popover("Export", icon=":material/download:"):
        st.markdown("**This comment**")
        name = f"roadlens-words-run-{run.id}" + (f"-row-{feedback_id}" if feedback_id is not None else "")
        rows = [Explained(attribution, feedback_id)]
        _buttons(lambda key: explain_files.build(run, rows, key), name, "one")
        st.caption(
            "Web page and PowerPoint show the coloured words; CSV and JSON say where each word stands in the "
            "text. The bars alone: the camera above them saves a picture."
        )
        if len(ids) > 1:
            _list(run, tuple(ids))


@st.fragment
def _list(run: TrainingRun, ids: tuple[int, ...]) -> None:
    """The list is explained comment by comment; a press on anything ends that and loses nothing."""
    shown = ids[: explain_files.MOST]
    mark = hash((run.id, run.manifest_sha256, shown))
    count = counted(len(shown), "comment")
    st.markdown(f"**All of this list** · {'the first ' * (len(ids) > len(shown))}{count}")
    st.button(
        "Explain them",
        key="explain_list",
        icon=":material/format_list_bulleted:",
        on_click=lambda: st.session_state.update({ASKED: mark}),
        help="Each for the label the model gives it, by leaving words out. It goes on from where it was.",
    )
    try:
        if st.session_state.get(ASKED) == mark:
            _explain(run, shown, mark)
        if st.session_state.get(READY) == mark:
            _buttons(partial(_file, run, shown), f"roadlens-words-run-{run.id}-list", "all")
    except AppError as error:
        st.error(plain(error, 600))


def _explain(run: TrainingRun, ids: tuple[int, ...], mark: int) -> None:
    st.session_state.pop(ASKED)  # a press on something else ends it; it does not begin again by itself
    bar = st.progress(0.0, "Explaining")
    for number, _ in enumerate(_rows(run, ids), start=1):
        bar.progress(number / len(ids), f"Explained {number} of {len(ids)}")
    bar.empty()
    st.session_state[READY] = mark


def _rows(run: TrainingRun, ids: tuple[int, ...]):
    return explain_files.explain_list(resources.store(), run, model.classifier(run), ids)


def _file(run: TrainingRun, ids: tuple[int, ...], key: str) -> bytes:
    return explain_files.build(run, list(_rows(run, ids)), key)


def _buttons(make: Callable[[str], bytes], name: str, place: str) -> None:
    """A file is built when its button is pressed."""
    with st.container(horizontal=True):
        for key, known in explain_files.FORMATS.items():
            st.download_button(
                known.name,
                data=partial(make, key),
                file_name=f"{name}{known.extension}",
                mime=known.mime,
                on_click="ignore",
                icon=ICONS[key],
                key=f"words_{place}_{key}",
            )
