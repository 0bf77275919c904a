"""`python -m core explain`: why a run's model decides as it does, on one text or on a file of them."""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.config import Settings, load_settings
from core.domain import Attribution
from core.errors import AppError, BadColumns, NotFound
from core.explain.keys import OCCLUSION
from core.store.store import open_store
from core.workflow import explanations, unanswered
from core.workflow.attributions import first_method, leading
from core.workflow.bar import Bar
from core.workflow.named_files import free_name, read_file, whole_file

AT_ONCE = 64  # texts of a file whose probabilities are asked in one call
NAMED = 200  # labels in one sentence
ABOUT = (
    "A text is explained exactly as it is given: nothing is masked, and nothing of it is stored. Spans count "
    "the characters (code points) of the text; halves of surrogate pairs are read as unknown characters."
)


@dataclass(frozen=True)
class Asked:
    """What to explain, the same for every text; None: what the model and the text suggest."""

    label: str | None = None
    against: str | None = None
    method: str | None = None
    leads: str = OCCLUSION  # on short texts, without a method


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    verb = verbs.add_parser("explain", help="the words that made a model decide", epilog=ABOUT)
    verb.set_defaults(verb=explain_words)
    verb.add_argument("run", type=int, metavar="RUN", help="a finished run")
    verb.add_argument(
        "--text", action="append", default=[], metavar="TEXT", help="the text; with --file the column of it"
    )
    verb.add_argument("--file", type=Path, metavar="FILE.csv", help="every row of it, into --out")
    verb.add_argument("--out", type=Path, metavar="FILE.jsonl", help="one JSON object a row")
    verb.add_argument("--label", metavar="A", help="what the model says without this")
    verb.add_argument("--against", metavar="B", help="why the label and not this one")
    verb.add_argument("--method", metavar="NAME", help="without this, the one that fits the text")


def explain_words(chosen: argparse.Namespace) -> dict:
    """The explanation of one text, or a summary of the file that was written."""
    settings = load_settings()
    if chosen.file is not None:
        if chosen.out is None:
            raise BadColumns("Name the file to write with --out.")
        return _explain_file(settings, chosen, free_name(chosen.out, chosen.file))
    if chosen.out is not None:
        raise BadColumns("--out belongs to --file. Without a file the explanation is printed.")
    if len(chosen.text) != 1:
        raise BadColumns("Give one text with --text, or a file with --file and its column with --text.")
    classifier, leads = _classifier(settings, chosen.run)
    return next(explained(classifier, chosen.text, _asked(classifier, chosen, leads)))


def _classifier(settings: Settings, run_id: int):
    """The model, and the method that leads on short texts."""
    store = open_store(settings.url, settings.data_dir)
    try:
        classifier = explanations.load_classifier(store, settings, run_id)
        return classifier, leading(store, store.runs.get(run_id), classifier)
    finally:
        store.close()


def _asked(classifier, chosen: argparse.Namespace, leads: str) -> Asked:
    """Raises NotFound for a label or a method that the model does not have, naming those it has."""
    for label in (chosen.label, chosen.against):
        if label is not None and label not in classifier.labels:
            raise NotFound(
                f"This model does not know the label '{label[:120]}'. "
                f"Its labels: {_names(classifier.labels)}."
            )
    if chosen.label is not None and chosen.label == chosen.against:
        raise AppError("--label and --against are the same. Choose another label to compare with.")
    if chosen.against is not None and len(classifier.labels) < 2:
        raise AppError("This model has one label only. Leave out --against.")
    methods = explanations.methods(classifier)
    if chosen.method is not None and chosen.method not in methods:
        raise NotFound(
            f"This model cannot be explained by '{chosen.method[:60]}'. Its methods: {_names(methods)}."
        )
    return Asked(chosen.label, chosen.against, chosen.method, leads)


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in list(names)[:NAMED])
    return shown + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")


# ---- one text after the other -----------------------------------------------------------------


