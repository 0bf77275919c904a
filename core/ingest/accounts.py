"""A file of accounts (id, plan, revenue, region, seats ...) to the table that is joined to the feedback."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.domain import SEGMENT
from core.errors import BadColumns
from core.ingest.amounts import assumed_thousands, read_amounts
from core.ingest.column_names import strength, words
from core.ingest.pseudonyms import account_key, account_pseudonym
from core.ingest.redaction import REGION, mask_texts

MOST_SEGMENTS = 8
MOST_VALUES = 60  # of a segment: more of them tell nobody apart
LONGEST_VALUE = 200  # characters
NUMERIC = 0.8  # share of the filled cells of a column of numbers

_ID = (
    "id account customer company organisation organization client tenant workspace crm konto kunde firma "
    "unternehmen empresa cliente cuenta entreprise compte"
)
_REVENUE = (
    "revenue arr mrr acv tcv ltv spend turnover sales umsatz ingresos facturación facturacion revenu "
    "revenus ca contract"
)
_SEATS = (
    "seats seat users user licences licenses licence license employees headcount size members plätze "
    "sitze lizenzen nutzer mitarbeiter asientos usuarios empleados postes utilisateurs"
)
ID_NAMES, REVENUE_NAMES, SEATS_NAMES = (frozenset(names.split()) for names in (_ID, _REVENUE, _SEATS))


@dataclass(frozen=True)
class AccountColumns:
    """Which column of an accounts file plays which role."""

    account: str
    revenue: str | None = None
    seats: str | None = None
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class AccountTable:
    """What is stored of an accounts file, one row an account."""

    table: pd.DataFrame  # account, revenue and seats (float64, NaN: not known), SEGMENT + name
    rows_in: int
    without_id: int
    repeated: int  # rows that a later row of the same account replaces
    respelled: int  # accounts that the feedback writes in other letters (upper case, spaces)
    unreadable: Mapping[str, int] = field(default_factory=dict)  # column -> cells that are no number
    masked: Mapping[str, int] = field(default_factory=dict)  # kind of personal data -> places
    warnings: tuple[str, ...] = ()


# ---- which column is what -----------------------------------------------------------------


def guess_account_columns(frame: pd.DataFrame, known: Collection[str], secret: bytes) -> AccountColumns:
    """`known`: the accounts of the dataset. Raises BadColumns for a frame without columns."""
    if not len(frame.columns):
        raise BadColumns("The accounts file has no columns. Choose a file with a line of column names.")
    spellings = _Spellings(known, secret)
    account = max(frame.columns, key=lambda name: _as_id(frame[name], spellings))
    left = [name for name in frame.columns if name != account]
    revenue = _number_column(frame, left, REVENUE_NAMES)
    left = [name for name in left if name != revenue]
    seats = _number_column(frame, left, SEATS_NAMES)
    segments = [name for name in left if name != seats and _divides(frame[name])]
    return AccountColumns(account, revenue, seats, tuple(segments[:MOST_SEGMENTS]))


def check_account_columns(header: Sequence[str], columns: AccountColumns) -> None:
    """Raise BadColumns when the choice does not fit the file."""
    chosen = [columns.account, columns.revenue, columns.seats, *columns.segments]
    chosen = [name for name in chosen if name]
    if not columns.account:
        raise BadColumns("Choose the column with the account ids.")
    for name in chosen:
        if name not in header:
            shown = ", ".join(f"'{other}'" for other in list(header)[:20])
            raise BadColumns(
                f"The accounts file has no column '{name}'. It has {shown}. Choose one of these."
            )
    if twice := [name for name, count in Counter(chosen).items() if count > 1]:
        raise BadColumns(f"The column '{twice[0]}' is chosen twice. Choose another one for one of its roles.")


def _as_id(cells: pd.Series, spellings: "_Spellings") -> tuple[float, float]:
    """How well a column serves as account id: by the accounts it shares with the feedback, then by its
    name and by how much it tells rows apart."""
    values = [value for value in cells.str.strip().unique().tolist() if value]
    if not values:
        return (0.0, 0.0)
    shared = sum(spellings.find(value) is not None for value in values) / max(spellings.count, 1)
    named = strength(cells.name, "account") / 3 + 0.5 * bool(ID_NAMES & set(words(cells.name)))
    return (round(shared, 2), named + len(values) / len(cells))


def _number_column(frame: pd.DataFrame, names: Iterable[str], hints: frozenset[str]) -> str | None:
    for name in names:
        cells = frame[name]
        filled = int((cells.str.strip() != "").sum())
        if hints & set(words(name)) and filled and read_amounts(cells).notna().sum() >= NUMERIC * filled:
            return name
    return None


def _divides(cells: pd.Series) -> bool:
    """Whether a column cuts the accounts into a few groups."""
    filled = cells.str.strip()
    filled = filled[filled != ""]
    distinct = filled.nunique()
    few = 2 <= distinct <= MOST_VALUES and len(filled) >= 2 * distinct
    numbers = read_amounts(filled).notna().mean() > NUMERIC if few else False
    return few and filled.str.len().mean() <= 40 and (not numbers or distinct <= 12)


# ---- cleaning -----------------------------------------------------------------------------


class _Spellings:
    """The accounts of a dataset, found by an id of the accounts file however it is written."""

    def __init__(self, known: Collection[str], secret: bytes) -> None:
        self.known, self.secret = frozenset(known) - {""}, secret
        self.count = len(self.known)
        folded = Counter(_folded(name) for name in self.known)
        self.folded = {_folded(name): name for name in self.known if folded[_folded(name)] == 1}

    def find(self, written: str) -> str | None:
        """As the dataset has it; None when the account is not in it."""
        name = written.strip()
        for candidate in (name, account_pseudonym(name, self.secret)):
            if candidate in self.known:
                return candidate
        return self.folded.get(_folded(name))


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def clean_accounts(
    frame: pd.DataFrame,
    columns: AccountColumns,
    known: Collection[str],
    secret: bytes,
    region: str = REGION,
) -> AccountTable:
    """One row an account, the last of several; ids become those of the feedback (`known`), other cells
    are masked. Raises BadColumns."""
    check_account_columns(tuple(frame.columns), columns)
    written = frame[columns.account].str.strip()
    rows_in = len(frame)
    frame, written = frame[written != ""], written[written != ""]
    keys, respelled = _keys(written, known, secret, region)
    table = pd.DataFrame({"account": keys.to_numpy(dtype=object)}).astype({"account": "str"})
    unreadable: dict[str, int] = {}
    assumed: dict[str, str] = {}
    for role, name in (("revenue", columns.revenue), ("seats", columns.seats)):
        table[role] = read_amounts(frame[name]).to_numpy() if name else np.nan
        bad = int((table[role].isna().to_numpy() & (frame[name].str.strip() != "")).sum()) if name else 0
        unreadable |= {name: bad} if bad else {}
        assumed |= {name: cell} if name and (cell := assumed_thousands(frame[name])) else {}
    masked: Counter[str] = Counter()
    for name in columns.segments:
        table[SEGMENT + name] = _values(frame[name], region, masked).to_numpy(dtype=object)
        table[SEGMENT + name] = table[SEGMENT + name].astype("str")
    last = ~table["account"].duplicated(keep="last")
    return AccountTable(
        table=table[last].reset_index(drop=True),
        rows_in=rows_in,
        without_id=rows_in - len(frame),
        repeated=int((~last).sum()),
        respelled=respelled,
        unreadable=unreadable,
        masked=dict(masked),
        warnings=_warnings(rows_in - len(frame), int((~last).sum()), respelled, unreadable, assumed),
    )


def _keys(written: pd.Series, known: Collection[str], secret: bytes, region: str) -> tuple[pd.Series, int]:
    """The account of each row as the store has it, and how many the feedback spells otherwise."""
    spellings = _Spellings(known, secret)
    distinct = [str(name) for name in written.unique()]
    masked = mask_texts(distinct, region).texts
    key_of: dict[str, str] = {}
    respelled = 0
    for name, shown in zip(distinct, masked, strict=True):
        found = spellings.find(name)
        key_of[name] = account_key(name, secret, shown != name) if found is None else found
        respelled += found is not None and found not in (name, account_pseudonym(name, secret))
    return written.map(key_of), respelled


def _values(cells: pd.Series, region: str, masked: Counter) -> pd.Series:
    """Values of a segment: spaces collapsed, personal data masked, cut at LONGEST_VALUE."""
    codes, distinct = pd.factorize(cells)
    shown = [" ".join(str(value).split())[:LONGEST_VALUE] for value in distinct]
    found = mask_texts(shown, region)
    masked.update(found.counts)
    return pd.Series(np.array([*found.texts, ""], dtype=object)[codes], index=cells.index)


def _warnings(
    without_id: int, repeated: int, respelled: int, unreadable: Mapping[str, int], assumed: Mapping[str, str]
) -> tuple[str, ...]:
    found = []
    if without_id:
        found.append(f"Rows without an account id: {without_id:,}. They were left out.")
    if repeated:
        found.append(f"Rows of an account that comes again further down: {repeated:,}. The last one counts.")
    if respelled:
        found.append(
            f"Accounts that the comments spell otherwise: {respelled:,}. They were matched all the same."
        )
    for name, count in unreadable.items():
        found.append(f"Cells of '{name}' that are no number: {count:,}. Those accounts are kept without.")
    for name, cell in assumed.items():
        found.append(f"'{cell}' in '{name}' was read as {read_amounts(pd.Series([cell]))[0]:,.0f}.")
    return tuple(found)
