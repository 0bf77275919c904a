"""The tables, as SQLAlchemy Core. They change only together with a file in migrations/versions."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ACTIVE = (QUEUED, RUNNING)


class Instant(TypeDecorator):
    """A moment: aware UTC in Python, UTC without zone in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Json(TypeDecorator):
    """Dataclasses, mappings and tuples as JSON text; they come back as dict and list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, default=_plain)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        return None if value is None else json.loads(value)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return value.item()  # a numpy scalar


METADATA = MetaData()


def _id() -> Column:
    return Column("id", Integer, primary_key=True)


def _parent(name: str, target: str, nullable: bool = False, **options: object) -> Column:
    return Column(name, ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable, **options)


def _word(name: str, **options: object) -> Column:
    return Column(name, Text, nullable=False, **options)


def _empty(name: str) -> Column:
    return Column(name, Text, nullable=False, server_default="")


# Autoincrement: ids are evidence and cache keys, so one that was deleted never comes back.
dataset = Table(
    "dataset",
    METADATA,
    _id(),
    _word("name"),
    Column("rows", Integer, nullable=False),
    _word("sha256"),
    Column("sample", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

import_ = Table(
    "import",
    METADATA,
    _id(),
    _parent("dataset_id", "dataset", index=True),
    Column("opened", Boolean, nullable=False),  # this import made its dataset
    _word("file_name"),
    _word("sha256", index=True),  # of the file
    _word("content_sha256"),  # of the stored rows
    _word("encoding"),
    _word("delimiter"),
    Column("columns", Json, nullable=False),
    Column("rows_in", Integer, nullable=False),
    Column("rows_stored", Integer, nullable=False),
    Column("rejections", Json, nullable=False),
    Column("warnings", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

feedback = Table(
    "feedback",
    METADATA,
    _id(),
    _parent("dataset_id", "dataset", index=True),
    _parent("import_id", "import", index=True),
    _word("row"),
    _word("text"),
    _word("text_hash"),
    Column("date", Text),  # ISO with microseconds: sorts as text
    Column("rating", Float),
    _word("author"),
    _word("account"),
    _word("channel"),
    _word("language"),
    _word("segments"),  # JSON object, segment name -> value
    sqlite_autoincrement=True,
)

label_set = Table(
    "label_set",
    METADATA,
    _id(),
    _parent("dataset_id", "dataset"),
    _word("name"),
    UniqueConstraint("dataset_id", "name"),
    sqlite_autoincrement=True,
)

label = Table(
    "label",
    METADATA,
    _parent("label_set_id", "label_set", primary_key=True),
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    Column("label", Text, primary_key=True),  # in the key: a row may carry several one day
    _word("origin"),  # imported, person, accepted
    _word("picked"),  # random, chosen
    sqlite_with_rowid=False,
)

run = Table(
    "run",
    METADATA,
    _id(),
    _parent("dataset_id", "dataset", index=True),
    _parent("label_set_id", "label_set", index=True),
    _word("key"),
    _word("status"),
    Column("options", Json, nullable=False),
    Column("labels", Json, nullable=False),
    _word("data_sha256"),
    _empty("device"),
    Column("versions", Json, nullable=False),
    Column("seconds", Json, nullable=False),
    Column("cpu_seconds", Json, nullable=False),
    Column("model", Json),
    Column("baseline", Json),
    Column("calibration", Json, nullable=False),
    Column("curve", Json, nullable=False),
    Column("warnings", Json, nullable=False),
    _empty("checkpoint"),
    _empty("manifest_sha256"),
    _empty("error"),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    sqlite_autoincrement=True,
)

run_row = Table(
    "run_row",
    METADATA,
    _parent("run_id", "run", primary_key=True),
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    _word("part"),
    _word("label"),
    sqlite_with_rowid=False,
)

prediction = Table(
    "prediction",
    METADATA,
    _parent("run_id", "run", primary_key=True),
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    Column("label_index", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("probabilities", LargeBinary, nullable=False),  # float32, one a label
    Index("ix_prediction_confidence", "run_id", "confidence", "label_index"),
    sqlite_with_rowid=False,
)

embedding = Table(
    "embedding",
    METADATA,
    Column("encoder", Text, primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float16
)

report = Table(
    "report",
    METADATA,
    _id(),
    _parent("run_id", "run"),
    _word("title"),
    _word("content"),
    _word("sha256"),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("run_id", "sha256"),
    sqlite_autoincrement=True,
)

job = Table(
    "job",
    METADATA,
    _id(),
    _parent("run_id", "run", nullable=True, index=True),
    _word("kind"),
    Column("params", Json, nullable=False),
    Column("key", Text),
    Column("priority", Integer, nullable=False),  # smaller goes first
    _word("state"),
    _empty("owner"),
    Column("heartbeat", Float, nullable=False, server_default="0"),  # the machine's monotonic clock
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("max_attempts", Integer, nullable=False),
    Column("pct", Float, nullable=False, server_default="0"),
    _empty("message"),
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    _empty("error"),
    _empty("device"),  # one running job a device
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    sqlite_autoincrement=True,
)


def _unique_while(name: str, column: Column, condition: str) -> None:
    Index(name, column, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


_unique_while("ux_run_active_key", run.c.key, "status IN ('queued', 'running')")
_unique_while("ux_job_active_key", job.c.key, "state IN ('queued', 'running')")
_unique_while("ux_job_running", job.c.device, "state = 'running'")
