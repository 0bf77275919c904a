"""Everything stored about a person, JSON-ready."""

import json
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, select

from core.store.erasing import Traces, parts
from core.store.tables import (
    account,
    feedback,
    feedback_before,
    held_out,
    import_,
    label,
    label_set,
    prediction,
    rejected_row,
    report,
    run,
)
from core.store.traces import Person, without_rows


def export_rows(connection: Connection, person: Person, found: Traces) -> dict:
    rows = []
    for some in parts(found.ids):
        query = select(feedback).where(feedback.c.id.in_(some)).order_by(feedback.c.id)
        rows += [_row(row._mapping) for row in connection.execute(query)]
    by_id = {row["id"]: row for row in rows}
    _add_labels(connection, by_id)
    _add_predictions(connection, by_id)
    _add_held_out(connection, by_id)
    _add_versions(connection, by_id)
    imports = select(import_.c[*("id", "dataset_id", "file_name", "created_at")])
    imports = imports.where(import_.c.id.in_(found.imports))
    accounts = select(account).where(account.c.account.in_(person.accounts))
    return {
        "authors": sorted(person.authors),
        "accounts": sorted(person.accounts),
        "rows": rows,
        "imports": [_plain(row._mapping) for row in connection.execute(imports)],
        "datasets": [{"id": key, "name": name} for key, name in found.datasets.items()],
        "kept_aside": _aside(connection, found),
        "account_rows": [_row(row._mapping) for row in connection.execute(accounts)],
        "reports": _quoting(connection, found),
        "runs": [{"run": item.run_id, "learned": item.learned} for item in found.runs],
        "attributions": "none are stored",
    }


def _plain(row: dict) -> dict:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _row(row: dict) -> dict:
    """With its JSON columns opened."""
    opened = ("segments", "numbers", "cells", "fields")
    return {name: json.loads(value) if name in opened else value for name, value in _plain(row).items()}


def _add_labels(connection: Connection, by_id: dict[int, dict]) -> None:
    for some in parts(list(by_id)):
        query = select(label.c.feedback_id, label_set.c.name, label.c.label, label.c.origin)
        query = query.join(label_set, label_set.c.id == label.c.label_set_id)
        for row in connection.execute(query.where(label.c.feedback_id.in_(some))):
            given = {"label_set": row.name, "label": row.label, "origin": row.origin}
            by_id[row.feedback_id].setdefault("labels", []).append(given)


def _add_predictions(connection: Connection, by_id: dict[int, dict]) -> None:
    labels = {row.id: row.labels for row in connection.execute(select(run.c.id, run.c.labels))}
    for some in parts(list(by_id)):
        for row in connection.execute(select(prediction).where(prediction.c.feedback_id.in_(some))):
            shares = np.frombuffer(row.probabilities, dtype="<f4").tolist()
            made = {
                "run": row.run_id,
                "label": labels[row.run_id][row.label_index],
                "probabilities": dict(zip(labels[row.run_id], shares, strict=False)),
            }
            by_id[row.feedback_id].setdefault("predictions", []).append(made)


def _add_held_out(connection: Connection, by_id: dict[int, dict]) -> None:
    """What each model of a run said while it had not seen the row."""
    labels = {row.id: row.labels for row in connection.execute(select(run.c.id, run.c.labels))}
    for some in parts(list(by_id)):
        for row in connection.execute(select(held_out).where(held_out.c.feedback_id.in_(some))):
            shares = np.frombuffer(row.probabilities, dtype="<f4").tolist()
            made = {
                "run": row.run_id,
                "model": row.model,
                "probabilities": dict(zip(labels[row.run_id], shares, strict=False)),
            }
            by_id[row.feedback_id].setdefault("held_out", []).append(made)


def _add_versions(connection: Connection, by_id: dict[int, dict]) -> None:
    for some in parts(list(by_id)):
        query = select(feedback_before).where(feedback_before.c.feedback_id.in_(some))
        for row in connection.execute(query):
            earlier = {"until_import": row.import_id, "was": row.before}
            by_id[row.feedback_id].setdefault("earlier_versions", []).append(earlier)


def _aside(connection: Connection, found: Traces) -> list[dict]:
    wanted = frozenset(found.rejected)
    imports = sorted({import_id for import_id, _ in wanted})
    query = select(rejected_row).where(rejected_row.c.import_id.in_(imports))
    return [
        {"import": row.import_id, "line": row.line, "reason": row.reason, "cells": json.loads(row.cells)}
        for row in connection.execute(query)
        if (row.import_id, row.number) in wanted
    ]


def _quoting(connection: Connection, found: Traces) -> list[dict]:
    query = select(report.c[*("id", "run_id", "title", "content")]).where(report.c.id.in_(found.reports))
    ids = frozenset(found.ids)
    return [
        {"report": row.id, "run": row.run_id, "title": row.title, "quotes": without_rows(row.content, ids)[1]}
        for row in connection.execute(query)
    ]
