"""`python -m core train` and `promote`."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core.config import load_settings
from core.domain import (
    BILSTM,
    BUNDLED_ENCODER,
    QUICK,
    TFIDF,
    Columns,
    Dataset,
    Import,
    LabelSet,
    Scores,
    TrainingOptions,
)
from core.errors import BadColumns, CannotTrain, NotFound
from core.ingest.ratings import ScaleEvidence
from core.ingest.rejections import in_words
from core.ingest.survey import SCALE
from core.store.store import Store, open_store
from core.workflow import estimate, explain_jobs, feedback, promotion, runs, vectors
from core.workflow.bar import Bar
from core.workflow.import_file import STARS, sha256_of
from core.workflow.import_verbs import find_dataset
from core.workflow.named_files import read_file
from core.workflow.task import Task

SETTINGS = {  # option on the command line -> its field and type
    "epochs": int,
    "max-tokens": int,
    "balance": str,
    "patience": int,
    "weight-decay": float,
    "label-smoothing": float,
    "frozen-layers": int,
    "adapter-rank": int,
    "augment": float,
    "token-masking": float,
    "averaging": float,
    "body-rate": float,
    "split-seed": int,
}


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    train = verbs.add_parser("train", help="a model on a label set of a stored dataset")
    train.set_defaults(verb=train_model)
    train.add_argument("dataset", metavar="DATASET", help="its name or number")
    train.add_argument("--label-set", metavar="NAME", help="needed where there are several")
    train.add_argument("--mode", choices=tuple(runs.MODES), default=QUICK)
    train.add_argument("--encoder", default=BUNDLED_ENCODER, metavar="ID", help="a Hugging Face encoder")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--split", default="stratified", metavar="stratified|grouped|time|kfold:K|kfold:KxR")
    train.add_argument("--test", type=Path, metavar="FILE.csv", help="judge on this file, never learned from")
    train.add_argument("--bilstm", action="store_true", help="a BiLSTM among the baselines of any mode")
    train.add_argument(
        "--no-quick",
        action="store_true",
        help="TF-IDF without Quick beside it: no comment is read by an encoder",
    )
    train.add_argument(
        "--vectors", type=Path, metavar="FILE", help="GloVe or word2vec text the BiLSTM begins with"
    )
    train.add_argument(
        "--without", action="append", default=[], metavar="WORD", help="taken out of every text"
    )
    for name, kind in SETTINGS.items():
        train.add_argument(f"--{name}", type=kind, default=argparse.SUPPRESS, metavar="VALUE")
    put = verbs.add_parser("promote", help="put the model of a run to work for its label set")
    put.set_defaults(verb=promote_run)
    put.add_argument("run", type=int, metavar="RUN", nargs="?")
    put.add_argument("--anyway", action="store_true", help="even if it does not pass the gate")
    put.add_argument("--back", metavar="LABEL_SET_OF_DATASET", help="DATASET/LABEL SET: the model before")
    put.add_argument("--note", default="", metavar="WORDS")


def train_model(chosen: argparse.Namespace) -> dict:
    """Train in this process and print how good it is."""
    from core.workflow.train_here import train_here

    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    dataset = _dataset(store, chosen.dataset)
    label_set = _label_set(store, dataset, chosen.label_set)
    options = _options(chosen)
    # As if the test rows were there: they are not stored for settings that are wrong.
    runs.check_options(settings, replace(options, test_dataset=dataset.id if chosen.test else 0))
    options, unused = _without_unused(options, chosen)
    _check_layers(options)
    for words in unused:
        print(words, file=sys.stderr)  # before the training, which may take an hour
    if chosen.vectors is not None:
        options = replace(options, vectors=_keep_vectors(settings, chosen))
    bar = Bar()
    try:
        with _test_rows(store, settings, chosen.test, dataset, label_set) as (test, notes):
            options = replace(options, test_dataset=test)
            run = train_here(store, settings, dataset.id, label_set.id, options, Task(bar))
        explain_jobs.queue(store, run, explain_jobs.TRUST)  # done when the application runs
    finally:
        bar.close()
    evaluation = run.evaluation
    return {
        "run": run.id,
        "dataset": dataset.id,
        "label_set": label_set.name,
        "labels": list(run.labels),
        "split": evaluation.split,
        "model": scores_of(run.model),
        "baselines": {scores.name: scores_of(scores) for scores in evaluation.baselines},
        "best": run.winner.name,
        "calibration_error": {
            "before": _round(run.calibration.get("ece_before")),
            "after": _round(run.calibration.get("ece_after")),
            "by_chance": _round(run.model.calibration_chance),  # what exact probabilities would show
        },
        "validation_macro_f1": _round(evaluation.validation_f1),
        "seconds": dict(run.seconds),
        "cpu_seconds": dict(run.cpu_seconds),
        "device": run.device,
        "settings": dict(evaluation.facts),
        "knows": list(evaluation.knows),
        "leaks": [leak.words for leak in evaluation.leaks],
        "warnings": [*unused, *run.warnings, *notes],
    }


def scores_of(scores: Scores) -> dict:
    """The figures of one model with their 90 % ranges."""
    names = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "calibration_error")
    found = {name: _round(getattr(scores, name)) for name in names}
    ranges = {f"{name}_range": [_round(end) for end in ends] for name, ends in scores.ranges.items()}
    return {
        "name": scores.name,
        **found,
        **ranges,
        "macro_auc": _round(scores.macro_auc),
        "held_out_rows": scores.n,
        "ranges_by_person": scores.by_person,
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _dataset(store: Store, wanted: str) -> Dataset:
    dataset = find_dataset(store, wanted)
    if dataset is None:
        raise NotFound(f"There is no dataset '{wanted[:120]}'. Check the name on the Feedback page.")
    return dataset


def _label_set(store: Store, dataset: Dataset, wanted: str | None) -> LabelSet:
    """Raises NotFound, naming what there is."""
    sets = store.labels.sets(dataset.id)
    if not sets:
        _check_columns(store, dataset)
        raise NotFound(
            f"The dataset '{dataset.name[:120]}' has no labels yet, so there is nothing to learn. Import the "
            "file with its column of labels: python -m core import FILE --label COL, or with --rating COL."
        )
    named = [item for item in sets if wanted is None or item.name == wanted]
    if len(named) == 1:
        return named[0]
    there = ", ".join(f"'{item.name[:60]}'" for item in sets) or "none"
    what = "Choose one with --label-set" if wanted is None else f"There is no label set '{wanted[:80]}'"
    raise NotFound(f"{what}. The label sets of this dataset: {there}.")


def _check_columns(store: Store, dataset: Dataset) -> None:
    """Raises CannotTrain where labels were imported from a column that has none."""
    names = dict.fromkeys(name for done in store.datasets.imports(dataset.id) for name in done.columns.labels)
    if names:
        named = ", ".join(f"'{name[:60]}'" for name in names)
        raise CannotTrain(
            f"All labels of {named} in the dataset '{dataset.name[:120]}' are empty, so there is nothing to "
            "learn. Choose a column that has labels: python -m core import FILE --label COL."
        )


def _options(chosen: argparse.Namespace) -> TrainingOptions:
    given = {
        name.replace("-", "_"): getattr(chosen, name.replace("-", "_"))
        for name in SETTINGS
        if hasattr(chosen, name.replace("-", "_"))
    }
    return TrainingOptions(
        mode=chosen.mode,
        encoder=chosen.encoder,
        seed=chosen.seed,
        split=chosen.split,
        bilstm=chosen.bilstm,
        quick=chosen.mode == TFIDF and not chosen.no_quick,
        without=tuple(dict.fromkeys(word.strip() for word in chosen.without if word.strip())),
        **given,
    )


def _without_unused(
    options: TrainingOptions, chosen: argparse.Namespace
) -> tuple[TrainingOptions, list[str]]:
    """With the defaults for what neither the model nor those beside it use, so that the same training is not
    done twice, and a warning that names it."""
    from core.export.card import USED_BY

    trained = {options.mode, *runs.beside(options)}
    given = [name.replace("-", "_") for name in SETTINGS if hasattr(chosen, name.replace("-", "_"))]
    given += ["encoder"] if options.encoder != BUNDLED_ENCODER else []
    unused = [name for name in given if name in USED_BY and not trained & set(USED_BY[name])]
    unused += ["bilstm"] if options.bilstm and options.mode == BILSTM else []
    usual = TrainingOptions()
    kept = replace(options, **{name: getattr(usual, name) for name in unused})
    unused += ["no_quick"] if chosen.no_quick and options.mode != TFIDF else []  # it is stored nowhere
    if not unused:
        return kept, []
    named = ", ".join(f"--{name.replace('_', '-')}" for name in unused)
    return kept, [f"The training goes on without settings that --mode {options.mode} does not use: {named}."]


def _check_layers(options: TrainingOptions) -> None:
    """Raises CannotTrain where more layers would be frozen than the encoder has."""
    layers = estimate.layers_of(options.encoder)
    if layers is not None and options.frozen_layers > layers:
        raise CannotTrain(
            f"This encoder has {layers} layer{'' if layers == 1 else 's'}, so --frozen-layers can be at most "
            f"{layers}. Choose a smaller number."
        )


def _keep_vectors(settings, chosen: argparse.Namespace) -> str:
    """Raises BadFile, CannotTrain where no model would read the file."""
    if chosen.mode != BILSTM and not chosen.bilstm:
        raise CannotTrain("Word vectors are for the BiLSTM alone. Add --bilstm, or choose --mode bilstm.")
    return vectors.keep_file(settings, chosen.vectors)


@contextmanager
def _test_rows(
    store: Store, settings, path: Path | None, dataset: Dataset, label_set: LabelSet
) -> Iterator[tuple[int, list[str]]]:
    """The id of the dataset that holds the file, and what was wrong with it; 0 without a file. A dataset that
    is new goes again when no training came to read it."""
    if path is None:
        yield 0, []
        return
    before = {item.id for item in store.datasets.list()}
    done = _import_test(store, settings, path, dataset, label_set)
    try:
        yield done.dataset_id, _notes(done)
    except BaseException:
        if done.dataset_id not in before and not _was_read(store, dataset, done.dataset_id):
            store.datasets.delete(done.dataset_id)
        raise


def _was_read(store: Store, dataset: Dataset, test: int) -> bool:
    """Whether a run came as far as choosing its rows."""
    judged_on = (run for run in store.runs.list(dataset.id) if run.options.test_dataset == test)
    return any(len(store.runs.rows(run.id)) for run in judged_on)


def _notes(done: Import) -> list[str]:
    notes = list(done.warnings)
    if done.rejections:
        why = in_words(done.rejections)
        notes.append(f"rows that were not stored: {done.rows_rejected:,}. Why: {why}.")
    return [f"Test file: {note}" for note in notes]


def _import_test(store: Store, settings, path: Path, dataset: Dataset, label_set: LabelSet) -> Import:
    """The file as a dataset of its own, read by the same columns. Raises BadFile."""
    wanted, answers = _columns_of(store, dataset, label_set)
    data = read_file(path)
    name = _test_name(store, f"{dataset.name[:60]}, test rows: {path.name[:40]}", wanted, sha256_of(data))
    return feedback.import_bytes(store, settings, data, path.name, wanted, name, answers=answers)


def _test_name(store: Store, name: str, columns: Columns, sha256: str) -> str:
    """With a number where another file, or the same one read by other columns, has the name; the same test
    rows keep theirs."""
    there = store.datasets.list()
    for free in (name.strip(), *(f"{name.strip()} ({number})" for number in range(2, len(there) + 3))):
        named = [item for item in there if item.name == free]
        files = [done for item in named for done in store.datasets.imports(item.id)]
        if not named or any((done.sha256, done.columns) == (sha256, columns) for done in files):
            break
    return free


def _columns_of(store: Store, dataset: Dataset, label_set: LabelSet) -> tuple[Columns, dict[str, str]]:
    """The columns that the labels came from, and the scale of the ratings where they came from these.

    Raises BadColumns.
    """
    imports = store.datasets.imports(dataset.id)
    for columns in (done.columns for done in imports):
        if label_set.name in columns.labels:
            multi = (label_set.name,) if label_set.multi else ()
            wanted = Columns(columns.text, label=label_set.name, more_text=columns.more_text, multi=multi)
            return wanted, {}
    for done in imports:
        columns = done.columns
        if label_set.name == STARS and columns.rating and not columns.labels:
            wanted = Columns(columns.text, rating=columns.rating, more_text=columns.more_text)
            return wanted, _scale_of(store, done)
    raise BadColumns(
        f"The labels '{label_set.name[:80]}' did not come from a column, so a file cannot hold them."
    )


def _scale_of(store: Store, done: Import) -> dict[str, str]:
    """The answer to what scale the ratings of a file are on, as it was when they were stored: the test rows
    may not reach its ends. {} where an earlier version did not keep the cells."""
    column = done.columns.rating
    evidence = ScaleEvidence(column)
    rows = ((names, cells) for names, cells in store.datasets.cells(done.dataset_id) if column in names)
    evidence.add(pd.Series([cells[names.index(column)] for names, cells in rows], dtype="str"))
    scale = evidence.reading(done.answers.get(f"{SCALE}{column}")).scale
    return {f"{SCALE}{column}": f"{scale[0]:g}-{scale[1]:g}"} if scale else {}


def _label_set_of(store: Store, words: str) -> LabelSet:
    """What DATASET or DATASET/LABEL SET means; both may hold a slash. Raises NotFound with the names there
    are."""
    found = [(dataset, wanted) for name, wanted in _halves(words) if (dataset := find_dataset(store, name))]
    if not found:
        raise NotFound(f"There is no dataset '{words[:120]}'. Check the name on the Feedback page.")
    for dataset, wanted in found:
        sets = store.labels.sets(dataset.id)
        named = [item for item in sets if not wanted or item.name == wanted]
        if len(named) == 1:
            return named[0]
    dataset, wanted = found[0]
    sets = store.labels.sets(dataset.id)
    if not sets:
        raise NotFound(f"The dataset '{dataset.name}' has no labels, so no model of it was ever promoted.")
    what = f"There is no label set '{wanted[:80]}'" if wanted else "This dataset has several label sets"
    there = ", ".join(f"'{dataset.name}/{item.name[:60]}'" for item in sets)
    raise NotFound(f"{what}. Name one as DATASET/LABEL SET after --back: {there}.")


def _halves(words: str) -> Iterator[tuple[str, str]]:
    """The whole, then what stands before and after each slash, the longest name of a dataset first."""
    yield words, ""
    for place in reversed([place for place, letter in enumerate(words) if letter == "/"]):
        yield words[:place], words[place + 1 :]


def promote_run(chosen: argparse.Namespace) -> dict:
    """Promote, or go back to the model before; new rows are predicted in this process."""
    from core.workflow.predicting import predict_new

    if chosen.back and chosen.run is not None:
        raise NotFound(
            f"--back finds the model by its labels, so run {chosen.run} would not be promoted. Leave out one "
            "of the two."
        )
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    if chosen.back:
        done = promotion.roll_back(store, settings, _label_set_of(store, chosen.back).id)
    elif chosen.run is None:
        raise NotFound("Name the run to promote, or a label set with --back.")
    else:
        done = promotion.promote(store, settings, chosen.run, chosen.note, chosen.anyway)
    predicted = predict_new(store, settings, done.run_id)
    return {
        "run": done.run_id,
        "label_set": done.label_set_id,
        "passed": done.passed,
        "gate": [
            {
                "name": item.name,
                "value": _round(item.value),
                "range": item.range and [_round(end) for end in item.range],
                "bound": item.bound,
                "passed": item.passed,
            }
            for item in done.results
        ],
        "predicted": predicted["rows"],
        "promoted_at": done.created_at.isoformat(),
    }
