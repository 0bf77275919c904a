"""`python -m core score` and `export-model`."""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from heapq import merge
from itertools import takewhile
from pathlib import Path

import numpy as np

from core.config import Settings, load_settings
from core.domain import RejectedRow
from core.errors import BadColumns, BadFile
from core.store.store import open_store
from core.workflow import exporting, unanswered
from core.workflow.bar import Bar
from core.workflow.named_files import folder_for, free_name, read_file, whole_file
from core.workflow.task import Task

TEXT_COLUMNS = exporting.TEXT_COLUMNS
CHECKPOINT = "checkpoint"  # of a run: what is no export


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    score = verbs.add_parser("score", help="labels and probabilities for the rows of a file")
    score.set_defaults(verb=score_file)
    score.add_argument("file", type=Path, metavar="FILE.csv")
    score.add_argument("--model", type=Path, required=True, metavar="DIR", help="a checkpoint or an export")
    score.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="COL",
        help="several are joined; those of the training rows without it",
    )
    score.add_argument("--out", type=Path, metavar="FILE.csv", help="FILE.scored.csv beside it without this")
    score.add_argument("--labels-only", action="store_true", help="no column of probability for each label")
    export = verbs.add_parser("export-model", help="a finished model in other formats, checked and measured")
    export.set_defaults(verb=export_run)
    export.add_argument("run", type=int, metavar="RUN")
    export.add_argument("--out", type=Path, metavar="DIR", help="into the run's own folder without this")
    export.add_argument("--format", action="append", default=[], choices=tuple(exporting.FORMATS))


class Asked:
    """A model that is asked about comments as an import would store them: personal data masked."""

    def __init__(self, model: object, region: str):
        self.model, self.region = model, region
        self.labels, self.multi = model.labels, model.multi

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        from core.ingest.redaction import mask_texts

        return self.model.probabilities(list(mask_texts(texts, self.region).texts))


