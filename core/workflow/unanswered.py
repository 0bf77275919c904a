"""Rows of a file named on the command line that cannot be read, so that no model answers them."""

from collections.abc import Sequence

from core.domain import RejectedRow


def rejected_of(table) -> list[RejectedRow]:
    """In the order of the file. A pass of its own: a chunk may bring rows from between those of the chunk
    before."""
    return sorted((row for chunk in table.chunks() for row in chunk.rejected), key=lambda row: row.line)


def in_words(rejected: Sequence[RejectedRow]) -> list[str]:
    """A warning, or none."""
    from core.ingest import rejections

    if not rejected:
        return []
    found = rejections.Rejections()
    for row in rejected:
        found.add(row.reason, row.line)
    rows = f"Rows that could not be read and have no answer: {found.rows:,}."
    return [f"{rows} Why: {rejections.in_words(found.all())}."]
