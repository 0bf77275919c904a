"""Other people's words on the screen."""

import re
import string
from collections.abc import Iterable, Sequence
from itertools import count

from core.charts.labels import shorten

MARKUP = re.compile("([" + re.escape(string.punctuation) + "])")
# The browser still makes links, arrows and a picture of these after all escapes are resolved;
# an invisible word joiner inside them leaves nothing to find.
FOUND_LATER = re.compile(r"(?i)(?<=[:@])(?=\S)|(?<=www)(?=\.)|(?<=[<>~-])(?=[->=])")
JOINER = "\u2060"


def plain(text: object, limit: int = 300) -> str:
    """For labels and Markdown: shows `text` as it is written, on one line, at most `limit` characters.

    Not for places that read no Markdown (st.text, tables, options of a selectbox): use `shorten` there.
    """
    return MARKUP.sub(r"\\\1", FOUND_LATER.sub(JOINER, shorten(text, limit)))


def bullets(lines: Iterable[object], limit: int = 600) -> str:
    """One Markdown list of lines in other people's words; list items stand close together."""
    return "\n".join(f"- {plain(line, limit)}" for line in lines)


def listed(lines: Sequence[object], limit: int = 600) -> str:
    """`bullets`, but a line that is alone needs none."""
    return plain(lines[0], limit) if len(lines) == 1 else bullets(lines, limit)


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def rounded(value: float | None, digits: int) -> float | None:
    """For a cell of a table: a screen reader says every digit of it."""
    return None if value is None else round(value, digits)


def option(value: object) -> str:
    """For the options of a list, which read no Markdown: one line, no marks that turn words around."""
    return shorten(value, 200)


def told_apart(names: Iterable[str], nothing: str = "(no name)") -> dict[str, str]:
    """Each name as `option` shows it, `nothing` where that is empty; of those that look alike all but the
    shortest are numbered: a list can only give back what it shows."""
    looks = {name: option(name) or nothing for name in sorted(names, key=lambda name: (len(name), name))}
    firsts = {look: name for name, look in reversed(looks.items())}
    taken = set(firsts)
    for name, look in looks.items():
        if firsts[look] != name:
            looks[name] = next(one for number in count(2) if (one := f"{look} ({number})") not in taken)
            taken.add(looks[name])
    return looks
