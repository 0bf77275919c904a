"""Explanations as files: of the comment on the screen, and of a whole list of comments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.domain import TrainingRun
from core.explain import tables
from core.explain.html import page_html
from core.explain.keys import OCCLUSION
from core.explain.tables import Explained, Source
from core.reports.safe import safe_cell
from core.store.store import Store
from core.workflow.attributions import attribution

__all__ = ["Explained"]  # for the pages

MOST = 50  # comments of a list


@dataclass(frozen=True)
class Format:
    name: str
    extension: str
    mime: str


FORMATS = {
    "html": Format("Web page", ".html", "text/html"),
    "pptx": Format(
        "PowerPoint", ".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ),
    "csv": Format("CSV", ".csv", "text/csv"),
    "json": Format("JSON", ".json", "application/json"),
}


def build(run: TrainingRun, rows: Sequence[Explained], key: str) -> bytes:
    """One file of FORMATS; it asks nobody for anything."""
    found = [row.attribution for row in rows]
    said = f"Run {run.id}, model {run.manifest_sha256[:12]}"
    source = Source(run.id, run.manifest_sha256)
    if key == "html":
        # Half a pair of UTF-16 cannot be written; an import or a pasted text never holds one.
        return page_html(found, said).encode("utf-8", "replace")
    if key == "pptx":
        from core.reports.explained import pptx_bytes

        return pptx_bytes(found, said, run.finished_at or run.created_at)
    if key == "csv":
        return tables.csv_bytes(rows, source, safe_cell)
    return tables.json_bytes(rows, source)


def explain_list(store: Store, run: TrainingRun, model, ids: Sequence[int]) -> Iterator[Explained]:
    """Each of the first MOST comments for the label the model gives it, by leaving words out; comments that
    are gone are left out. What is explained is kept with its comment: asked again, it costs little."""
    table = store.datasets.feedback(run.dataset_id, ids[:MOST]).set_index("id")["text"]
    texts = {key: str(table[key]) for key in dict.fromkeys(ids[:MOST]) if key in table.index}
    places = model.probabilities(list(texts.values())).argmax(axis=1) if texts else []
    for (key, text), place in zip(texts.items(), places, strict=True):
        found = attribution(store, run, model, key, text, model.labels[int(place)], OCCLUSION)
        yield Explained(found, key)
