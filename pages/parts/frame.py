"""The frame around every page: the list of pages, the sidebar and the error box."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.errors import AppError
from pages.parts import resources
from pages.parts.plain import plain
from pages.parts.server import reference

ASSETS = Path(__file__).resolve().parents[2] / "assets"

PAGES = (  # file name = URL, title, icon, tooltip
    ("home", "Home", ":material/home:", "Where you are and what to do next"),
    ("feedback", "Feedback", ":material/upload_file:", "Upload comments and check their health"),
    ("train", "Train", ":material/model_training:", "Teach a model your labels"),
    ("explain", "Explain", ":material/highlight:", "The words behind a decision"),
    ("insights", "Insights", ":material/insights:", "Themes, trends and segments with their ranges"),
    ("report", "Report", ":material/slideshow:", "Take the findings with you"),
    ("runs", "Runs", ":material/history:", "Every training and what it measured"),
)


def pages() -> list[StreamlitPage]:
    return [
        st.Page(f"pages/{name}.py", title=title, icon=icon, help=help, default=name == "home")
        for name, title, icon, help in PAGES
    ]


def navigation() -> StreamlitPage:
    """The page asked for. Our icon comes first, else the browser asks Google for the page's symbol."""
    st.set_page_config(page_icon=ASSETS / "favicon.png", layout="wide")
    return st.navigation(pages())


def open_page() -> None:
    """First line of every page: a cold server runs a page file without app.py, so ask for the frame."""
    if not st.session_state.pop("framed", False):
        navigation()
        st.rerun()


def open_app() -> None:
    """What app.py does for a visit: the frame, then the page inside it."""
    st.session_state.pop("framed", None)
    page = navigation()
    st.logo(ASSETS / "logo.png", size="large")
    try:
        resources.start_background()
        st.session_state["framed"] = True
        page.run()
    except AppError as error:
        show_error(error)


def show_error(error: Exception) -> bool:
    """Say it on the screen without internals. Also called by the server for callbacks and fragments."""
    if isinstance(error, AppError):
        st.error(plain(str(error), limit=1000), icon=":material/error:")
    else:
        st.error(f"Something went wrong (reference {reference(error)}).", icon=":material/error:")
    return True
