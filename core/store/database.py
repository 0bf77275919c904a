"""Engines, transactions and migrations: how the database is opened, written and kept up to date."""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from core.errors import DiskFull, StoreError

HEAD = "0004"  # the newest file of migrations/versions; a test holds the two together
MIGRATIONS = Path(__file__).parent / "migrations"
BACKUPS_KEPT = 3
RETRIES = 3
CELLS_A_STATEMENT = 900  # below the 999 parameters that any SQLite takes

PRAGMAS = {
    "busy_timeout": "15000",  # first: the others may have to wait
    "journal_mode": "WAL",
    "foreign_keys": "ON",
    "synchronous": "NORMAL",
    "secure_delete": "ON",
    "journal_size_limit": "67108864",
}

BUSY = "The database is busy: another process is writing. Wait a moment and try again."
DAMAGED = "The database file is damaged. Put it aside and restore a copy from the backups folder."
SENTENCES = {
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_FULL": "The disk is full, so nothing was saved. Free some space and try again.",
    "SQLITE_IOERR": "The disk refused to save. Check its free space and health, then try again.",
    "SQLITE_READONLY": "The database cannot be written. Check that you may write to the data folder.",
    "SQLITE_CANTOPEN": (
        "The database file cannot be opened. Check that its folder is there and that you may write to it."
    ),
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_CORRUPT": DAMAGED,
}


@dataclass(frozen=True)
class Engines:
    """Four ways into one database; `full` also survives a power loss right after the commit.

    `bulk` only inserts, below parents that the same transaction has seen: it checks no references.
    """

    write: Engine
    full: Engine
    read: Engine
    bulk: Engine


def make_engine(url: str, full: bool = False) -> Engine:
    """The writing engine: each transaction takes the write lock at its begin, so no update is lost."""
    return _engine(url, ("BEGIN IMMEDIATE",), synchronous="FULL" if full else "NORMAL")


def make_read_engine(url: str) -> Engine:
    """The reading engine: one snapshot a transaction, writes are refused."""
    # The SELECT takes the snapshot at the begin, where waiting for a lock can be repeated.
    return _engine(url, ("BEGIN", "SELECT 1 FROM sqlite_schema LIMIT 1"), query_only="ON")


def make_bulk_engine(url: str) -> Engine:
    """The writing engine for many rows: checking two parents a row costs a tenth, and so does a cache
    that a transaction outgrows."""
    return _engine(url, ("BEGIN IMMEDIATE",), foreign_keys="OFF", cache_size="-16000")


def open_engines(url: str) -> Engines:
    return Engines(
        write=make_engine(url),
        full=make_engine(url, full=True),
        read=make_read_engine(url),
        bulk=make_bulk_engine(url),
    )


def _engine(url: str, begin: tuple[str, ...], **changes: str) -> Engine:
    engine = create_engine(url, hide_parameters=True)  # parameters are cells: never in an error text
    if engine.dialect.name != "sqlite":
        return engine
    pragmas = PRAGMAS | changes

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        for statement in begin:
            connection.exec_driver_sql(statement)

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Commits at the end, rolls back on any error.

    Raises DiskFull, StoreError when the database stays locked, is damaged or not writable.
    """
    try:
        with _begun(engine) as connection:
            yield connection
            connection.commit()
    except (OperationalError, DatabaseError) as error:
        if type(error) not in (OperationalError, DatabaseError):
            raise  # a broken constraint is a mistake of the caller, not a state of the database
        kind = DiskFull if _code(error).startswith("SQLITE_FULL") else StoreError
        raise kind(_sentence(error)) from error


@contextmanager
def scratch(engine: Engine) -> Iterator[Connection]:
    """A reading transaction that may fill temporary tables; nothing else is kept of it."""
    with transaction(engine) as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:  # temporary tables fall under it too
            connection.exec_driver_sql("PRAGMA query_only = OFF")
        try:
            yield connection
            connection.rollback()
        finally:
            if sqlite:
                connection.exec_driver_sql("PRAGMA query_only = ON")


def _begun(engine: Engine) -> Connection:
    """A connection inside a transaction; a busy database is tried RETRIES times more."""
    for left in range(RETRIES, -1, -1):
        connection = None
        try:
            connection = engine.connect()
            connection.begin()
            return connection
        except OperationalError as error:
            if connection is not None:
                connection.close()
            if not left or not _code(error).startswith("SQLITE_BUSY"):
                raise
    raise AssertionError("unreachable")


def _code(error: DatabaseError) -> str:
    return getattr(error.orig, "sqlite_errorname", "")


def _sentence(error: DatabaseError) -> str:
    for start, sentence in SENTENCES.items():
        if _code(error).startswith(start):
            return sentence
    return "The database could not be used. Start Roadlens again; if that does not help, restore a backup."


def insert_many(connection: Connection, table: Table, names: tuple[str, ...], rows: Iterable[tuple]) -> None:
    """Insert tuples whose cells follow `names`, in the order of the table's columns; some µs a row."""
    insert_columns(connection, table, names, list(zip(*rows, strict=True)))


