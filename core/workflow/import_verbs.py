"""`python -m core import`, `table` and `forget`."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from core.config import Settings, load_settings
from core.domain import Columns, Dataset, Question, Rejection
from core.errors import AppError, BadColumns, BadFile, NotFound
from core.store.store import Store, open_store
from core.workflow import importing, people
from core.workflow.import_file import ASK, STAGED, Look, Order, Outcome
from core.workflow.leftovers import sweep
from core.workflow.task import Task
from core.workflow.uploads import drop_upload, keep_upload

ANSWERS = (
    "encoding",
    "delimiter",
    "header",
    "table",
    "quotes",
    "short_rows",
    "sheet",
    "columns",
    "region",
    "handles",
)
ABOUT = ("dates:", "scale:", "pattern:")
SINGLE = ("date", "rating", "author", "account", "channel", "language", "id")


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    reading = verbs.add_parser("import", help="a feedback file into a dataset")
    reading.set_defaults(verb=import_file)
    reading.add_argument("file", type=Path, metavar="FILE")
    reading.add_argument("--dataset", metavar="NAME", help="a new one, or one that is there to append to")
    reading.add_argument("--text", action="append", default=[], metavar="COL", help="several are joined")
    reading.add_argument("--label", action="append", default=[], metavar="COL", help="each is a label set")
    for role in SINGLE:
        reading.add_argument(f"--{role}", metavar="COL")
    reading.add_argument("--segment", action="append", default=[], metavar="COL")
    reading.add_argument("--number", action="append", default=[], metavar="COL", help="a score")
    reading.add_argument("--dry-run", action="store_true", help="all the work, nothing stored")
    reading.add_argument("--answer", action="append", default=[], metavar="KEY=VALUE")
    table = verbs.add_parser("table", help="the stored rows of a dataset as JSON Lines")
    table.set_defaults(verb=write_table)
    table.add_argument("dataset", metavar="DATASET", help="its name or number")
    table.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl")
    forget = verbs.add_parser("forget", help="a person or an account, everywhere")
    forget.set_defaults(verb=forget_person)
    who = forget.add_mutually_exclusive_group(required=True)
    who.add_argument("--author", metavar="ID", help="as written in the files, or the pseudonym")
    who.add_argument("--account", metavar="ID")
    forget.add_argument(
        "--mentions", action="store_true", help="also comments of others that hold the written name"
    )


# ---- import -----------------------------------------------------------------------------------


def import_file(chosen: argparse.Namespace) -> dict:
    """One JSON object; `status` is ok, ask (nothing is stored before the answers) or refused."""
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    answers = dict(_pair(pair) for pair in chosen.answer)
    sweep(store, settings)  # what a killed import left
    try:
        upload = keep_upload(settings, _bytes(chosen.file))
    except BadFile as error:
        return _refused(error)
    try:
        return _import(store, settings, upload, chosen, answers)
    except BadFile as error:
        return _refused(error)
    finally:
        drop_upload(settings, upload)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AppError(f"The file {path} cannot be read ({error.strerror}). Check its name.") from error


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise BadColumns(f"'{text[:80]}' is no answer. Write it as --answer KEY=VALUE.")
    if key not in ANSWERS and not key.startswith(ABOUT):
        known = ", ".join((*ANSWERS, *(f"{about}NAME" for about in ABOUT)))
        raise BadColumns(f"'{key[:80]}' is no question. The keys are {known}.")
    if key == "handles" and value not in ("mask", "keep"):
        raise BadColumns("The answer to handles is mask or keep.")
    return key, value


def _refused(error: BadFile) -> dict:
    return {"status": "refused", "reason": " ".join(str(error).split())}


def _import(
    store: Store, settings: Settings, upload: str, chosen: argparse.Namespace, answers: dict[str, str]
) -> dict:
    seen = importing.look(store, settings, upload, answers)
    if seen.columns is None:
        return _asking(seen, seen.questions)
    columns = _chosen_columns(chosen, seen)
    target = find_dataset(store, chosen.dataset) if chosen.dataset else None
    order = Order(
        file_name=chosen.file.name,
        sha256=upload,
        columns=columns,
        answers=answers,
        name=chosen.dataset or chosen.file.stem,
        dataset_id=target.id if target else None,
        dry_run=chosen.dry_run,
    )
    bar = Lines()
    outcome = importing.import_in_child(settings, upload, asdict(order), Task(bar))
    if outcome.status == ASK:
        return _asking(seen, outcome.questions)
    if outcome.status == STAGED:
        done = importing.merge(store, outcome.staged, target.id)
        outcome = replace(outcome, rows_stored=done.rows_stored, rejections=done.rejections)
        outcome = replace(outcome, dataset_id=done.dataset_id, import_id=done.id)
    return _done(seen, outcome, columns)


class Lines:
    """Each new step as a line on standard error."""

    def __init__(self) -> None:
        self.last = ""

    def __call__(self, pct: float, message: str) -> None:
        step = message.split(":", maxsplit=1)[0]
        if step != self.last:
            print(f"{pct:3.0f} % {step}", file=sys.stderr)
            self.last = step


def _chosen_columns(chosen: argparse.Namespace, seen: Look) -> Columns:
    """What was named on the command line; the guesses fill the rest, but never a column named for
    another role."""
    named = {role: getattr(chosen, role) for role in SINGLE if getattr(chosen, role)}
    lists = {"segments": chosen.segment, "numbers": chosen.number}
    used = {*chosen.text, *chosen.label, *named.values(), *chosen.segment, *chosen.number}
    guess = seen.columns
    values = {role: getattr(guess, role) for role in SINGLE if getattr(guess, role) not in used}
    columns = replace(
        guess,
        **{role: None for role in SINGLE} | values | named,
        **{
            name: tuple(dict.fromkeys(given))
            or tuple(item for item in getattr(guess, name) if item not in used)
            for name, given in lists.items()
        },
    )
    if chosen.text:
        columns = replace(columns, text=chosen.text[0], more_text=tuple(chosen.text[1:]))
    labels = chosen.label or [name for name in columns.labels if name not in used]
    multi = tuple(name for name in columns.multi if name in labels)
    return replace(columns, label=labels[0] if labels else None, more_labels=tuple(labels[1:]), multi=multi)


def _asking(seen: Look, questions: Sequence[Question]) -> dict:
    return {"status": ASK, **_about(seen), "questions": [_question(item) for item in questions]}


def _question(item: Question) -> dict:
    return {
        "key": item.key,
        "question": item.words,
        "answers": [
            {"value": answer.value, "means": answer.words, "rows": [list(row) for row in answer.rows]}
            for answer in item.answers
        ],
        "other_values_allowed": item.free,
    }


def _about(seen: Look | Outcome) -> dict:
    return {
        "encoding": seen.encoding,
        "delimiter": seen.delimiter,
        "header": list(seen.header),
        "answers": dict(seen.answers),
        "warnings": list(seen.warnings),
    }


def _done(seen: Look, outcome: Outcome, columns: Columns) -> dict:
    return {
        "status": "ok",
        "format": seen.format,
        **_about(outcome),
        "recognised": seen.source,
        "roles": {name: value for name, value in asdict(columns).items() if value},
        "rows_in_file": outcome.rows_in,
        "rows_stored": outcome.rows_stored,
        "rows_rejected": sum(item.rows for item in outcome.rejections),
        "rejections": [_rejection(item) for item in outcome.rejections],
        "append": asdict(outcome.counts) if outcome.counts else None,
        "questions": [],
        "masked": dict(outcome.masked),
        "dataset": outcome.dataset_id,
        "import": outcome.import_id,
        "stored": outcome.import_id is not None,
    }


def _rejection(item: Rejection) -> dict:
    return {"reason": item.reason, "rows": item.rows, "lines": list(item.examples)}


# ---- table ------------------------------------------------------------------------------------


def write_table(chosen: argparse.Namespace) -> dict:
    """Every stored row as one JSON object, column name to cell, in the order of the files."""
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    dataset = find_dataset(store, chosen.dataset)
    if dataset is None:
        raise NotFound(f"There is no dataset '{chosen.dataset[:120]}'. Check the name on the Feedback page.")
    rows = 0
    try:
        with chosen.out.open("w", encoding="utf-8", newline="\n") as file:
            for header, cells in store.datasets.cells(dataset.id):
                file.write(json.dumps(dict(zip(header, cells, strict=True)), ensure_ascii=False) + "\n")
                rows += 1
    except OSError as error:
        raise AppError(f"The file {chosen.out} cannot be written ({error.strerror}).") from error
    return {"dataset": dataset.id, "name": dataset.name, "rows": rows, "file": str(chosen.out.resolve())}


def find_dataset(store: Store, wanted: str) -> Dataset | None:
    """By name, the newest of several; by number where no name fits."""
    datasets = store.datasets.list()
    named = [item for item in datasets if item.name == wanted.strip()[:120]]
    return next(iter(named or [item for item in datasets if str(item.id) == wanted]), None)


# ---- forget -----------------------------------------------------------------------------------


def forget_person(chosen: argparse.Namespace) -> Mapping[str, object]:
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    return people.forget(
        store, settings, author=chosen.author, account=chosen.account, mentions=chosen.mentions
    ).to_dict()
