"""The model of a run and what it says of a comment, worked out once and shared; two models at most stay in
memory."""

import streamlit as st

from core.domain import Attribution, TrainingRun
from core.workflow import attributions, explanations
from pages.parts import resources

KEPT = 64  # comments and questions; the longest has some thousand words


def classifier(run: TrainingRun):
    return _classifier(run.id, run.manifest_sha256)


@st.cache_resource(max_entries=2, show_spinner="Loading the model")
def _classifier(run_id: int, manifest_sha256: str):
    return explanations.load_classifier(resources.store(), resources.settings(), run_id)


def probabilities(run: TrainingRun, text: str) -> dict[str, float]:
    """By label, highest first."""
    return _probabilities(run.id, run.manifest_sha256, text)


@st.cache_resource(max_entries=KEPT, show_spinner="Asking the model")
def _probabilities(run_id: int, manifest_sha256: str, text: str) -> dict[str, float]:
    return explanations.probabilities(_classifier(run_id, manifest_sha256), text)


def attribution(
    run: TrainingRun,
    text: str,
    feedback_id: int | None,
    label: str,
    method: str,
    against: str | None = None,
    joined: bool = False,
) -> Attribution:
    """See core.workflow.attributions.attribution."""
    asked = (text, feedback_id, label, method, against, joined)
    return _attribution(run.id, run.manifest_sha256, *asked)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _attribution(
    run_id: int,
    manifest_sha256: str,
    text: str,
    feedback_id: int | None,
    label: str,
    method: str,
    against: str | None,
    joined: bool,
) -> Attribution:
    store = resources.store()
    found = _classifier(run_id, manifest_sha256)
    asked = (feedback_id, text, label, method, against, joined)
    return attributions.attribution(store, store.runs.get(run_id), found, *asked)


def forget_cached() -> None:
    for function in (_classifier, _probabilities, _attribution):
        function.clear()
