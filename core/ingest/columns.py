"""Which column of a file plays which role: a guess from names and contents."""

from dataclasses import replace

import pandas as pd

from core.domain import Columns
from core.errors import BadColumns
from core.ingest.column_names import ID, LABEL, NUMBER, SEGMENT_HINTS, TEXT, TITLE, matches, strength
from core.ingest.column_profile import Profile, profile
from core.ingest.column_roles import check_columns, preview_roles
from core.ingest.presets import find_preset, find_survey

__all__ = ["check_columns", "guess_columns", "preview_roles"]

MOST_SEGMENTS = 6
MOST_LABELS = 4
MOST_NUMBERS = 6
SINGLE = ("date", "rating", "author", "account", "channel", "language")


def guess_columns(frame: pd.DataFrame) -> Columns:
    """The roles of a known export, else the most likely ones; the text column is always named.

    `frame` holds the first rows of a file, at most 20,000. Raises BadColumns for a frame without columns.
    """
    if not len(frame.columns):
        raise BadColumns("The file has no columns. Choose a file with a line of column names.")
    if preset := find_preset(tuple(frame.columns)):
        return preset.columns
    survey = find_survey(tuple(frame.columns))
    chosen = (
        {role: name for role, name in survey.roles.items() if frame[name].str.strip().any()} if survey else {}
    )
    about = {*survey.others, *chosen.values()} if survey else set()
    profiles = [profile(frame, name) for name in frame.columns if name not in about]
    text = _text(profiles or [profile(frame, name) for name in frame.columns])
    left = [item for item in profiles if item.name != text.name]
    chosen = {role: name for role, name in chosen.items() if name != text.name}
    more_text = tuple(item.name for item in left if _belongs_to_text(item, text))
    left = [item for item in left if item.name not in more_text]
    for role in ("id", *SINGLE):
        if role in chosen:
            continue
        if found := _id(left) if role == "id" else _best(role, left):
            chosen[role] = found
            left = [item for item in left if item.name != found]
    if survey and "rating" not in chosen and (found := _answered_on_a_scale(left)):
        chosen["rating"] = found
        left = [item for item in left if item.name != found]
    labels = _labels(left)
    left = [item for item in left if item not in labels]
    numbers = [item for item in left if _is_number(item)][:MOST_NUMBERS]
    return replace(
        Columns(text=text.name, segments=_segments([item for item in left if item not in numbers])),
        **chosen,
        label=labels[0].name if labels else None,
        more_text=more_text,
        more_labels=tuple(item.name for item in labels[1:]),
        multi=tuple(item.name for item in labels if item.multi),
        numbers=tuple(item.name for item in numbers),
    )


def _text(profiles: list[Profile]) -> Profile:
    def score(item: Profile) -> float:
        prose = item.distinct_share * item.filled * item.prose
        named = max(strength(item.name, TEXT) - 0.5 * (strength(item.name, TITLE) == 3.0), 0.0)
        any_words = item.filled * item.mean_length * (0.01 if item.dates > 0.5 else 1.0)
        return prose * (1.0 + named) + 1e-6 * any_words

    return max(profiles, key=score)


def _belongs_to_text(item: Profile, text: Profile) -> bool:
    """A title above the text: prose of its own, shorter, not the same few words in many rows."""
    named = strength(item.name, TITLE) >= 1.5
    return (
        named
        and item.filled >= 0.02
        and item.prose >= 1.2
        and item.distinct_share >= 0.3
        and item.dates < 0.5
    )


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
        return item.dates > 0.8 or (item.serials > 0.9 and strength(item.name, "date") == 3.0)
    if role == "rating":
        small = item.ratings > 0.9 and item.distinct <= 201 and -100 <= item.largest <= 100
        return small and item.dates < 0.5
    if role == "language":
        return item.distinct <= 100 and item.mean_length <= 20
    if role == "channel":
        return item.distinct <= 50 and item.mean_length <= 40
    # Numeric ids may look like seconds since 1970.
    return item.mean_length <= 60 and (item.dates < 0.5 or item.numbers > 0.5) and item.distinct > 1


def _answered_on_a_scale(profiles: list[Profile]) -> str | None:
    """The first question of a survey that all answer by a number up to 10."""
    fitting = (
        item.name
        for item in profiles
        if item.numbers > 0.9 and item.whole_numbers and 2 < item.distinct <= 11 and 2 < item.largest <= 10
    )
    return next(fitting, None)


def _id(profiles: list[Profile]) -> str | None:
    """A column of single tokens, each once, that goes by the name of an id."""
    fitting = [
        (strength(item.name, ID), item.name)
        for item in profiles
        if strength(item.name, ID) > 0 and item.unique and item.tokens > 0.98 and item.filled > 0.98
    ]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def _labels(profiles: list[Profile]) -> list[Profile]:
    """The likeliest label column first; others only when their name says so."""

    def fits(item: Profile) -> bool:
        few = 2 <= item.distinct <= 300 and item.rows_per_value >= 2
        coded = item.numbers < 0.5 or (item.whole_numbers and item.distinct <= 30)
        short = item.mean_length <= (80 if item.multi else 60)
        return (few or item.multi) and coded and short and item.filled >= 0.02 and item.dates < 0.5

    def score(item: Profile) -> float:
        return strength(item.name, LABEL) * (0.3 + item.filled)

    fitting = [item for item in profiles if fits(item) and score(item) > 0]
    fitting.sort(key=score, reverse=True)
    others = [item for item in fitting[1:] if strength(item.name, LABEL) >= 1.5 or item.multi]
    return [*fitting[:1], *others][:MOST_LABELS]


def _is_number(item: Profile) -> bool:
    return (
        item.numbers > 0.95
        and item.distinct > 2
        and item.filled >= 0.02
        and strength(item.name, NUMBER) >= 2.0
    )


def _segments(profiles: list[Profile]) -> tuple[str, ...]:
    """Columns that divide the rows into a few groups; those with a telling name first."""

    def fits(item: Profile) -> bool:
        named = matches(item.name, SEGMENT_HINTS)
        few = 2 <= item.distinct <= (60 if named else 30) and item.rows_per_value >= 3
        coded = named or item.numbers < 0.5
        other = strength(item.name, LABEL) >= 1.5 or strength(item.name, "author") > 0
        return (
            few and coded and not other and item.filled >= 0.5 and item.mean_length <= 40 and item.dates < 0.5
        )

    fitting = [item for item in profiles if fits(item)]
    fitting.sort(key=lambda item: not matches(item.name, SEGMENT_HINTS))  # stable: else the file's order
    return tuple(item.name for item in fitting[:MOST_SEGMENTS])
