"""Where you are and what to do next."""

import streamlit as st

from core.workflow import feedback, promotion
from pages.parts import import_progress, resources, results
from pages.parts.choices import choose_dataset, look_at
from pages.parts.frame import open_page
from pages.parts.next_step import start_quick
from pages.parts.plain import bullets, plain
from pages.parts.progress import watch_active
from pages.parts.steps import steps


def try_sample() -> None:
    """Sample data, a Quick training on it, and on to the insights."""
    store, settings = resources.store(), resources.settings()
    with st.spinner("Reading the sample"):
        sample = feedback.load_sample(store, settings)
        start_quick(sample)
    look_at(sample.id)
    st.switch_page("pages/insights.py")


open_page()
dataset = choose_dataset()
st.title("From feedback to a roadmap you can defend")
st.caption(
    "Upload what users wrote, train a model on your own labels, see why it decides, "
    "and leave with numbers that carry their range and their evidence."
)
with st.container(horizontal=True):
    if st.button(
        "Try the sample", type="primary" if dataset is None else "secondary", icon=":material/play_circle:"
    ):
        try_sample()
    if st.button("Upload a file", type="secondary", icon=":material/upload_file:"):
        st.switch_page("pages/feedback.py")

run = promotion.answering_run(resources.store(), dataset.id) if dataset else None
steps(dataset, run)
import_progress.watch_active()
watch_active()
if run:
    st.subheader(f"What {plain(dataset.name)} says")
    st.markdown(bullets(results.sentences(run)))
    st.page_link("pages/insights.py", label="Open the insights", icon=":material/insights:")
