"""The words that mattered in one comment: worked out once for a stored one, and which method leads."""

from collections.abc import Mapping

from core.domain import Attribution, TrainingRun
from core.errors import Damaged
from core.explain import codec, occlusion
from core.explain.agreement import agree
from core.explain.keys import INTEGRATED, OCCLUSION, SHAPLEY
from core.store.embeddings import text_key
from core.store.explanations import Question
from core.store.store import Store
from core.workflow import explain_jobs, explanations

__all__ = ["INTEGRATED", "OCCLUSION", "SHAPLEY"]  # for the pages

VERSION = 1  # of what the methods give; a higher one forgets what was kept
WEAK = "weak"


def attribution(  # noqa: PLR0917 (what is asked, in the order in which it is said)
    store: Store,
    run: TrainingRun,
    classifier,
    feedback_id: int | None,
    text: str,
    label: str,
    method: str,
    against: str | None = None,
    joined: bool = False,
) -> Attribution:
    """Of a stored comment it is kept, without its text; a pasted one (None) leaves no trace.

    `joined`: strong neighbours as phrases, where the method leaves words out. Raises NotFound.
    """
    if feedback_id is None:
        return _explain(classifier, text, label, method, against, joined)
    asked = Question(feedback_id, label, against or "", f"{method}, phrases" if joined else method)
    key = text_key(text)
    found = _restored(store.explanations.attribution(run.id, asked, key, VERSION), text)
    if found is None:
        found = _explain(classifier, text, label, method, against, joined)
        content = {name: value for name, value in codec.to_dict(found).items() if name != "text"}
        store.explanations.keep_attribution(run.id, asked, key, VERSION, content)
    return found


def _explain(
    classifier, text: str, label: str, method: str, against: str | None, joined: bool
) -> Attribution:
    found = explanations.explain(classifier, text, label, method, against)
    if joined and method == OCCLUSION:
        return occlusion.phrases(classifier, found, against)
    return found


def _restored(kept: Mapping[str, object] | None, text: str) -> Attribution | None:
    """None for what is not there or cannot be read any more: it is worked out anew."""
    try:
        return None if kept is None else codec.from_dict({**kept, "text": text})
    except Damaged:
        return None


def leading(store: Store, run: TrainingRun, classifier) -> str:
    """The method that leads on short comments by the run's own test; leaving words out without one."""
    kept = store.explanations.findings(run.id, explain_jobs.FAITHFULNESS).get("")
    named = None if kept is None else kept.content.get("headline")
    return named if named in explanations.methods(classifier) else OCCLUSION


def first_method(classifier, text: str, against: str | None, leads: str) -> str:
    """What the page shows before anybody chooses; see core.explain.methods.default_method."""
    from core.explain.methods import default_method

    return default_method(classifier, text, against, leads)


def is_weak(store: Store, run: TrainingRun) -> bool:
    """Whether the run's test found its pictures hardly better than random words."""
    kept = store.explanations.findings(run.id, explain_jobs.TRUST).get("")
    return kept is not None and kept.content.get("badge") == WEAK


def agreement(first: Attribution, second: Attribution) -> str:
    """Whether two explanations of one comment name the same words."""
    return agree(first, second).words
