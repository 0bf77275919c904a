"""Rows that are not stored, counted by reason."""

from collections.abc import Iterable

from core.domain import Rejection

EXAMPLES = 5  # line numbers kept for each reason


def in_words(rejections: Iterable[Rejection]) -> str:
    """Each reason with the lines of its rows, as part of a sentence; "" without any."""
    return "; ".join(f"{item.reason} ({_lines(item)})" for item in rejections)


def _lines(item: Rejection) -> str:
    shown = ", ".join(map(str, item.examples))
    more = f" and {item.rows - len(item.examples):,} more" if item.rows > len(item.examples) else ""
    return f"line{'' if item.rows == 1 else 's'} {shown}{more}"


class Rejections:
    """A growing count; `all()` gives the frozen values, most rows first."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[int]] = {}
        self.rows = 0

    def add(self, reason: str, line: int) -> None:
        self.rows += 1
        self._counts[reason] = self._counts.get(reason, 0) + 1
        examples = self._examples.setdefault(reason, [])
        if len(examples) < EXAMPLES:
            examples.append(int(line))

    def add_all(self, reason: str, lines: Iterable[int]) -> None:
        for line in lines:
            self.add(reason, line)

    def all(self) -> tuple[Rejection, ...]:
        reasons = sorted(self._counts, key=lambda reason: -self._counts[reason])
        return tuple(
            Rejection(reason, self._counts[reason], tuple(self._examples[reason])) for reason in reasons
        )
