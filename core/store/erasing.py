"""Rows of feedback out of every table: one transaction, and what it touched."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, tuple_, update

from core.errors import CannotTrain
from core.store.contents import rehashed
from core.store.embeddings import BLIND, text_key
from core.store.explanations import forget_findings
from core.store.tables import (
    ACTIVE,
    DELETING,
    attribution,
    dataset,
    embedding,
    feedback,
    feedback_before,
    held_out,
    import_,
    job,
    label,
    place,
    prediction,
    report,
    run,
    run_row,
    similar,
)
from core.store.traces import FORGOTTEN, without_rows, words_of

IDS_A_QUERY = 10_000  # below SQLite's limit of parameters, for pairs as well
LEARNED = ("train", "validation")  # parts of a run that its model was made from
HANGING = (label, run_row, prediction, held_out, feedback_before, similar, attribution, place)  # on a row


@dataclass
class RunTouched:
    """A training that knew removed rows."""

    run_id: int
    dataset_id: int
    status: str
    checkpoint: str
    learned: int = 0  # removed rows that its model was trained or tuned on
    held_out: int = 0
    predicted: int = 0

    @property
    def retrain(self) -> bool:
        return self.learned > 0 and bool(self.checkpoint)


@dataclass(frozen=True)
class Traces:
    """What the store holds of a person."""

    ids: tuple[int, ...]  # of feedback
    datasets: dict[int, str]  # id -> name
    imports: tuple[int, ...]
    runs: tuple[RunTouched, ...]
    reports: tuple[int, ...]  # frozen reports that quote them or count their rows
    rejected: tuple[tuple[int, int], ...]  # import and number of rows kept aside
    versions: tuple[tuple[int, int], ...]  # import and feedback id of earlier versions of others' rows
    accounts: int  # rows of accounts files
    mentions: tuple[int, ...] = ()  # ids of other people's rows that hold the name, when asked
    named: Mapping[int, int] = field(default_factory=dict)  # others' rows with their pseudonym -> dataset


@dataclass
class Erased:
    """What was removed, by table; `texts` are the words that must be found nowhere any more."""

    rows: Counter[str] = field(default_factory=Counter)
    datasets: set[int] = field(default_factory=set)
    imports: set[int] = field(default_factory=set)
    runs: dict[int, RunTouched] = field(default_factory=dict)
    reports: dict[int, int] = field(default_factory=dict)  # id -> quotes taken out
    texts: list[str] = field(default_factory=list)


def parts(items: Sequence) -> Iterator[Sequence]:
    for start in range(0, len(items), IDS_A_QUERY):
        yield items[start : start + IDS_A_QUERY]


def refuse_while_busy(
    connection: Connection, dataset_ids: Collection[int], blocking: Collection[str]
) -> None:
    """Raises CannotTrain while a run of one of the datasets, or a job of the `blocking` kinds, goes on."""
    going_on = select(run.c.id).where(run.c.dataset_id.in_(list(dataset_ids)), run.c.status.in_(ACTIVE))
    if (busy := connection.scalar(going_on.limit(1))) is not None:
        raise CannotTrain(
            f"Run {busy} is being trained on these comments. Wait until it is done or cancel it, "
            "then try again."
        )
    importing = select(job.c.id).where(job.c.kind.in_(list(blocking)), job.c.state.in_(ACTIVE))
    if connection.scalar(importing.limit(1)) is not None:
        raise CannotTrain("A file is being imported. Wait until that is done or cancel it, then try again.")


def touched_runs(connection: Connection, ids: Sequence[int]) -> dict[int, RunTouched]:
    """The runs that learned, held out or predicted one of these rows."""
    counts: dict[int, Counter[str]] = {}
    for some in parts(ids):
        split = select(run_row.c.run_id, run_row.c.part, func.count())
        split = split.where(run_row.c.feedback_id.in_(some)).group_by(run_row.c.run_id, run_row.c.part)
        for key, part, number in connection.execute(split):
            counts.setdefault(key, Counter())["learned" if part in LEARNED else "held_out"] += number
        found = select(prediction.c.run_id, func.count()).where(prediction.c.feedback_id.in_(some))
        for key, number in connection.execute(found.group_by(prediction.c.run_id)):
            counts.setdefault(key, Counter())["predicted"] += number
    known = select(run.c.id, run.c.dataset_id, run.c.status, run.c.checkpoint).order_by(run.c.id)
    rows = [row for row in connection.execute(known) if row.id in counts]
    return {row.id: RunTouched(*row, **counts[row.id]) for row in rows}


@dataclass
class _Gathered:
    """What is known of the rows before they go."""

    ids_of: dict[int, list[int]] = field(default_factory=dict)  # dataset -> rows
    words: dict[str, set[str]] = field(default_factory=dict)  # hash of the words -> texts that say them
    stored: Counter[int] = field(default_factory=Counter)  # import -> rows it brought
    updated: Counter[int] = field(default_factory=Counter)  # import -> rows it changed


def erase_rows(connection: Connection, ids: Sequence[int], reason: str) -> Erased:
    """Remove rows of any datasets with all that was derived from them; `reason` is counted with each
    import, so that rows in the file = rows stored + rows not stored."""
    ids = sorted(set(ids))
    erased = Erased()
    if not ids:
        return erased
    erased.runs = touched_runs(connection, ids)
    gathered = _Gathered()
    deleting = set(connection.scalars(select(dataset.c.id).where(dataset.c.state == DELETING)))
    for some in parts(ids):
        _gather(connection, some, erased, gathered, deleting)
    _regroup(connection, ids)
    for dataset_id, theirs in gathered.ids_of.items():
        for some in parts(theirs):
            where = feedback.c.id.in_(some)
            # What hangs on a row goes by cascade. Nobody keeps count of a dataset that is going.
            with nullcontext() if dataset_id in deleting else rehashed(connection, dataset_id, where):
                connection.execute(delete(feedback).where(where))
        connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(health=None))
        erased.rows["finding"] += forget_findings(connection, dataset_id)
    _erase_vectors(connection, gathered.words, erased)
    _erase_from_reports(connection, frozenset(ids), erased)
    _recount(connection, gathered.stored, gathered.updated, reason)
    return erased


def _gather(
    connection: Connection,
    ids: Sequence[int],
    erased: Erased,
    gathered: _Gathered,
    deleting: Collection[int],
) -> None:
    """Note what these rows are and what will go with them."""
    columns = (feedback.c[name] for name in ("id", "dataset_id", "import_id", "text", "text_hash"))
    for row in connection.execute(select(*columns).where(feedback.c.id.in_(ids))):
        erased.datasets.add(row.dataset_id)
        erased.texts.append(row.text)
        erased.rows["feedback"] += 1
        gathered.ids_of.setdefault(row.dataset_id, []).append(row.id)
        gathered.words.setdefault(row.text_hash, set()).add(row.text)
        if row.dataset_id not in deleting:
            erased.imports.add(row.import_id)
            gathered.stored[row.import_id] += 1
    versions = select(feedback_before.c.import_id, feedback_before.c.before)
    for row in connection.execute(versions.where(feedback_before.c.feedback_id.in_(ids))):
        erased.texts += words_of(row.before, "text")
        _note_words(gathered.words, row.before)
        gathered.updated[row.import_id] += 1
    for table in HANGING:
        erased.rows[table.name] += _count(connection, table, ids)


def erase_cells(connection: Connection, rows: Mapping[int, int], pseudonyms: Collection[str]) -> int:
    """Take pseudonyms out of the cells of rows (feedback id -> dataset) that stay. Returns how many findings
    about them went."""
    findings = 0
    for dataset_id in sorted(set(rows.values())):
        theirs = [key for key, home in rows.items() if home == dataset_id]
        for some in parts(theirs):
            where = feedback.c.id.in_(some)
            with rehashed(connection, dataset_id, where):
                for key in pseudonyms:
                    _replace(connection, where, key)
        connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(health=None))
        findings += forget_findings(connection, dataset_id)  # they are told by segment too
    return findings


def _replace(connection: Connection, where: ColumnElement[bool], key: str) -> None:
    values = {
        name: func.replace(feedback.c[name], json.dumps(key), json.dumps(FORGOTTEN))
        for name in ("cells", "segments")
    }
    connection.execute(update(feedback).where(where).values(values))
    named = update(feedback).where(where, feedback.c.external_id == key)
    connection.execute(named.values(external_id=FORGOTTEN))


def erase_versions(connection: Connection, pairs: Sequence[tuple[int, int]], reason: str) -> list[str]:
    """Earlier versions of rows that stay, by import and feedback id. Returns their texts."""
    texts: list[str] = []
    words: dict[str, set[str]] = {}
    key = tuple_(feedback_before.c.import_id, feedback_before.c.feedback_id)
    for some in parts(pairs):
        for before in connection.scalars(select(feedback_before.c.before).where(key.in_(some))):
            texts += words_of(before, "text")
            _note_words(words, before)
        connection.execute(delete(feedback_before).where(key.in_(some)))
        rows = [feedback_id for _, feedback_id in some]  # their explanations may be of the earlier text
        connection.execute(delete(attribution).where(attribution.c.feedback_id.in_(rows)))
    _erase_vectors(connection, words, Erased())
    _recount(connection, Counter(), Counter(import_id for import_id, _ in pairs), reason)
    return texts


def _count(connection: Connection, table: Table, ids: Sequence[int]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(table.c.feedback_id.in_(ids)))


def _regroup(connection: Connection, ids: Sequence[int]) -> None:
    """A group of like comments is named by its smallest row: it gets a new name, or ends with one row."""
    gone = frozenset(ids)
    groups: set[tuple[int, int]] = set()
    named = (similar.c.dataset_id, similar.c.group)
    for some in parts(ids):
        found = connection.execute(select(*named).where(similar.c.feedback_id.in_(some)).distinct())
        groups |= {tuple(row) for row in found}
    for dataset_id, group in groups:
        where = (similar.c.dataset_id == dataset_id, similar.c.group == group)
        members = connection.scalars(select(similar.c.feedback_id).where(*where)).all()
        left = [member for member in members if member not in gone]
        if len(left) < 2:
            connection.execute(delete(similar).where(*where))
        elif group in gone:
            connection.execute(update(similar).where(*where).values(group=min(left)))


def _note_words(words: dict[str, set[str]], before: Mapping) -> None:
    for key, text in zip(words_of(before, "text_hash"), words_of(before, "text"), strict=False):
        words.setdefault(key, set()).add(text)


def _erase_vectors(connection: Connection, words: Mapping[str, Collection[str]], erased: Erased) -> None:
    """Vectors of texts that no other row says, to the letter. Those of texts with words left out bear names
    that the texts do not tell: all of them go, they are read again when they are needed."""
    encoders = connection.scalars(select(embedding.c.encoder).distinct()).all()
    if not encoders:
        return
    if words:
        gone = delete(embedding).where(embedding.c.encoder.contains(BLIND, autoescape=True))
        erased.rows["embedding"] += connection.execute(gone).rowcount
    for some in parts(sorted(words)):
        query = select(feedback.c.text).where(feedback.c.text_hash.in_(some))
        still = set(connection.scalars(query))
        gone = sorted({text_key(text) for key in some for text in words[key] if text not in still})
        for keys in parts(gone):
            for encoder in encoders:
                theirs = (embedding.c.encoder == encoder, embedding.c.text_hash.in_(keys))
                erased.rows["embedding"] += connection.execute(delete(embedding).where(*theirs)).rowcount


def _erase_from_reports(connection: Connection, ids: Collection[int], erased: Erased) -> None:
    query = select(report.c.id, report.c.run_id, report.c.content).join_from(report, run)
    query = query.where(run.c.dataset_id.in_(erased.datasets)).order_by(report.c.id)
    for row in connection.execute(query).all():
        content, quotes = without_rows(row.content, ids)
        if content == row.content:
            continue
        erased.reports[row.id] = len(quotes)
        erased.texts += quotes
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        same = select(report.c.id).where(report.c.run_id == row.run_id, report.c.sha256 == sha256)
        if connection.scalar(same) is None:
            values = {"content": content, "sha256": sha256}
            connection.execute(update(report).where(report.c.id == row.id).values(values))
        else:  # without them it says what an earlier report of this run says
            connection.execute(delete(report).where(report.c.id == row.id))


def _recount(connection: Connection, stored: Counter[int], updated: Counter[int], reason: str) -> None:
    """What imports lost, as rows that were not stored for this reason."""
    for import_id in sorted(stored.keys() | updated.keys()):
        lost = stored[import_id] + updated[import_id]
        row = connection.execute(select(import_).where(import_.c.id == import_id)).one()
        others = [item for item in row.rejections if item["reason"] != reason]
        earlier = sum(item["rows"] for item in row.rejections if item["reason"] == reason)
        values = {
            "rows_stored": row.rows_stored - lost,
            "rows_updated": row.rows_updated - updated[import_id],
            "rejections": [*others, {"reason": reason, "rows": earlier + lost, "examples": []}],
        }
        connection.execute(update(import_).where(import_.c.id == import_id).values(values))
