"""Stored rows back to the frozen values of the domain."""

from collections.abc import Mapping

from sqlalchemy import Row

from core.domain import (
    BETTER,
    Columns,
    CurvePoint,
    Dataset,
    Estimate,
    Evaluation,
    GateResult,
    GateRule,
    Import,
    Job,
    LabelScore,
    LabelSet,
    Leak,
    LearningPoint,
    Promotion,
    Rejection,
    Scores,
    Slice,
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
    stored["options"] = _to_options(stored["options"])
    stored["labels"] = tuple(stored["labels"])
    stored["warnings"] = tuple(stored["warnings"])
    stored["curve"] = tuple(CurvePoint(**point) for point in stored["curve"])
    stored["model"] = _to_scores(stored["model"])
    stored["baseline"] = _to_scores(stored["baseline"])
    stored["evaluation"] = _to_evaluation(stored["evaluation"])
    return TrainingRun(**stored)


def _to_options(stored: Mapping) -> TrainingOptions:
    """An older version may have stored fewer settings; it hid no tokens and averaged no weights in Better.
    To the others the learning rate of the encoder means nothing; where nobody set it, it was another one."""
    given = {**stored, "without": tuple(stored.get("without", ()))}
    if stored.get("mode") == BETTER:
        return TrainingOptions(**{"token_masking": 0.0, "averaging": 0.0, **given})
    given.pop("body_rate", None)
    return TrainingOptions(**given)


def _to_scores(stored: Mapping | None) -> Scores | None:
    if stored is None:
        return None
    per_label = tuple(LabelScore(**_ranges_as_tuples(score)) for score in stored["per_label"])
    confusion = tuple(tuple(row) for row in stored["confusion"])
    ranges = {name: tuple(ends) for name, ends in stored.get("ranges", {}).items()}
    return Scores(**{**stored, "per_label": per_label, "confusion": confusion, "ranges": ranges})


def _ranges_as_tuples(stored: Mapping) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}


def _to_evaluation(stored: Mapping | None) -> Evaluation | None:
    if stored is None:
        return None
    parts = {
        "baselines": tuple(_to_scores(scores) for scores in stored["baselines"]),
        "leaks": tuple(Leak(**_ranges_as_tuples(leak)) for leak in stored["leaks"]),
        "slices": tuple(
            Slice(**{**item, "accuracy": Estimate(**item["accuracy"]), "ids": tuple(item["ids"])})
            for item in stored["slices"]
        ),
        "learning": tuple(
            LearningPoint(**{**point, "macro_f1": Estimate(**point["macro_f1"])})
            for point in stored["learning"]
        ),
        "knows": tuple(stored["knows"]),
    }
    return Evaluation(**{**stored, **parts})


def to_label_set(row: Row, counts: Mapping[str, int]) -> LabelSet:
    stored = dict(row._mapping)
    gate = stored.pop("gate")
    return LabelSet(**stored, counts=counts, gate=None if gate is None else GateRule(**gate))


def to_promotion(row: Row) -> Promotion:
    stored = dict(row._mapping)
    results = tuple(GateResult(**_ranges_as_tuples(item)) for item in stored["results"])
    return Promotion(**{**stored, "results": results})


JOB_FIELDS = tuple(Job.__dataclass_fields__)


def to_job(row: Row) -> Job:
    return Job(**{name: row._mapping[name] for name in JOB_FIELDS})