def explained(classifier, texts: Sequence[str], asked: Asked) -> Iterator[dict]:
    """One JSON object a text. `milliseconds` hold its share of the common call for the probabilities."""
    begun = time.perf_counter()
    readable = [_readable(text) for text in texts]
    found = classifier.probabilities(readable)
    share = (time.perf_counter() - begun) / max(1, len(texts))
    for text, row in zip(readable, found, strict=True):
        begun = time.perf_counter()
        pairs = sorted(zip(classifier.labels, row.tolist(), strict=True), key=lambda pair: -pair[1])
        # Without --label the likeliest; asked against it, the likeliest of the others.
        label = asked.label or next(name for name, _ in pairs if name != asked.against)
        method = asked.method or first_method(classifier, text, asked.against, asked.leads)
        attribution = explanations.explain(classifier, text, label, method, asked.against)
        seconds = share + time.perf_counter() - begun
        yield as_values(dict(pairs), attribution, method, seconds)


def as_values(probabilities: dict[str, float], found: Attribution, method: str, seconds: float) -> dict:
    """Values that JSON can hold; spans in code points of the text."""
    return {
        "probabilities": probabilities,
        "label": found.label,
        **({"against": found.against} if found.against else {}),
        "method": method,
        "unit": found.unit,
        "spans": [
            {"start": span.start, "end": span.end, "weight": span.weight}
            | ({"mark": span.mark} if span.mark else {})
            for span in found.spans
        ],
        "completeness": found.completeness,
        "milliseconds": round(seconds * 1000, 1),
    }


def _readable(text: str) -> str:
    """As many characters, without halves of surrogate pairs, which no tokenizer can read."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


# ---- a file ---------------------------------------------------------------------------------------


def _explain_file(settings: Settings, chosen: argparse.Namespace, out: Path) -> dict:
    begun = time.perf_counter()
    table, places = _open_table(settings, chosen.file, chosen.text)
    classifier, leads = _classifier(settings, chosen.run)
    asked = _asked(classifier, chosen, leads)
    rows, methods, bar = 0, set(), Bar()
    try:
        with whole_file(out) as file:
            for lines, texts in _chunks(table, places):
                for line, values in zip(lines, explained(classifier, texts, asked), strict=True):
                    file.write(json.dumps({"row": line, **values}, ensure_ascii=False) + "\n")
                    rows += 1
                    methods.add(values["method"])
                    bar(50, f"Explaining: {rows:,} comments")
    finally:
        bar.close()
    rejected = unanswered.rejected_of(table)
    return {
        "rows": rows,
        "rows_rejected": len(rejected),
        "out": str(out.resolve()),
        "seconds": round(time.perf_counter() - begun, 3),
        "method": asked.method or "+".join(sorted(methods)),
        "warnings": [*table.warnings, *unanswered.in_words(rejected)],
    }


def _open_table(settings: Settings, path: Path, wanted: Sequence[str]):
    """The file and the places of its text columns. Raises BadFile, or BadColumns with the names it has."""
    from core.ingest.table_file import open_table
    from core.workflow.import_file import limits

    table = open_table(read_file(path), limits(settings))
    header = list(table.header)
    wanted = list(wanted) or (header if len(header) == 1 else [])
    missing = [name for name in wanted if name not in header]
    if missing or not wanted:
        said = f"There is no column '{missing[0][:80]}'. " if missing else ""
        names = ", ".join(f"'{name[:60]}'" for name in header[:20])
        raise BadColumns(f"{said}Name the column of the comments with --text; the file has: {names}.")
    return table, sorted({header.index(name) for name in wanted})


def _chunks(table, places: Sequence[int]) -> Iterator[tuple[list[int], list[str]]]:
    """Lines of the file on which rows begin, and their texts; a few at a time."""
    from core.export.scoring import text_of

    for chunk in table.chunks():
        columns = [chunk.frame.iloc[:, place].astype(object).to_numpy() for place in places]
        texts = [text_of(cells) for cells in zip(*columns, strict=True)]
        lines = chunk.lines.tolist()
        for start in range(0, len(texts), AT_ONCE):
            yield lines[start : start + AT_ONCE], texts[start : start + AT_ONCE]
