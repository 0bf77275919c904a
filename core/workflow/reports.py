"""Freeze a run's insights and write them as files; the same run gives the same numbers."""

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.config import Settings
from core.domain import Insights, Quote, Span, TrainingRun
from core.errors import AppError, Damaged
from core.explain.words import units
from core.insights.codec import from_json, to_json
from core.reports.marked import attribution_of
from core.reports.outline import QUOTES_PER_THEME, Meta, Outline, outline
from core.store.store import Store
from core.workflow.explanations import explain, finished, load_classifier
from core.workflow.insights import insights, sentences

if TYPE_CHECKING:
    from core.models.classifier import TextModel

__all__ = ["attribution_of"]  # for the pages

# Leaving each of n words out reads n texts of n words: so many words are read for one report at most,
# about 5 s of a core with the bundled encoder.
WORDS_READ = 15_000
DIGITS = 4  # of a weight: a hundredth of a point; more would differ from one batch to the next


@dataclass(frozen=True)
class FormatName:
    name: str
    extension: str
    mime: str


def formats() -> dict[str, FormatName]:
    from core.reports.formats import FORMATS

    return {key: FormatName(found.name, found.extension, found.mime) for key, found in FORMATS.items()}


def freeze(store: Store, run_id: int, anew: bool = False, model: "TextModel | None" = None) -> Insights:
    """The insights stored for this run; computed and stored the first time. Later edits of labels
    or rows never change a report; `anew` stores another one beside it, with the rows there are now.

    `model`: the run's own, which says what mattered in the quotes; None: they stay plain.
    """
    run = finished(store, run_id)
    kept = store.reports.latest(run_id)
    while kept is None or anew:
        data = store.datasets.get(run.dataset_id).sha256
        found = insights(store, run_id)
        found = found if model is None else with_highlights(found, model)
        # None: rows changed meanwhile, perhaps somebody was forgotten; counted again.
        anew = store.reports.add(run_id, found.dataset, to_json(found), data) is None
        kept = store.reports.latest(run_id)
    if hashlib.sha256(kept.content.encode()).hexdigest() != kept.sha256:
        raise Damaged(f"The stored report of run {run_id} is damaged. Restore a backup, or train again.")
    return from_json(kept.content)


def model_of(store: Store, settings: Settings, run_id: int) -> "TextModel | None":
    """The run's model; None when it cannot be loaded: the report then says that quotes are plain."""
    try:
        return load_classifier(store, settings, run_id)
    except AppError:
        return None


def highlight(store: Store, run_id: int, model: "TextModel") -> None:
    """Mark the quotes of the run's report: all its numbers stay."""
    run = finished(store, run_id)
    while True:
        data = store.datasets.get(run.dataset_id).sha256
        found = with_highlights(freeze(store, run_id), model)
        if store.reports.add(run_id, found.dataset, to_json(found), data) is not None:
            return


def highlighted(found: Insights) -> bool:
    return not found.quotes or any(quote.spans for quote in found.quotes)


def with_highlights(found: Insights, model: "TextModel") -> Insights:
    """The quotes that a report shows, with the points of each word for the theme they stand under; themes
    in their order, largest first, until WORDS_READ is used up. Themes the model does not know stay plain."""
    left, seen = WORDS_READ, Counter[str]()
    quotes: list[Quote] = []
    for quote in found.quotes:
        seen[quote.theme] += 1
        shown = quote.theme in model.labels and seen[quote.theme] <= QUOTES_PER_THEME
        read = min(len(units(quote.text)), model.max_tokens) ** 2
        marked = shown and read <= left
        left -= read if marked else 0
        quotes.append(replace(quote, spans=_spans(model, quote)) if marked else quote)
    return replace(found, quotes=tuple(quotes))


def _spans(model: "TextModel", quote: Quote) -> tuple[Span, ...]:
    spans = explain(model, quote.text, quote.theme, "occlusion").spans
    # Adding 0 makes 0 of a rounded -0.
    return tuple(replace(span, weight=round(span.weight, DIGITS) + 0.0) for span in spans)


def make_outline(store: Store, run_id: int, meta: Meta | None = None) -> Outline:
    found = freeze(store, run_id)
    run: TrainingRun = store.runs.get(run_id)
    return outline(found, run, meta, sentences(found))


def build(store: Store, run_id: int, format_key: str, meta: Meta | None = None) -> bytes:
    from core.reports.formats import FORMATS

    return FORMATS[format_key].build(make_outline(store, run_id, meta))
