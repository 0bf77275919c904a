"""Stored rows back to the frozen values of the domain."""

from collections.abc import Mapping

from sqlalchemy import Row

from core.domain import (
    Columns,
    CurvePoint,
    Dataset,
    Import,
    Job,
    LabelScore,
    Rejection,
    Scores,
    TrainingOptions,
    TrainingRun,
)


def to_dataset(row: Row) -> Dataset:
    return Dataset(**row._mapping)


def to_import(row: Row) -> Import:
    stored = dict(row._mapping)
    del stored["opened"], stored["content_sha256"], stored["staged"]
    stored["columns"] = to_roles(stored["columns"])
    stored["rejections"] = tuple(
        Rejection(**item | {"examples": tuple(item["examples"])}) for item in stored["rejections"]
    )
    stored["warnings"] = tuple(stored["warnings"])
    stored["header"] = tuple(stored["header"])
    return Import(**stored)


def to_roles(stored: Mapping) -> Columns:
    """An older version may have stored fewer roles."""
    return Columns(**{role: tuple(name) if isinstance(name, list) else name for role, name in stored.items()})


def to_run(row: Row) -> TrainingRun:
    stored = dict(row._mapping)
    del stored["key"]
    stored["options"] = TrainingOptions(**stored["options"])
    stored["labels"] = tuple(stored["labels"])
    stored["warnings"] = tuple(stored["warnings"])
    stored["curve"] = tuple(CurvePoint(**point) for point in stored["curve"])
    stored["model"] = _to_scores(stored["model"])
    stored["baseline"] = _to_scores(stored["baseline"])
    return TrainingRun(**stored)


def _to_scores(stored: Mapping | None) -> Scores | None:
    if stored is None:
        return None
    per_label = tuple(LabelScore(**score) for score in stored["per_label"])
    confusion = tuple(tuple(row) for row in stored["confusion"])
    return Scores(**{**stored, "per_label": per_label, "confusion": confusion})


JOB_FIELDS = tuple(Job.__dataclass_fields__)


def to_job(row: Row) -> Job:
    return Job(**{name: row._mapping[name] for name in JOB_FIELDS})
