"""The accounts file of a dataset: what would match, attach it, and who is heard from of the whole base."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.config import Settings
from core.domain import SEGMENT
from core.ingest.accounts import AccountColumns
from core.jobs import limited
from core.store.accounts import AccountFile
from core.store.store import Store
from core.workflow.accounts_file import AccountsPreview, Matched, heard_accounts, match, to_preview

CHILD = (sys.executable, "-m", "core.workflow.accounts_child")
BASE_MB, MEMORY_OF_FILE = 300, 8  # the whole file is held at once
CPU_S, CPU_S_A_MB = 15.0, 2.0
WALL = 3  # times the CPU limit: other work goes on beside it
NONE = "(none)"


@dataclass(frozen=True)
class Attached:
    """The accounts file of a dataset as it is now."""

    file: AccountFile
    matched: Matched
    warnings: tuple[str, ...] = ()


def preview(
    store: Store,
    settings: Settings,
    dataset_id: int,
    path: Path,
    columns: AccountColumns | None = None,
    answers: Mapping[str, str] | None = None,
) -> AccountsPreview:
    """What is in a kept upload, read in a child with limits; nothing is stored. `columns`: the choice of a
    person instead of a guess. Raises BadFile, NotFound."""
    store.datasets.get(dataset_id)
    request = {"verb": "preview", "columns": asdict(columns) if columns else None}
    return to_preview(_in_child(settings, dataset_id, path, request | {"answers": dict(answers or {})}))


def attach(
    store: Store,
    settings: Settings,
    dataset_id: int,
    path: Path,
    file_name: str,
    columns: AccountColumns,
    answers: Mapping[str, str] | None = None,
) -> Attached:
    """Store the accounts of a kept upload in place of those that were there. Raises BadFile, NotFound."""
    store.datasets.get(dataset_id)
    request = {"verb": "attach", "columns": asdict(columns), "answers": dict(answers or {})}
    done = _in_child(settings, dataset_id, path, request | {"file_name": file_name})
    return replace(attached(store, dataset_id), warnings=tuple(done["warnings"]))


def _in_child(settings: Settings, dataset_id: int, path: Path, request: Mapping[str, object]) -> dict:
    size = path.stat().st_size / 2**20
    common = {"settings": settings.model_dump(mode="json"), "dataset": dataset_id, "path": str(path)}
    done = limited.run(
        CHILD,
        {**common, **request},
        on_line=lambda line: None,
        memory_bytes=int((BASE_MB + MEMORY_OF_FILE * size) * 2**20),
        cpu_s=CPU_S + CPU_S_A_MB * size,
        wall_s=WALL * (CPU_S + CPU_S_A_MB * size),
    )
    return done.result


def attached(store: Store, dataset_id: int) -> Attached | None:
    """What is attached, matched with the comments as they are now."""
    file = store.accounts.file(dataset_id)
    if file is None:
        return None
    accounts = store.accounts.table(dataset_id)["account"]
    return Attached(
        file, match(heard_accounts(store, dataset_id), accounts, store.datasets.get(dataset_id).rows)
    )


def detach(store: Store, dataset_id: int) -> None:
    """The accounts go; sizes that were typed in stay."""
    store.accounts.remove(dataset_id)


def segments(store: Store, dataset_id: int) -> tuple[str, ...]:
    """Names of the segments that come with the accounts or whose sizes were typed in."""
    return tuple(store.accounts.sizes(dataset_id))


def segment_table(store: Store, dataset_id: int, segment: str) -> pd.DataFrame:
    """Who is heard from, one row a value of the segment: value, accounts of the whole customer base (NaN:
    not known), heard (accounts with a comment), base_share, comments, comment_share; NONE comes last.

    An account whose comments give several values counts in each of them; the shares are of what has a
    value.
    """
    rows = _valued(store, dataset_id, segment)
    sizes = store.accounts.sizes(dataset_id).get(segment, {})
    comments = rows.groupby("value")["comments"].sum()
    heard = rows[rows["account"] != ""].groupby("value")["account"].nunique()
    values = sorted({*sizes, *comments.index} - {""}, key=lambda value: (-sizes.get(value, 0), value))
    table = pd.DataFrame({"value": pd.array(values, dtype="str")})
    table["accounts"] = [float(sizes.get(value, np.nan)) for value in values]
    table["heard"] = [int(heard.get(value, 0)) for value in values]
    table["comments"] = [int(comments.get(value, 0)) for value in values]
    table["base_share"] = table["accounts"] / max(sum(sizes.values()), 1)
    table["comment_share"] = table["comments"] / max(int(table["comments"].sum()), 1)
    if "" in comments.index:
        none = (NONE, np.nan, int(heard.get("", 0)), int(comments[""]), np.nan, np.nan)
        table.loc[len(table)] = none
    return table


def newer_than_insights(store: Store, run_id: int) -> str:
    """A sentence for the insights of a run that were frozen before its accounts came or changed; "" when
    they fit. The rows of the dataset and the run are what they were: only the segments differ."""
    run = store.runs.get(run_id)
    file, report = store.accounts.file(run.dataset_id), store.reports.latest(run_id)
    if file is None or report is None or report.created_at >= file.created_at:
        return ""
    return (
        f"The accounts file '{file.file_name}' is newer than these insights, so its columns are not among "
        "their segments. Train again to see them; this report stays as it was."
    )


def _valued(store: Store, dataset_id: int, segment: str) -> pd.DataFrame:
    """account, value and comments: what the comment's own file says goes before the accounts file."""
    rows = store.accounts.heard(dataset_id)
    accounts = store.accounts.table(dataset_id).set_index("account")
    name = SEGMENT + segment
    known = accounts[name].to_dict() if name in accounts.columns else {}
    own = [json.loads(cells).get(segment, "") for cells in rows["segments"]]
    values = [mine or known.get(key, "") for mine, key in zip(own, rows["account"], strict=True)]
    return rows.assign(value=pd.array(values, dtype="str"))
