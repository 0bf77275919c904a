"""Forget a person everywhere and prove it, hand out what is stored about them, let old comments go."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from core.config import Settings
from core.errors import AppError, CannotTrain
from core.ingest.pseudonyms import PSEUDONYM, account_pseudonym
from core.ingest.pseudonyms import pseudonym as author_pseudonym
from core.jobs import locks
from core.store.erasing import Erased, RunTouched, Traces
from core.store.store import Store
from core.store.traces import Person
from core.workflow import proof
from core.workflow.importing import IMPORT, MERGE, queue_similar
from core.workflow.leftovers import staging_lock
from core.workflow.proof import Found as Places
from core.workflow.proof import Hit, Search
from core.workflow.runs import end_abandoned
from core.workflow.secret import author_secret

COPIES = ("uploads", "backups", "cache", "exports")  # folders of copies: a file that holds them goes
WORD_LISTS = frozenset(("vocab.txt", "vocab.json", "tokenizer.json", "merges.txt", "added_tokens.json"))
NOT_ASKED = "Names in the comments of other people were not looked for. Ask for it to have those removed too."
ELSEWHERE = "Files that were downloaded or written to other folders are out of reach: delete them yourself."


@dataclass(frozen=True)
class Proof:
    """What a search of every file of the data folder found after the removal."""

    files: int
    bytes: int
    searched_for: Mapping[str, int]  # name, pseudonym, text -> how many of them
    hits: tuple[Hit, ...]  # what should not be there: empty
    others: tuple[Hit, ...]  # the same words where other people or the word list of an encoder have them
    unread: tuple[str, ...]  # files that could not be opened

    @property
    def clean(self) -> bool:
        return not self.hits and not self.unread


@dataclass(frozen=True)
class Forgotten:
    rows: Mapping[str, int]  # table -> rows removed
    datasets: tuple[int, ...]
    imports: tuple[int, ...]
    runs: tuple[RunTouched, ...]
    reports: tuple[int, ...]
    quotes: int  # taken out of frozen reports
    files: tuple[str, ...]  # copies that were removed: uploads, backups, caches
    proof: Proof
    notes: tuple[str, ...]

    def to_dict(self) -> dict:
        """For the command line."""
        return {
            "status": "forgotten" if self.proof.clean else "incomplete",
            "removed": {name: count for name, count in self.rows.items() if count},
            "datasets": list(self.datasets),
            "imports": list(self.imports),
            "runs": runs_touched(self.runs),
            "reports": list(self.reports),
            "quotes": self.quotes,
            "files": list(self.files),
            "proof": {
                "files": self.proof.files,
                "bytes": self.proof.bytes,
                "searched_for": dict(self.proof.searched_for),
                "hits": sum(hit.places for hit in self.proof.hits),
                "hit": [vars(hit) for hit in self.proof.hits],
                "others": [vars(hit) for hit in self.proof.others],
                "unread": list(self.proof.unread),
            },
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Retired:
    """What a retention limit removed."""

    rows: int = 0
    kept_aside: int = 0
    earlier_versions: int = 0
    backups: tuple[str, ...] = ()
    datasets: tuple[int, ...] = ()
    runs: tuple[RunTouched, ...] = ()
    reports: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()  # datasets that are being trained on: their old rows go next time


def person(settings: Settings, author: str | None = None, account: str | None = None) -> Person:
    """Either as written in a file or as the 12 characters that stand for it. Raises AppError."""
    given = [name for name in (author, account) if name and name.strip()]
    if len(given) != 1:
        raise AppError("Give either an author or an account, as written in the file.")
    name, secret = given[0].strip(), author_secret(settings)
    as_account = account_pseudonym(name, secret)
    known = {name} if PSEUDONYM.fullmatch(name) else set()
    written = () if known else (name,)
    if author:  # an address that stands for an account as well means the same person
        return Person(frozenset({author_pseudonym(name, secret)} | known), frozenset({as_account}), written)
    return Person(frozenset(), frozenset({name, as_account}), written)


def find(
    store: Store,
    settings: Settings,
    author: str | None = None,
    account: str | None = None,
    mentions: bool = False,
) -> Traces:
    """What is stored of them; `mentions` looks into the comments of other people as well."""
    return store.people.find(person(settings, author, account), mentions)


def export(store: Store, settings: Settings, author: str | None = None, account: str | None = None) -> dict:
    """Everything that is stored about them, JSON-ready, with the names of the copies they are in."""
    who = person(settings, author, account)
    found = store.people.export(who)
    search = Search(_words(who, [row["text"] for row in found["rows"]]))
    copies = [path for name in COPIES for path in proof.every_file(settings.data_dir / name)]
    found["copies"] = proof.search_files(search, settings.data_dir, copies).files_hit()
    return found


def forget(
    store: Store,
    settings: Settings,
    author: str | None = None,
    account: str | None = None,
    mentions: bool = False,
) -> Forgotten:
    """Remove them from the database, from uploads, backups, caches and frozen reports, then search every
    file of the data folder. Raises CannotTrain while a training or import that is concerned goes on."""
    who = person(settings, author, account)
    end_abandoned(store, settings)
    with _no_import(settings):
        erased = store.people.forget(who, mentions, blocking=(IMPORT, MERGE))
    search = Search(_words(who, erased.texts))
    files = _remove_copies(settings, search, every_upload=who.pattern is None)
    emptied = store.people.empty_log()
    found = _prove(store, settings, search)
    for dataset_id in _ready(store, erased):
        queue_similar(store, dataset_id)
    return Forgotten(
        rows=dict(erased.rows),
        datasets=tuple(sorted(erased.datasets)),
        imports=tuple(sorted(erased.imports)),
        runs=tuple(erased.runs.values()),
        reports=tuple(sorted(erased.reports)),
        quotes=sum(erased.reports.values()),
        files=tuple(files),
        proof=found,
        notes=(*_notes(who, erased, search, files, mentions, emptied), *_told_to_ignore(store, who)),
    )


@contextmanager
def _no_import(settings: Settings) -> Iterator[None]:
    """A command line that imports has no job that the store could see."""
    lock = locks.take(staging_lock(settings))
    if lock is None:
        raise CannotTrain("An import is going on. Wait for it or cancel it, then forget the person.")
    try:
        yield
    finally:
        os.close(lock)


def apply_retention(store: Store, settings: Settings, today: date | None = None) -> Retired:
    """Remove what is older than `settings.retention_days` (0: nothing)."""
    days = settings.retention_days
    if not days:
        return Retired()
    today = today or datetime.now(UTC).date()
    cutoff = datetime.combine(today - timedelta(days=days), time(), UTC)
    end_abandoned(store, settings)
    aged = store.people.remove_older(cutoff, days)
    backups = _remove_old(settings.data_dir / "backups", cutoff)
    store.people.empty_log()
    runs = {key: run for part in aged.erased for key, run in part.runs.items()}
    return Retired(
        rows=sum(part.rows["feedback"] for part in aged.erased),
        kept_aside=aged.rejected,
        earlier_versions=aged.versions,
        backups=tuple(backups),
        datasets=tuple(sorted({key for part in aged.erased for key in part.datasets})),
        runs=tuple(runs.values()),
        reports=tuple(sorted({key for part in aged.erased for key in part.reports})),
        waiting=aged.waiting,
    )


def runs_touched(runs: Iterable[RunTouched]) -> list[dict]:
    """For the page and the command line; a model that learned from removed rows should be trained again."""
    return [vars(run) | {"retrain": run.retrain} for run in runs]


# ---- copies in files ----------------------------------------------------------------------


def _words(who: Person, texts: Sequence[str]) -> proof.Words:
    return proof.Words(who.written, tuple(sorted(who.pseudonyms)), tuple(texts))


def _remove_copies(settings: Settings, search: Search, every_upload: bool) -> list[str]:
    """Uploads, backups and caches that hold their words go; a log that does is emptied. `every_upload`:
    nobody knows under which name they are in it."""
    root = settings.data_dir
    copies = [path for name in COPIES for path in proof.every_file(root / name)]
    removed = set(proof.search_files(search, root, copies).files_hit())
    if every_upload:
        removed |= {path.relative_to(root).as_posix() for path in proof.every_file(settings.uploads_dir)}
    for name in removed:
        (root / name).unlink(missing_ok=True)
    logs = sorted(settings.jobs_dir.glob("*.log"))
    written = proof.search_files(search, root, logs).files_hit()
    for name in written:
        os.truncate(root / name, 0)  # a worker may hold it open
    return sorted(removed) + [f"{name} (emptied)" for name in written]


def _remove_old(folder: Path, cutoff: datetime) -> list[str]:
    old = [path for path in proof.every_file(folder) if path.stat().st_mtime < cutoff.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return sorted(path.name for path in old)


# ---- proof --------------------------------------------------------------------------------


def _prove(store: Store, settings: Settings, search: Search) -> Proof:
    """Search every file; a database page that kept words no cell holds any more is written anew."""
    database = {path: path.name for path in store.people.files()}
    inside = list(proof.every_file(settings.data_dir))
    outside = [path for path in database if path not in inside and path.is_file()]
    places = proof.search_files(search, settings.data_dir, [*inside, *outside])
    names = {proof.shown(path, settings.data_dir) for path in database}
    ours = {key for file, key in places.hits if file in names}
    known = proof.in_words(search, store.people.words()) if ours else set()
    if ours - known and store.people.rebuild():
        again = proof.search_files(search, settings.data_dir, [path for path in database if path.is_file()])
        for file, key in [place for place in places.hits if place[0] in names]:
            del places.hits[file, key]
        places.hits.update(again.hits)
    return _judged(search, places, names, known)


def _judged(search: Search, places: Places, database: set[str], known: set[int]) -> Proof:
    """Apart what other people's cells explain."""
    hits: dict[tuple[str, str], int] = {}
    others: dict[tuple[str, str], int] = {}
    for (file, key), count in places.hits.items():
        kind = search.kinds[key]
        a_word = kind == proof.NAME and Path(file).name in WORD_LISTS
        explained = (file in database and key in known) or a_word
        counts = others if explained else hits
        counts[file, kind] = counts.get((file, kind), 0) + count
    return Proof(
        files=places.files,
        bytes=places.bytes,
        searched_for=dict(search.counts),
        hits=tuple(Hit(*place, count) for place, count in sorted(hits.items())),
        others=tuple(Hit(*place, count) for place, count in sorted(others.items())),
        unread=tuple(sorted(places.unread)),
    )


