"""What a person leaves in stored cells beside their comments, and how it is taken out."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

FORGOTTEN = "[forgotten]"
PSEUDONYM = re.compile(r"[0-9a-f]{12}")  # what the import makes of names of people
SHORTEST_NAME, SHORTEST_NUMBER = 5, 8  # bytes: what is shorter stands for too much else in a text


@dataclass(frozen=True)
class Person:
    """A person or an account: how the store calls them, and how the files wrote them."""

    authors: frozenset[str]  # values of feedback.author
    accounts: frozenset[str]  # values of feedback.account
    written: tuple[str, ...] = ()  # empty when only the pseudonym is known

    @cached_property
    def keys(self) -> frozenset[str]:
        return self.authors | self.accounts

    @cached_property
    def pseudonyms(self) -> frozenset[str]:
        return frozenset(key for key in self.keys if PSEUDONYM.fullmatch(key))

    @cached_property
    def folded(self) -> frozenset[str]:
        """The names as whole cells are compared."""
        return frozenset(_folded(name) for name in self.written)

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Finds the names in running text, in any case; None when they are too short to be told."""
        names = [name.strip() for name in self.written if is_telling(name)]
        words = "|".join(re.escape(name) for name in names)
        return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if names else None

    def in_text(self, text: str) -> bool:
        return self.pattern is not None and self.pattern.search(text) is not None


def is_telling(name: str) -> bool:
    """Whether a name can be looked for inside texts and files."""
    shortest = SHORTEST_NUMBER if name.strip().isdigit() else SHORTEST_NAME
    return len(name.strip().encode()) >= shortest


def _folded(cell: str) -> str:
    return cell.strip().lstrip("@").casefold()


def is_their_row(
    cells: Sequence[str], header: Sequence[str], columns: Mapping[str, object], person: Person
) -> bool:
    """Whether a row that was kept aside is theirs: by its author or account where the cells fit the
    column names, by any whole cell where they do not, and by the name in any text."""
    named = list(cells)
    if len(cells) == len(header):
        roles = {columns.get("author"), columns.get("account")}
        named = [cell for name, cell in zip(header, cells, strict=True) if name in roles]
    if any(cell in person.keys or _folded(cell) in person.folded for cell in named if cell):
        return True
    return any(person.in_text(cell) for cell in cells)


def is_their_version(before: object, person: Person) -> bool:
    """Whether an earlier version of a row names them as author or account, at any depth."""
    if isinstance(before, Mapping):
        if before.get("author") in person.authors or before.get("account") in person.accounts:
            return True
        return any(is_their_version(value, person) for value in before.values())
    return isinstance(before, list) and any(is_their_version(value, person) for value in before)


def words_of(before: object, name: str) -> list[str]:
    """Each text under the key `name` of an earlier version, at any depth."""
    if isinstance(before, Mapping):
        own = [value for key, value in before.items() if key == name and isinstance(value, str)]
        return own + [word for value in before.values() for word in words_of(value, name)]
    return [word for value in before for word in words_of(value, name)] if isinstance(before, list) else []


def scrubbed(value: object, person: Person, texts: Collection[str] = ()) -> object:
    """The same value without the names: in a sentence the name goes, of a row of cells that names them or
    holds one of their `texts` every cell."""
    if isinstance(value, str):
        named = person.pattern.sub(FORGOTTEN, value) if person.pattern else value
        return FORGOTTEN if value in texts else named
    if isinstance(value, Mapping):
        return {key: scrubbed(item, person, texts) for key, item in value.items()}
    if isinstance(value, list | tuple):
        if len(value) > 1 and all(isinstance(item, str) for item in value) and _names(value, person, texts):
            return [FORGOTTEN] * len(value)
        return [scrubbed(item, person, texts) for item in value]
    return value


def _names(cells: Sequence[str], person: Person, texts: Collection[str]) -> bool:
    return any(cell in texts or _folded(cell) in person.folded or person.in_text(cell) for cell in cells)


def without_rows(content: str, ids: Collection[int]) -> tuple[str, list[str]]:
    """A frozen report without these rows: their quotes go, and their ids from the evidence of every
    figure; the figures stay. Returns the content as it was when none is in it, and the texts that went."""
    texts: list[str] = []
    changed = False

    def kept(value: object) -> object:
        nonlocal changed
        if isinstance(value, dict):
            return {key: ids_left(item) if key == "ids" else kept(item) for key, item in value.items()}
        if isinstance(value, list):
            rest = [item for item in value if not (isinstance(item, dict) and quotes(item))]
            changed |= len(rest) < len(value)
            return [kept(item) for item in rest]
        return value

    def quotes(item: dict) -> bool:
        theirs = "text" in item and item.get("id") in ids
        if theirs:
            texts.append(str(item["text"]))
        return theirs

    def ids_left(value: object) -> object:
        nonlocal changed
        if not isinstance(value, list):
            return kept(value)
        rest = [item for item in value if item not in ids]
        changed |= len(rest) < len(value)
        return rest

    # The same way of writing as that of the insights: unchanged parts keep their bytes.
    found = kept(json.loads(content))
    return (json.dumps(found, allow_nan=False, separators=(",", ":")) if changed else content), texts
