"""Which column plays which role: a guess from names and contents, and a check of the choice."""

from dataclasses import asdict, replace

import pandas as pd

from core.domain import ROLES, Columns
from core.errors import BadColumns
from core.ingest.column_names import LABEL, SEGMENT_HINTS, TEXT, matches, strength
from core.ingest.column_profile import Profile, profile

MOST_SEGMENTS = 6
SINGLE = ("date", "rating", "author", "account", "channel", "language")


def guess_columns(frame: pd.DataFrame) -> Columns:
    """The most likely roles; the text column is always named, whatever it holds.

    Raises BadColumns for a frame without columns.
    """
    if not len(frame.columns):
        raise BadColumns("The file has no columns. Choose a file with a line of column names.")
    profiles = [profile(frame, name) for name in frame.columns]
    text = _text(profiles)
    left = [item for item in profiles if item.name != text]
    chosen: dict[str, str] = {}
    for role in SINGLE:
        if found := _best(role, left):
            chosen[role] = found
            left = [item for item in left if item.name != found]
    label = _label(left)
    segments = _segments([item for item in left if item.name != label])
    return replace(Columns(text=text, label=label, segments=segments), **chosen)


def check_columns(frame: pd.DataFrame, columns: Columns) -> None:
    """Raise BadColumns when the choice does not fit the file."""
    roles = _roles(columns)
    if not columns.text:
        raise BadColumns("No column looks like feedback text. Choose one under 'Columns'.")
    for name, _ in roles:
        if name not in frame.columns:
            shown = ", ".join(f"'{other}'" for other in list(frame.columns)[:20])
            raise BadColumns(f"The file has no column '{name}'. It has {shown}. Choose one of these.")
    used: dict[str, str] = {}
    for name, role in roles:
        if name in used:
            raise BadColumns(
                f"The column '{name}' is chosen for {used[name]} and for {role}. "
                "Choose another column for one of them."
            )
        used[name] = role
    if not frame[columns.text].str.strip().ne("").any():
        raise BadColumns(f"The column '{columns.text}' is empty. Choose the column that holds the comments.")


def preview_roles(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """One row a column of the file: column, role ("" for none), example values, share filled (0..1)."""
    roles = dict(_roles(columns))
    rows = []
    for name in frame.columns:
        filled = frame[name][frame[name].str.strip() != ""]
        examples = " · ".join(_short(value) for value in filled.drop_duplicates().head(3))
        rows.append((name, roles.get(name, ""), examples, len(filled) / len(frame) if len(frame) else 0.0))
    return pd.DataFrame(rows, columns=["column", "role", "example values", "share filled"])


def _short(value: str) -> str:
    value = " ".join(value.split())
    return value if len(value) <= 60 else value[:59] + "…"


def _roles(columns: Columns) -> list[tuple[str, str]]:
    """(column, role) for each choice that was made."""
    choices = asdict(columns)
    roles = [(choices[role], role) for role in ROLES if choices[role]]
    return roles + [(name, "segment") for name in columns.segments]


def _text(profiles: list[Profile]) -> str:
    def score(item: Profile) -> float:
        prose = item.distinct_share * item.filled * item.prose
        return prose * (1.0 + strength(item.name, TEXT)) + 1e-6 * item.filled * item.mean_length

    return max(profiles, key=score).name


def _best(role: str, profiles: list[Profile]) -> str | None:
    """The column with the strongest name for a role among those whose contents allow it."""
    fitting = [
        (strength(item.name, role), item.filled, item.name) for item in profiles if _allows(role, item)
    ]
    fitting = [found for found in fitting if found[0] > 0]
    if fitting:
        return max(fitting, key=lambda found: found[:2])[2]
    if role == "date":  # dates and stars are told by their contents alone
        return next((item.name for item in profiles if item.dates > 0.9 and not item.numbers > 0.5), None)
    if role == "rating":
        return next((item.name for item in profiles if item.stars > 0.9), None)
    return None


def _allows(role: str, item: Profile) -> bool:
    if item.filled < 0.02:
        return False
    if role == "date":
        return item.dates > 0.8
    if role == "rating":
        small = item.ratings > 0.9 and item.distinct <= 101 and item.largest <= 100
        return small and item.dates < 0.5
    if role == "language":
        return item.distinct <= 100 and item.mean_length <= 20
    if role == "channel":
        return item.distinct <= 50 and item.mean_length <= 40
    # Numeric ids may look like seconds since 1970.
    return item.mean_length <= 60 and (item.dates < 0.5 or item.numbers > 0.5) and item.distinct > 1


def _label(profiles: list[Profile]) -> str | None:
    def fits(item: Profile) -> bool:
        few = 2 <= item.distinct <= 300 and item.rows_per_value >= 2
        coded = item.numbers < 0.5 or (item.whole_numbers and item.distinct <= 30)
        return few and coded and item.mean_length <= 60 and item.filled >= 0.02 and item.dates < 0.5

    fitting = [
        (strength(item.name, LABEL) * (0.3 + item.filled), item.name) for item in profiles if fits(item)
    ]
    fitting = [found for found in fitting if found[0] > 0]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def _segments(profiles: list[Profile]) -> tuple[str, ...]:
    """Columns that divide the rows into a few groups; those with a telling name first."""

    def fits(item: Profile) -> bool:
        named = matches(item.name, SEGMENT_HINTS)
        few = 2 <= item.distinct <= (60 if named else 30) and item.rows_per_value >= 3
        coded = named or item.numbers < 0.5
        other = strength(item.name, LABEL) > 0
        return (
            few and coded and not other and item.filled >= 0.5 and item.mean_length <= 40 and item.dates < 0.5
        )

    fitting = [item for item in profiles if fits(item)]
    fitting.sort(key=lambda item: not matches(item.name, SEGMENT_HINTS))  # stable: else the file's order
    return tuple(item.name for item in fitting[:MOST_SEGMENTS])
