"""Freeze a run's insights and write them as files; the same run gives the same numbers."""

import hashlib
from dataclasses import dataclass

from core.domain import Insights, TrainingRun
from core.errors import Damaged
from core.insights.codec import from_json, to_json
from core.reports.outline import Meta, Outline, outline
from core.store.store import Store
from core.workflow.explanations import finished
from core.workflow.insights import insights, sentences


@dataclass(frozen=True)
class FormatName:
    name: str
    extension: str
    mime: str


def formats() -> dict[str, FormatName]:
    from core.reports.formats import FORMATS

    return {key: FormatName(found.name, found.extension, found.mime) for key, found in FORMATS.items()}


def freeze(store: Store, run_id: int, anew: bool = False) -> Insights:
    """The insights stored for this run; computed and stored the first time. Later edits of labels
    or rows never change a report; `anew` stores another one beside it, with the rows there are now."""
    finished(store, run_id)
    kept = store.reports.latest(run_id)
    if kept is None or anew:
        found = insights(store, run_id)
        store.reports.add(run_id, found.dataset, to_json(found))
        kept = store.reports.latest(run_id)
    if hashlib.sha256(kept.content.encode()).hexdigest() != kept.sha256:
        raise Damaged(f"The stored report of run {run_id} is damaged. Restore a backup, or train again.")
    return from_json(kept.content)


def make_outline(store: Store, run_id: int, meta: Meta | None = None) -> Outline:
    found = freeze(store, run_id)
    run: TrainingRun = store.runs.get(run_id)
    return outline(found, run, meta, sentences(found))


def build(store: Store, run_id: int, format_key: str, meta: Meta | None = None) -> bytes:
    from core.reports.formats import FORMATS

    return FORMATS[format_key].build(make_outline(store, run_id, meta))
