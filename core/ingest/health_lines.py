"""The sentences of a health card: each says what a fact means for the results, and what to do."""

from typing import TYPE_CHECKING

import pandas as pd

from core.ingest.language import UNKNOWN

if TYPE_CHECKING:
    from core.ingest.health import Health

FEW_ROWS = 100
FEW_PER_LABEL = 10
MOSTLY_ONE = 0.8  # share of the largest label from which accuracy misleads
MANY_UNKNOWN = 0.05  # share of tokens
MANY_CUT = 0.05  # share of comments
MANY_LABELS = 150
ENCODER_LANGUAGE = "en"  # what the embedded encoder was trained on


def lines(found: "Health") -> tuple[str, ...]:
    """Plain sentences, most important first."""
    if not found.rows:
        return ("No comments yet. Upload a file to begin.",)
    said = []
    if found.rows < FEW_ROWS:
        said.append(f"Few comments ({found.rows:,}): every share will have a wide range.")
    said += _on_labels(found) + _on_reading(found) + _on_dates(found)
    if not found.rated:
        said.append("No ratings: what drives satisfaction cannot be told.")
    elif found.rated < found.rows:
        said.append(
            f"{found.rated:,} of {found.rows:,} comments have a rating; rating figures rest on these."
        )
    if not found.authors:
        said.append("No authors: one person who writes often counts as often as they write.")
    said += _on_repeats(found) + _on_texts(found)
    said += [suspicion.line for suspicion in found.suspicious]
    if found.masked:
        shown = ", ".join(f"{rows:,} × {kind}" for kind, rows in found.masked.items())
        said.append(f"Personal data was masked before storing: {shown}. Names of people are not found.")
    return tuple(said)


def _on_labels(found: "Health") -> list[str]:
    if not found.labelled:
        return ["No labels yet: label some comments or choose a label column, then a model can be trained."]
    said = []
    if found.labelled < found.rows:
        said.append(
            f"{found.labelled:,} of {found.rows:,} comments have a label; a model can label the others."
        )
    for name in found.label_sets:
        said += _on_label_set(found, name)
    return said


def _on_label_set(found: "Health", name: str) -> list[str]:
    counts, kinds, rows = found.label_sets[name], found.label_kinds[name], found.labelled_rows[name]
    where = f"In '{name}': " if len(found.label_sets) > 1 else ""
    if not counts:
        return []
    if kinds == 1:
        return [f"{where}All labels are the same: a model needs at least two different ones."]
    said = []
    if kinds > MANY_LABELS:
        said.append(
            f"{where}{kinds:,} different labels are more than a chart can show or most models learn. Is this "
            "a label column? If so, merge labels."
        )
    small = [label for label, number in counts.items() if number < FEW_PER_LABEL]
    if small:
        named = ", ".join(f"'{label}'" for label in small[:3]) + (" ..." if len(small) > 3 else "")
        said.append(
            f"{where}Labels with fewer than {FEW_PER_LABEL} comments: {len(small):,} ({named}). That is too "
            "few to learn them; label more or merge them."
        )
    largest, number = next(iter(counts.items()))
    if number >= MOSTLY_ONE * rows:
        said.append(
            f"{where}'{largest}' is the label of {number / rows:.0%} of the labelled comments: always "
            "answering so would be as accurate, so look at macro F1 instead of accuracy."
        )
    return said


def _on_reading(found: "Health") -> list[str]:
    """What the encoder cannot read, or not to its end."""
    said = [
        f"The encoder '{encoder}' cannot read {share:.0%} of the text, so it guesses from the rest. Choose a "
        "multilingual encoder for training."
        for encoder, share in found.unknown.items()
        if share > MANY_UNKNOWN
    ]
    cut = found.longer.get(str(found.token_limit), 0.0)
    if cut >= MANY_CUT:
        said.append(
            f"About {cut:.0%} of the comments are longer than the {found.token_limit} tokens that are read; "
            "what stands behind them is left out. Raise the limit when you train, if the end matters."
        )
    return said


def _on_dates(found: "Health") -> list[str]:
    if not found.dated:
        return ["No dates: trends cannot be drawn."]
    said = []
    if found.future_dates:
        said.append(
            f"Comments dated in the future: {found.future_dates:,}. Day and month may be swapped; trends end "
            "in the wrong place until that is put right."
        )
    if found.old_dates:
        said.append(
            f"Comments dated before 2000: {found.old_dates:,}. Such dates are often placeholders; they "
            "stretch every trend."
        )
    if found.dated < found.rows:
        return [
            *said,
            f"Comments without a date, which trends leave out: {found.rows - found.dated:,}.",
        ]
    days = (pd.Timestamp(found.last_date) - pd.Timestamp(found.first_date)).days + 1
    if days < 28:
        length = "one day" if days == 1 else f"{days} days"
        said.append(f"All comments lie within {length}: too short for a monthly trend.")
    return said


def _on_repeats(found: "Health") -> list[str]:
    said = []
    if found.repeated_texts:
        said.append(
            f"Comments that repeat the words of another one: {found.repeated_texts:,}. "
            "Copies are kept on one side when a model is tested, so that they do not flatter it."
        )
    if found.similar_groups:
        said.append(
            f"{found.similar_rows:,} comments say the same in nearly the same words as another one "
            f"({found.similar_groups:,} groups). Each counts as a vote; read one of a group to know all."
        )
    if found.bursts:
        largest = found.bursts[0]
        said.append(
            f"Bursts of nearly equal comments within a day: {len(found.bursts):,}; the largest has "
            f"{largest.rows:,} from {largest.first[:10]} on. That may be a campaign or a robot: look at it "
            "before you trust shares of those days."
        )
    return said


def _on_texts(found: "Health") -> list[str]:
    said = []
    if found.empty_texts:
        said.append(f"Comments without any text: {found.empty_texts:,}. They count in no theme.")
    foreign = sum(rows for code, rows in found.languages.items() if code not in (ENCODER_LANGUAGE, UNKNOWN))
    if foreign >= 0.05 * found.rows:
        said.append(
            f"Comments that are not in English: {foreign:,} ({foreign / found.rows:.0%}). "
            "The built-in encoder knows English only, so choose a multilingual one for these."
        )
    if found.words[1] < 4 and found.languages.get("zh", 0) + found.languages.get("ja", 0) < found.rows / 2:
        said.append("Half of the comments have fewer than four words: themes will be coarse.")
    return said
