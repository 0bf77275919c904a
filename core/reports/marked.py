"""Texts whose words carry a weight, cut into runs of one colour for files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.domain import Attribution, Quote
from core.explain.words import GAP, POINTS, pieces, shades
from core.reports.safe import plain_text, shorten

LEGEND = (
    "Blue with a solid line: words that spoke for the theme; orange, dashed: against it. "
    "It explains the model, not the customer."
)
PLAIN = "The quotes are not highlighted: the words that mattered were not measured for this report."


@dataclass(frozen=True)
class Run:
    """Characters drawn in one way; `shade` -1 (against) to 1 (for), 0: no colour."""

    text: str
    shade: float = 0.0
    mark: str = ""


def attribution_of(quote: Quote) -> Attribution:
    """Why the model puts the quote under its theme; without spans when that was not measured."""
    return Attribution(quote.text, quote.spans, quote.theme, "occlusion", POINTS, quote.probability)


def runs(attribution: Attribution) -> tuple[Run, ...]:
    """In text order; their texts joined are the text."""
    strengths = shades(attribution)
    return tuple(
        Run(piece.text) if piece.word == GAP else Run(piece.text, strengths[piece.word], piece.mark)
        for piece in pieces(attribution.text, attribution.spans)
    )


def one_line(parts: Sequence[Run], width: int) -> tuple[Run, ...]:
    """The runs of `shorten(text, width)`: one line, cut at a word with an ellipsis."""
    kept: list[Run] = []
    for part in parts:
        for character in plain_text(part.text):
            space = character.isspace()
            if not (space and (not kept or kept[-1].text == " ")):
                kept.append(replace(part, text=" " if space else character))
    while kept and kept[-1].text == " ":
        kept.pop()
    whole = "".join(run.text for run in kept)
    line = shorten(whole, width)
    if line != whole:
        kept = [*kept[: len(line) - 1], Run("…")]
    return joined(kept)


def joined(parts: Sequence[Run]) -> tuple[Run, ...]:
    """Neighbours of one colour as one run."""
    found: list[Run] = []
    for part in parts:
        if found and (found[-1].shade, found[-1].mark) == (part.shade, part.mark):
            found[-1] = replace(part, text=found[-1].text + part.text)
        else:
            found.append(part)
    return tuple(found)
