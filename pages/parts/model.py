"""The model of a run, loaded once and shared; two at most stay in memory."""

import streamlit as st

from core.domain import Attribution, TrainingRun
from core.workflow import explanations
from pages.parts import resources


def classifier(run: TrainingRun):
    return _classifier(run.id, run.manifest_sha256)


@st.cache_resource(max_entries=2, show_spinner="Loading the model")
def _classifier(run_id: int, manifest_sha256: str):
    return explanations.load_classifier(resources.store(), resources.settings(), run_id)


def words_that_mattered(run: TrainingRun, text: str, label: str) -> Attribution:
    return _words_that_mattered(run.id, run.manifest_sha256, text, label)


@st.cache_resource(max_entries=200, show_spinner="Leaving out one word at a time")
def _words_that_mattered(run_id: int, manifest_sha256: str, text: str, label: str) -> Attribution:
    return explanations.words_that_mattered(_classifier(run_id, manifest_sha256), text, label)


def forget_cached() -> None:
    _classifier.clear()
    _words_that_mattered.clear()
