"""The ways to explain a decision: what the page lists and the command line takes."""

from collections.abc import Callable
from dataclasses import dataclass

from core.domain import Attribution
from core.explain import attention, integrated, occlusion, relevance, rollout, shapley
from core.explain.keys import ATTENTION, INTEGRATED, OCCLUSION, RELEVANCE, ROLLOUT, SHAPLEY
from core.explain.model import has_attention, has_layers
from core.explain.reading import read

SHORT = 30  # words up to which a text is explained by leaving each of them out
SHORTEST_TIME = 300.0  # milliseconds a short text may take: what a live view bears


@dataclass(frozen=True)
class Method:
    name: str  # as the page shows it
    about: str  # one sentence for the person
    explain: Callable[..., Attribution]  # (model, text, label, against=None)
    fits: Callable[[object], bool]  # whether a model can be explained so
    reason: bool = True  # False: it shows where the model looked, whatever label is asked about


def _any(model: object) -> bool:
    return True


METHODS: dict[str, Method] = {
    OCCLUSION: Method(
        "Leaving words out",
        "How many points the confidence falls without each word.",
        occlusion.explain,
        _any,
    ),
    INTEGRATED: Method(
        "Share of the score",
        "How much of the score each word carries (integrated gradients); quick on long comments.",
        integrated.explain,
        has_layers,
    ),
    SHAPLEY: Method(
        "Precise, slower",
        "Each word's factor on the confidence, averaged over many orders of the words (Shapley sampling).",
        shapley.explain,
        _any,
    ),
    RELEVANCE: Method(
        "Gradient x attention",
        "Where the model looked and it served the label; never what speaks against it.",
        relevance.explain,
        has_layers,
    ),
    ROLLOUT: Method(
        "Attention rollout",
        "How what was read flows through all layers: where the model looked, not why.",
        rollout.explain,
        has_attention,
        reason=False,
    ),
    ATTENTION: Method(
        "Attention of the last layer",
        "Where the model looked last, not why.",
        attention.explain,
        has_attention,
        reason=False,
    ),
}


def methods_for(model: object) -> dict[str, Method]:
    """Those of METHODS that fit the model: TF-IDF and BiLSTM have no attention and no layers to show."""
    return {key: method for key, method in METHODS.items() if method.fits(model)}


def default_method(model, text: str, against: str | None = None, headline: str = OCCLUSION) -> str:
    """Leaving words out for short texts; for long ones, and for one label against another, the share of
    the score where the model has layers. `headline`: what leads on short texts, by the run's own test."""
    if not has_layers(model):
        return headline if headline in methods_for(model) else OCCLUSION
    if against is not None or len(read(model, text).read) > SHORT:
        return INTEGRATED
    return headline
