"""Text from users, made safe to write into files that other programs open."""

from core.charts.labels import percent, plain_text, shorten

__all__ = ["percent", "plain_text", "safe_cell", "shorten"]

# What a spreadsheet reads as the beginning of a formula, full-width forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> object:
    """Text that a spreadsheet cannot take for a formula, marked with a leading '; numbers as they are."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    raw, clean = str(value), plain_text(value)
    return "'" + clean if raw.startswith(FORMULA_STARTS) or clean.startswith(FORMULA_STARTS) else clean


class SafeCells:
    """`safe_cell` of text, which counts the cells that did not stay as they were."""

    def __init__(self) -> None:
        self.marked = self.cleaned = 0

    def __call__(self, text: str) -> str:
        safe = str(safe_cell(text))
        if safe != text:  # most do stay
            clean = plain_text(text)
            self.marked += safe != clean
            self.cleaned += clean != text
        return safe

    def warnings(self) -> list[str]:
        """One, or none where every cell stayed as it was."""
        done = []
        if self.marked:
            done.append(f"a leading ' before what a spreadsheet would take for a formula: {self.marked:,}")
        if self.cleaned:
            done.append(f"control, direction or invisible characters left out: {self.cleaned:,}")
        return [f"Cells that were changed in the written file: {'; '.join(done)}."] if done else []


def safe_label(value: object, width: int) -> str:
    """A short one-line label for a chart or a cell of a slide."""
    return str(safe_cell(shorten(value, width) or "(no name)"))
