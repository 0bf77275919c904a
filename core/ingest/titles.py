"""Column names that are unique, from whatever stands in the row of names."""

from collections.abc import Sequence


def unique_names(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names with white space collapsed, warnings naming those that were renamed)."""
    own = [" ".join(cell.split()) for cell in cells]
    taken = {name for name in own if name}
    seen: set[str] = set()
    names: list[str] = []
    renamed: list[str] = []
    for position, name in enumerate(own, start=1):
        new = name
        if not name or name in seen:
            new = _free_name(name or f"Column {position}", taken if name else taken | seen)
            renamed.append(new)
        seen.add(new)
        taken.add(new)
        names.append(new)
    shown = ", ".join(repr(name) for name in renamed[:5]) + (" ..." if len(renamed) > 5 else "")
    return tuple(names), ((f"Empty or repeated column names were renamed: {shown}.",) if renamed else ())


def _free_name(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"
