"""What was left out or repaired while the rows of a file were cleaned, in sentences."""

from collections.abc import Mapping, Sequence

from core.domain import NUMBER, Columns
from core.ingest.ratings import scale_words


def told(
    counts: Mapping[str, int], columns: Columns, scale: tuple[float, float] | None, people: Sequence[str]
) -> list[str]:
    """`counts` as `cleaning.Cleaner` keeps them; `people` are columns that name people beside the author."""
    told = []
    if counts["no date"]:
        told.append(_unread(counts["no date"], "date", columns.date))
    if counts["no rating"]:
        told.append(_unread(counts["no rating"], "rating", columns.rating))
    if counts["off scale"] and scale:
        told.append(
            f"Ratings of '{columns.rating}' that lie outside the scale of {scale_words(scale)} or name "
            f"another one: {counts['off scale']:,}. Those rows are kept without."
        )
    for name in columns.numbers:
        if counts[NUMBER + name]:
            told.append(_unread(counts[NUMBER + name], "number", name))
    if counts["nobody"]:
        told.append(
            f"Rows whose author is only 'Anonymous' or the like: {counts['nobody']:,}. They count as written "
            "by different people."
        )
    if counts["other label"]:
        told.append(
            f"Repeats that were labelled otherwise than the row that is kept: {counts['other label']:,}."
        )
    if counts["same words"]:
        told.append(
            f"Rows that repeat the words of an earlier row: {counts['same words']:,}. "
            "They are kept, because no column names the authors."
        )
    if counts["same id"]:
        told.append(
            f"Rows whose id in '{columns.id}' stood in an earlier row: {counts['same id']:,}. They are kept "
            "and told apart by their order; if the ids should be different, choose another column."
        )
    if people:
        shown = ", ".join(f"'{name}'" for name in people)
        told.append(f"Columns that name people are kept as pseudonyms only: {shown}.")
    return told


def _unread(rows: int, role: str, column: str | None) -> str:
    return f"Cells of '{column}' that could not be read as a {role}: {rows:,}. Those rows are kept without."
