"""The file of word vectors that a BiLSTM may begin with: its uploader, and what is wrong with a file."""

import streamlit as st

from core.errors import BadFile
from core.workflow import vectors
from pages.parts import resources
from pages.parts.plain import plain

KEPT = "vectors_kept"  # (file, its id, why it was refused) of the newest file


def ask() -> str:
    """The id of the uploaded file; "" without one, or for one that holds no word vectors."""
    file = st.file_uploader(
        "Word vectors for the BiLSTM (GloVe text file, optional)",
        type=["txt"],
        key="glove",
        help="One word a line, then its numbers. Without it the words are learned from your comments alone.",
    )
    limit = st.get_option("server.maxUploadSize")
    st.caption(
        f"Up to {limit} MB. The standard files are larger (glove.6B.50d has about 170 MB, glove.6B.100d "
        "about 350 MB), but their most frequent words come first, so the beginning will do: "
        "`head -n 100000 glove.6B.100d.txt > cut.txt` keeps 100,000 words. A whole file goes with "
        "`python -m core train --vectors FILE`."
    )
    if file is None:
        return ""
    upload, refused = _kept(file)
    if refused:
        st.error(
            f"{plain(refused, 600)} Until then the words are learned from your comments alone.",
            icon=":material/error:",
        )
    return upload


def _kept(file) -> tuple[str, str]:
    """The id of the upload, looked at and stored once; else why it was refused."""
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] != file.file_id:
        with st.spinner("Keeping the word vectors"):
            kept = (file.file_id, *_keep(file.getvalue()))
        st.session_state[KEPT] = kept
    return kept[1:]


def _keep(data: bytes) -> tuple[str, str]:
    try:
        return vectors.keep(resources.settings(), data), ""
    except BadFile as error:
        return "", str(error)
