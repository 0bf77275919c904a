"""The first rows of a file under each answer to a question."""

from collections.abc import Iterable, Sequence

ROWS, CHARS, COLUMNS = 5, 120, 50


def preview(names: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The names, then up to ROWS rows that are not blank; long cells are cut."""
    shown = [_cut(names)]
    for cells in rows:
        if len(shown) > ROWS:
            break
        if any(cell.strip() for cell in cells):
            shown.append(_cut(cells))
    return tuple(shown)


def _cut(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell if len(cell) <= CHARS else cell[: CHARS - 1] + "…" for cell in cells[:COLUMNS])