def _ready(store: Store, erased: Erased) -> list[int]:
    return [item.id for item in store.datasets.list() if item.id in erased.datasets and item.rows]


def _told_to_ignore(store: Store, who: Person) -> list[str]:
    """Runs that keep the name as a word they were trained without."""
    named = [
        str(run.id) for run in store.runs.list() if any(who.in_text(word) for word in run.options.without)
    ]
    if not named:
        return []
    return [f"Run {', '.join(named)} was trained without this name and so keeps it. Delete it."]


def _notes(
    who: Person, erased: Erased, search: Search, files: Sequence[str], mentions: bool, emptied: bool
) -> list[str]:
    """What the person should know beside the numbers."""
    notes = []
    if not erased.rows["feedback"]:
        notes.append("No comment of this person is stored. Check the spelling, or try the account.")
    learned = [str(run.run_id) for run in erased.runs.values() if run.retrain]
    if learned:
        notes.append(
            f"The models of run {', '.join(learned)} learned from these comments. "
            "Train again, then delete those runs."
        )
    if not who.written:
        notes.append(
            "The name behind the pseudonym is not known: every kept upload was removed, and the files "
            "were searched for the pseudonym and the comments alone."
        )
    elif search.not_searched:
        notes.append(
            "The name is too short to be looked for in sentences and files: it was compared with whole "
            "cells, and every kept upload was removed."
        )
    if named := erased.rows["feedback: cells"]:
        notes.append(
            f"Another column than the author's named them in {named:,} comments, as an agent or a second "
            "address may be: the name was taken out and the comments stay. Ask for the comments of other "
            "people to have those removed too."
        )
    notes.append("Comments of other people with the name were removed too." if mentions else NOT_ASKED)
    if backups := [name for name in files if name.startswith("backups/")]:
        notes.append(f"Backups of the database that held them were removed: {len(backups)}.")
    if not emptied:
        notes.append("Somebody still reads the database, so its log could not be emptied. Repeat this later.")
    return [*notes, ELSEWHERE]
