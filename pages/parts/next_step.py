"""From stored comments to the first chart."""

import streamlit as st

from core.domain import QUICK, Dataset, LabelSet, TrainingOptions
from core.workflow import runs
from pages.parts import resources, results


def trainable(dataset: Dataset) -> list[LabelSet]:
    """Label sets that a model can learn, those with one label a comment first."""
    return sorted(results.label_sets(dataset), key=lambda label_set: label_set.multi)


def show(dataset: Dataset) -> None:
    """One click to the insights where there are labels."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if trainable(dataset) and st.button(
            "Train Quick and show the insights",
            type="primary",
            icon=":material/insights:",
            key="quick_insights",
        ):
            start_quick(dataset)
            st.session_state.pop("import_job", None)
            st.switch_page("pages/insights.py")
        st.page_link("pages/train.py", label="Next: train a model", icon=":material/model_training:")


def start_quick(dataset: Dataset) -> None:
    """A Quick training with the defaults, unless the dataset has a finished run already."""
    store, settings = resources.store(), resources.settings()
    if runs.latest_done(store, dataset.id) is None:
        label_set = trainable(dataset)[0]
        runs.start_training(store, settings, dataset.id, label_set.id, TrainingOptions(mode=QUICK))
