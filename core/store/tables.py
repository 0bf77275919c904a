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
PAUSED = "paused"  # nobody works on it until a person resumes it
ACTIVE = (QUEUED, RUNNING)
OPEN = (*ACTIVE, PAUSED)
READY, STAGING, DELETING = "ready", "staging", "deleting"  # only ready datasets are seen by anyone


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
    Column("state", Text, nullable=False, server_default=READY),
    Column("health", Json),  # the health card of these rows, measured when they last changed
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
    Column("header", Json, nullable=False, server_default="[]"),  # column names of the file
    Column("answers", Json, nullable=False, server_default="{}"),  # to the questions about the file
    Column("masked", Json, nullable=False, server_default="{}"),  # kind of personal data -> places
    Column("rows_updated", Integer, nullable=False, server_default="0"),  # of rows_stored
    Column("staged", Integer),  # the hidden dataset its rows came through, by which a repeated merge finds it
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
    _empty("external_id"),
    Column("numbers", Text, nullable=False, server_default="{}"),  # JSON object, column -> number
    Column("cells", Text, nullable=False, server_default="[]"),  # JSON array, masked cells as in the file
    sqlite_autoincrement=True,
)

# What a row said before a later import updated it; undoing that import puts it back.
feedback_before = Table(
    "feedback_before",
    METADATA,
    _parent("import_id", "import", primary_key=True),  # the one that updated
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    Column("before", Json, nullable=False),  # stored columns and imported labels
    sqlite_with_rowid=False,
)

# Rows of a file that were not stored, masked, kept for download.
rejected_row = Table(
    "rejected_row",
    METADATA,
    _parent("import_id", "import", primary_key=True),
    Column("number", Integer, primary_key=True),  # two rows may begin on the same line
    Column("line", Integer, nullable=False),
    _word("reason"),
    _word("cells"),  # JSON array
    sqlite_with_rowid=False,
)

# Rows that say nearly the same; group is the smallest feedback id in it.
similar = Table(
    "similar",
    METADATA,
    _parent("dataset_id", "dataset", primary_key=True),
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    Column("group", Integer, nullable=False),
    sqlite_with_rowid=False,
)

account = Table(
    "account",
    METADATA,
    _parent("dataset_id", "dataset", primary_key=True),
    Column("account", Text, primary_key=True),  # as in feedback.account
    Column("revenue", Float),
    Column("seats", Float),
    _word("fields"),  # JSON object, other columns of the file -> value
    sqlite_with_rowid=False,
)

# One accounts file a dataset; a new one replaces it.
account_file = Table(
    "account_file",
    METADATA,
    _parent("dataset_id", "dataset", primary_key=True),
    _word("file_name"),
    _word("sha256"),
    Column("columns", Json, nullable=False),  # role -> column, and the segment columns
    Column("rows", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# Accounts of the whole customer base by segment value, typed in by a person.
segment_size = Table(
    "segment_size",
    METADATA,
    _parent("dataset_id", "dataset", primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("accounts", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# The choice of columns for files with the same header, remembered for the next one.
column_mapping = Table(
    "column_mapping",
    METADATA,
    Column("header_sha256", Text, primary_key=True),
    Column("columns", Json, nullable=False),
    Column("answers", Json, nullable=False),
    Column("used_at", Instant, nullable=False),
)

label_set = Table(
    "label_set",
    METADATA,
    _id(),
    _parent("dataset_id", "dataset"),
    _word("name"),
    Column("multi", Boolean, nullable=False, server_default="0"),  # a row may carry several labels
    Column("gate", Json),  # what a model must reach; NULL: the defaults
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
    Column("evaluation", Json),  # what the held-out rows say beside the scores
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

# What each model of a run said of rows it had not seen; in repeated K-fold once a repeat.
held_out = Table(
    "held_out",
    METADATA,
    _parent("run_id", "run", primary_key=True),
    Column("model", Text, primary_key=True),  # "model", "raw" (before its calibration), or a baseline
    Column("repeat", Integer, primary_key=True),
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    Column("fold", Integer, nullable=False),
    Column("probabilities", LargeBinary, nullable=False),  # float32, one a label
    sqlite_with_rowid=False,
)

# Which model answers for a label set: the newest row; the earlier ones are its history.
promotion = Table(
    "promotion",
    METADATA,
    _id(),
    _parent("label_set_id", "label_set", index=True),
    _parent("run_id", "run", index=True),
    Column("results", Json, nullable=False),  # the gate at that moment
    Column("passed", Boolean, nullable=False),
    _empty("note"),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

embedding = Table(
    "embedding",
    METADATA,
    Column("encoder", Text, primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float16
)

# Why a run's model says so of a stored comment. The words stay in the comment: only places are kept here.
attribution = Table(
    "attribution",
    METADATA,
    _parent("run_id", "run", primary_key=True),
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    Column("label", Text, primary_key=True),
    Column("against", Text, primary_key=True),  # "": all others
    Column("method", Text, primary_key=True),
    Column("version", Integer, nullable=False),  # of the method
    _word("text_hash"),  # of the text that was explained, letter by letter
    Column("content", Json, nullable=False),
    sqlite_with_rowid=False,
)

# What was measured of a run's model over many comments: trust, drivers and the like.
finding = Table(
    "finding",
    METADATA,
    _parent("run_id", "run", primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("label", Text, primary_key=True),  # "": of the whole model
    _word("data_sha256"),  # of the dataset at that moment
    Column("content", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# Where the comments lie on the map of a run, each within -1..1.
place = Table(
    "place",
    METADATA,
    _parent("run_id", "run", primary_key=True),
    _parent("feedback_id", "feedback", primary_key=True, index=True),
    Column("x", Float, nullable=False),
    Column("y", Float, nullable=False),
    sqlite_with_rowid=False,
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
    Column("pause_requested", Boolean, nullable=False, server_default="0"),
    Column("committed", Boolean, nullable=False, server_default="0"),  # too late to cancel
    _empty("error"),
    _empty("device"),  # one running job a device: "" trains, "import" imports
    Column("result", Json),  # what the job's function returned
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    sqlite_autoincrement=True,
)


def _unique_while(name: str, column: Column, condition: str) -> None:
    Index(name, column, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


_unique_while("ux_run_active_key", run.c.key, "status IN ('queued', 'running', 'paused')")
_unique_while("ux_job_active_key", job.c.key, "state IN ('queued', 'running', 'paused')")
_unique_while("ux_job_running", job.c.device, "state = 'running'")
