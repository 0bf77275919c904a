"""Why a run's model decides as it does on one text."""

from collections import Counter
from typing import TYPE_CHECKING

from core.config import Settings
from core.domain import Attribution, TrainingRun
from core.errors import NotFound
from core.explain.words import (
    CUT,
    GAP,
    POINTS,
    UNREAD,
    bars,
    caption,
    nothing_matters,
    pieces,
    scale,
    sentence,
    shades,
    strongest,
)
from core.store.store import Store

if TYPE_CHECKING:
    from core.explain.methods import Method

__all__ = [  # for the drawing of words
    "CUT",
    "GAP",
    "POINTS",
    "UNREAD",
    "bars",
    "caption",
    "nothing_matters",
    "pieces",
    "scale",
    "sentence",
    "shades",
    "strongest",
]

ENDED = {"failed": "failed", "cancelled": "was cancelled"}  # without a model
LONGEST = 20_000  # characters of a pasted comment


def load_classifier(store: Store, settings: Settings, run_id: int):
    """The classifier of a finished run, its files checked against their hashes.

    Raises NotFound, Damaged or ModelMissing.
    """
    from core.models.device import choose_device, use_threads
    from core.training import checkpoints

    run = finished(store, run_id)
    use_threads(settings.threads)
    device = choose_device(settings.device)

    def find(name: str, max_tokens: int, revision: str):
        from core.models.catalog import open_encoder  # transformers: only for models on an encoder

        return open_encoder(name, device, max_tokens, settings.hub_timeout_s, revision)

    return checkpoints.load(settings.runs_dir / run.checkpoint, device, find, run.manifest_sha256)


def finished(store: Store, run_id: int) -> TrainingRun:
    """Raises NotFound with what became of the run instead."""
    run = store.runs.get(run_id)
    if run.status in ENDED:
        raise NotFound(
            f"Run {run_id} {ENDED[run.status]} and has no model. Train again, or choose a finished run on "
            "the Runs page."
        )
    if run.status != "done":
        raise NotFound("This run has no model: it is not finished. Choose a finished run on the Runs page.")
    return run


def probabilities(classifier, text: str) -> dict[str, float]:
    """Calibrated probability by label, highest first."""
    row = classifier.probabilities([text])[0]
    pairs = zip(classifier.labels, row.tolist(), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def methods(classifier) -> dict[str, "Method"]:
    """The ways to explain this model, by key; see core.explain.methods.METHODS."""
    from core.explain.methods import methods_for

    return methods_for(classifier)


def has_attention(classifier) -> bool:
    from core.explain.model import has_attention as has

    return has(classifier)


def explain(classifier, text: str, label: str, method: str, against: str | None = None) -> Attribution:
    """Raises NotFound for a method that this model does not have, or an unknown label."""
    found = methods(classifier)
    if method not in found:
        names = ", ".join(found)
        raise NotFound(f"This model cannot be explained by '{method}'. Choose one of: {names}.")
    return found[method].explain(classifier, text, label, against=against)


def clean_pasted(text: str) -> str:
    """A pasted comment as an import would store it: personal data masked, control characters out."""
    from core.ingest.redaction import mask_text

    kept = "".join(char for char in text[:LONGEST] if _belongs(char))
    return mask_text(kept, Counter()).strip()


def _belongs(char: str) -> bool:
    """No control characters, and no half of a pair of UTF-16, which no encoder can read."""
    if "\ud800" <= char <= "\udfff":
        return False
    return char in "\n\t" or char.isprintable() or ord(char) > 159


def words_that_mattered(classifier, text: str, label: str) -> Attribution:
    return explain(classifier, text, label, "occlusion")