def score_file(chosen: argparse.Namespace) -> dict:
    """Write the file again with label, confidence and probabilities, every row in its place; the cells stay
    as they were, but for those that a spreadsheet would take for a formula and for characters that are not
    seen or turn the line around: how many is a warning."""
    from core.export.scoring import score_csv
    from core.reports.safe import SafeCells

    settings = load_settings()
    out = free_name(chosen.out or chosen.file.with_suffix(".scored.csv"), chosen.file)
    folder, form = opened_format(chosen.model)
    model = open_model(settings, folder)
    table, columns = _open_table(settings, chosen.file, chosen.text, text_columns(chosen.model))
    rejected = unanswered.rejected_of(table)
    done, bar, safe = 0, Bar(), SafeCells()
    try:
        with whole_file(out, "utf-8-sig", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            lines = score_csv(
                Asked(model, settings.phone_region),
                table.header,
                _rows(table, rejected),
                columns,
                safe,
                every_label=not chosen.labels_only,
                on_rows=lambda rows: bar(50, f"Scoring: {rows:,} comments"),
            )
            for done, line in enumerate(lines):  # noqa: B007 (the header is number 0)
                writer.writerow(line)
    finally:
        bar.close()
    return {
        "rows": done,
        "rows_rejected": len(rejected),
        "format": form,
        "text": columns,
        "labels": list(model.labels),
        "several_labels": model.multi,
        "warnings": [
            *passed_over(chosen.model, form),
            *table.warnings,
            *safe.warnings(),
            *unanswered.in_words(rejected),
        ],
        "file": str(out),
    }


def opened_format(folder: Path) -> tuple[Path, str]:
    """The folder that is opened where one is named, and its format: of a whole export the first that is
    there. What is no export is taken for the checkpoint of a run."""
    from core.export.opened import format_of

    found = ((inside, format_of(inside)) for inside in (folder, *(folder / key for key in _best_first())))
    return next((pair for pair in found if pair[1]), (folder, CHECKPOINT))


def passed_over(folder: Path, form: str) -> list[str]:
    """A warning where a whole export was written with a format that comes before the one it is opened by."""
    from core.export.manifest import is_bundle, listed_formats

    if not is_bundle(folder):
        return []
    listed = listed_formats(folder)
    gone = [key for key in takewhile(lambda key: key != form, _best_first()) if key in listed]
    if not gone:
        return []
    return [
        f"This export was written with {' and '.join(gone)} too, but the folder is missing or its manifest "
        f"cannot be read, so {form} gave the answers. Export the model again to score with {gone[0]}."
    ]


def _best_first() -> list[str]:
    """TorchScript is refused, so it comes last."""
    from core.export.opened import TORCHSCRIPT

    return sorted(exporting.FORMATS, key=lambda key: key == TORCHSCRIPT)


def open_model(settings: Settings, folder: Path):
    """The checkpoint of a run, one exported format, or a whole export (its first format is opened).

    Raises Damaged, ModelMissing, UnsafeModel where there is nothing but TorchScript, BadFile when the folder
    holds no model.
    """
    from core.export.manifest import MANIFEST, is_bundle, read_manifest
    from core.export.opened import open_exported
    from core.models.device import choose_device, use_threads
    from core.training import checkpoints

    threads = use_threads(settings.threads)
    inside, form = opened_format(folder)
    if form != CHECKPOINT:
        return open_exported(inside, threads)
    if is_bundle(folder):
        read_manifest(folder)  # says which file of the formats is missing or damaged
    if is_bundle(folder) or not (folder / MANIFEST).is_file():
        raise BadFile(f"The folder {folder} holds no model. Name a run's checkpoint or an exported model.")
    device = choose_device(settings.device)

    def find(name: str, max_tokens: int, revision: str):
        from core.models.catalog import open_encoder

        return open_encoder(name, device, max_tokens, settings.hub_timeout_s, revision)

    return checkpoints.load(folder, device, find)


def text_columns(folder: Path) -> list[list[str]]:
    """The names that the columns of the comments had in the files a model learned from, one list a kind of
    file; [] where neither its folder nor the export around it says so, as those of earlier versions."""
    from core.export.manifest import MANIFEST, is_bundle

    around = [folder.resolve().parent] if is_bundle(folder.resolve().parent) else []
    for place in (folder, *around):
        try:
            said = json.loads((place / MANIFEST).read_text(encoding="utf-8")).get(TEXT_COLUMNS)
        except (OSError, ValueError, AttributeError):
            continue  # whoever opens the model tells what is damaged
        if isinstance(said, list) and all(_is_names(names) for names in said):
            return said
    return []


def _is_names(found: object) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(name, str) for name in found)


def _open_table(settings: Settings, path: Path, wanted: Sequence[str], known: Sequence[Sequence[str]]):
    """The file and the columns of its comments: those named, else those that the model learned from, else
    the only one. What only a person could know about the file is assumed, with a warning. Raises BadFile."""
    from core.ingest.table_file import open_table
    from core.workflow.import_file import limits

    table = open_table(read_file(path), limits(settings))
    there = (names for names in known if set(names) <= set(table.header))
    columns = list(wanted) or list(next(there, ()))
    if not columns:
        if len(table.header) > 1:
            names = ", ".join(f"'{name[:60]}'" for name in table.header[:20])
            raise BadColumns(f"Name the column of the comments with --text; the file has: {names}.")
        columns = list(table.header)
    return table, columns


def _rows(table, rejected: Sequence[RejectedRow]) -> Iterator[Sequence[str]]:
    """All rows in the order of the file; those that were rejected are Unread."""
    from core.export.scoring import Unread

    read = (
        row
        for chunk in table.chunks()
        for row in zip(chunk.lines.tolist(), chunk.frame.to_numpy(dtype=object).tolist(), strict=True)
    )
    unread = ((row.line, Unread(row.cells)) for row in rejected)
    return (cells for _, cells in merge(read, unread, key=lambda row: row[0]))


def export_run(chosen: argparse.Namespace) -> dict:
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    bar = Bar()
    try:
        with folder_for(chosen.out) if chosen.out else nullcontext() as folder:
            return {"run": chosen.run} | exporting.write(
                store, settings, chosen.run, chosen.format, folder, Task(bar)
            )
    finally:
        bar.close()
