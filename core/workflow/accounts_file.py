"""An accounts file from bytes to rows in the store, in this process; `accounts.py` runs it in a child."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pandas as pd

from core.config import Settings
from core.domain import Answer, Question
from core.errors import BadFile
from core.ingest.accounts import AccountColumns, AccountTable, clean_accounts, guess_account_columns
from core.ingest.raw import RawTable, TableFile, whole
from core.ingest.table_file import open_table
from core.store.accounts import AccountFacts
from core.store.store import Store
from core.workflow.import_file import limits, sha256_of
from core.workflow.secret import author_secret

FIRST_ROWS = 10
SHOWN_CHARS = 300
EXAMPLES = 10


@dataclass(frozen=True)
class Matched:
    """The accounts of the comments beside those of the file."""

    accounts: int  # that comments name
    matched: int  # of them are in the file
    comments: int  # all of the dataset
    matched_comments: int  # whose account is in the file
    base: int  # accounts in the file
    unmatched: tuple[str, ...] = ()  # accounts of comments that the file lacks, most comments first

    @property
    def account_share(self) -> float:
        return self.matched / self.accounts if self.accounts else 0.0

    @property
    def comment_share(self) -> float:
        return self.matched_comments / self.comments if self.comments else 0.0

    @property
    def silent(self) -> int:
        """Accounts of the file that no comment names."""
        return self.base - self.matched


@dataclass(frozen=True)
class AccountsPreview:
    """What was found in an accounts file; with open questions the rest is not there yet."""

    header: tuple[str, ...]
    questions: tuple[Question, ...]
    warnings: tuple[str, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    columns: AccountColumns | None = None
    rows_in: int = 0
    rejected: int = 0  # rows of the file that could not be read
    first_rows: tuple[tuple[str, ...], ...] = ()
    matched: Matched | None = None


def preview_here(
    store: Store,
    settings: Settings,
    dataset_id: int,
    source: Path | bytes,
    columns: AccountColumns | None = None,
    answers: Mapping[str, str] | None = None,
) -> AccountsPreview:
    """Nothing is stored. `columns`: the choice of a person instead of a guess. Raises BadFile, NotFound."""
    opened = open_table(source, limits(settings), answers or {})
    found = AccountsPreview(opened.header, opened.questions, opened.warnings, dict(opened.answers))
    if opened.questions:
        return found
    raw, known = _read(opened), heard_accounts(store, dataset_id)
    columns = columns or guess_account_columns(raw.frame, known.index, author_secret(settings))
    cleaned = _clean(settings, raw, columns, known)
    head = raw.frame.head(FIRST_ROWS).itertuples(index=False, name=None)
    return replace(
        found,
        warnings=(*raw.warnings, *cleaned.warnings),
        columns=columns,
        rows_in=raw.rows_in,
        rejected=raw.rows_in - len(raw.frame),
        first_rows=tuple(tuple(cell[:SHOWN_CHARS] for cell in row) for row in head),
        matched=match(known, cleaned.table["account"], store.datasets.get(dataset_id).rows),
    )


def attach_here(
    store: Store,
    settings: Settings,
    dataset_id: int,
    source: Path | bytes,
    file_name: str,
    columns: AccountColumns,
    answers: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Store the accounts in place of those that were there; what was assumed or left out, in sentences.

    Raises BadFile, NotFound.
    """
    opened = open_table(source, limits(settings), answers or {})
    if opened.questions:
        raise BadFile(f"{opened.questions[0].words} Answer this first.")
    raw, known = _read(opened), heard_accounts(store, dataset_id)
    cleaned = _clean(settings, raw, columns, known)
    facts = AccountFacts(file_name, sha256_of(source), asdict(columns))
    store.accounts.replace(dataset_id, facts, cleaned.table)
    return (*raw.warnings, *cleaned.warnings)


def heard_accounts(store: Store, dataset_id: int) -> pd.Series:
    """Comments by account, most first."""
    heard = store.accounts.heard(dataset_id)
    counts = heard[heard["account"] != ""].groupby("account")["comments"].sum()
    return counts.sort_values(ascending=False, kind="stable")


def match(known: pd.Series, accounts: pd.Series, comments: int) -> Matched:
    """`known`: comments by account; `accounts`: those of the file."""
    there = known.index.isin(accounts)
    return Matched(
        accounts=len(known),
        matched=int(there.sum()),
        comments=comments,
        matched_comments=int(known[there].sum()),
        base=len(accounts),
        unmatched=tuple(known.index[~there][:EXAMPLES]),
    )


def _read(opened: TableFile) -> RawTable:
    raw = whole(opened)
    if not len(raw.frame):
        raise BadFile("No row of the accounts file could be read. Export it again with its rows.")
    return raw


def _clean(settings: Settings, raw: RawTable, columns: AccountColumns, known: pd.Series) -> AccountTable:
    cleaned = clean_accounts(
        raw.frame, columns, frozenset(known.index), author_secret(settings), settings.phone_region
    )
    if not len(cleaned.table):
        raise BadFile(f"The column '{columns.account}' holds no account id. Choose another column.")
    return cleaned


def to_preview(stored: Mapping) -> AccountsPreview:
    """From what JSON makes of it."""
    values = dict(stored)
    for name in ("header", "warnings"):
        values[name] = tuple(values[name])
    values["first_rows"] = tuple(tuple(row) for row in values["first_rows"])
    values["questions"] = tuple(_question(item) for item in values["questions"])
    values["columns"] = to_account_columns(values["columns"])
    if values["matched"]:
        values["matched"] = Matched(
            **values["matched"] | {"unmatched": tuple(values["matched"]["unmatched"])}
        )
    return AccountsPreview(**values)


def to_account_columns(stored: Mapping | None) -> AccountColumns | None:
    return AccountColumns(**stored | {"segments": tuple(stored["segments"])}) if stored else None


def _question(stored: Mapping) -> Question:
    answers = (
        Answer(**one | {"rows": tuple(tuple(row) for row in one["rows"])}) for one in stored["answers"]
    )
    return Question(**stored | {"answers": tuple(answers)})