def insert_columns(
    connection: Connection, table: Table, names: tuple[str, ...], columns: Sequence[Sequence]
) -> None:
    """The same, with all cells of a column together; no columns are no rows."""
    if not columns or not columns[0]:
        return
    if connection.dialect.name != "sqlite":
        rows = zip(*columns, strict=True)
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    statement = insert(table).compile(dialect=connection.dialect, column_keys=names)
    if tuple(statement.positiontup) != names:
        raise ValueError(f"{names} is not the column order of {table.name}")
    one = str(statement)
    group = CELLS_A_STATEMENT // len(names)  # many rows a statement cost a third less than one
    many = one + (", " + one[one.index(" VALUES ") + len(" VALUES ") :]) * (group - 1)
    cells = _row_by_row(columns)
    whole = len(cells) - len(cells) % (group * len(names))
    for sql, part, size in ((many, cells[:whole], group), (one, cells[whole:], 1)):
        step = size * len(names)
        if part:
            starts = range(0, len(part), step)
            connection.exec_driver_sql(sql, [tuple(part[start : start + step]) for start in starts])


def _row_by_row(columns: Sequence[Sequence]) -> list:
    """All cells in one list: no tuple a row for the garbage collector to look through."""
    cells = [None] * (len(columns) * len(columns[0]))
    for place, column in enumerate(columns):
        cells[place :: len(columns)] = column  # ValueError when one is longer or shorter
    return cells


def forget_deleted(engine: Engine) -> None:
    """Empty the write-ahead log, which may still hold rows that were deleted."""
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# ---- migrations ---------------------------------------------------------------------------


def migrate(url: str, data_dir: Path) -> None:
    """Bring the schema up to HEAD, once for all processes; a kill leaves the old or the new one.

    Raises StoreError when the schema is newer than this code or the file is no Roadlens database.
    """
    if _revision(url) == HEAD:
        return
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        revision = _revision(url)
        if revision != HEAD:  # another process may have done it while this one waited
            _upgrade(url, data_dir, revision)


def _sqlite_file(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _revision(url: str) -> str:
    """The revision of the stored schema, "" when there is none yet."""
    file = _sqlite_file(url)
    if file is not None and not (file.exists() and file.stat().st_size):
        return ""
    engine = make_read_engine(url)
    try:
        with transaction(engine) as connection:
            tables = inspect(connection).get_table_names()
            if "alembic_version" in tables:
                return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    finally:
        engine.dispose()
    if file is not None and tables:
        raise StoreError(
            f"{file.name} is a database of another program. Set ROADLENS_DATABASE_URL to another file."
        )
    return ""


def _upgrade(url: str, data_dir: Path, revision: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision and revision not in known:
        raise StoreError(
            "The database was made by a newer version of Roadlens. Update Roadlens, "
            "or set ROADLENS_DATA_DIR to another folder; nothing was changed."
        )
    if revision:
        _backup(url, data_dir, revision)
    # With foreign keys ON, a table that is rebuilt would delete its child rows by cascade.
    engine = _engine(url, ("BEGIN IMMEDIATE",), foreign_keys="OFF", synchronous="FULL")
    try:
        with transaction(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _check_references(connection)
    finally:
        engine.dispose()


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StoreError(
            f"The update of the database was taken back: {len(broken)} rows would have lost their parent. "
            "Keep the old version of Roadlens and report this."
        )


def _backup(url: str, data_dir: Path, revision: str) -> None:
    """A whole copy in data_dir/backups before anything changes; the newest BACKUPS_KEPT stay."""
    file = _sqlite_file(url)
    if file is None:
        return
    folder = data_dir / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    target = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{revision}.db"
    part = target.with_suffix(".part")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(target)
    for old in sorted(folder.glob("*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
