"""The hand-written sentences behind the sample, and how they become comments.

Text files hold sections: a line `## tone name key=value`, then one sentence a line. `[a|b]` is a
choice of words, `{author}` a first name, and a line that starts with `+ ` follows any sentence of
its own section.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
KEEPS_CAPITAL = {"I", "Brindle", "Monday", "Friday", "GDPR"}


@dataclass
class Section:
    tone: str  # bad, wish, good; or the name of a frame
    name: str
    limits: dict[str, str]
    cores: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)


def read_sections(name: str) -> list[Section]:
    """The sections of one text file; `\\n` in a line stands for a line break."""
    sections: list[Section] = []
    for raw in (TEXTS / f"{name}.txt").read_text("utf-8").splitlines():
        line = raw.replace("\\n", "\n")
        if line.startswith("## "):
            words = line[3:].split()
            plain = [word for word in words if "=" not in word]
            limits = dict(word.split("=") for word in words if "=" in word)
            sections.append(Section(plain[0], " ".join(plain[1:]), limits))
        elif line.startswith("+ ") and name != "languages":
            sections[-1].follows.append(line[2:])
        elif line:
            sections[-1].cores.append(line)
    return sections


class Deck:
    """Deals sentences in random order, each once before any comes again."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.left: dict[int, list[str]] = {}

    def deal(self, sentences: list[str]) -> str:
        pile = self.left.setdefault(id(sentences), [])
        if not pile:
            pile.extend(self.rng.sample(sentences, len(sentences)))
        return pile.pop()


def spin(rng: random.Random, text: str) -> str:
    """Choose one of each `[a|b|c]`."""
    return CHOICE.sub(lambda match: rng.choice(match[1].split("|")), text)


def join(parts: list[str]) -> str:
    """Parts as running text; after a comma or "but" the next sentence starts small."""
    text = ""
    for part in filter(None, parts):
        if not text or text.endswith("\n"):
            text += part
        elif text.endswith(",") or text.endswith(" but"):
            text += " " + uncapitalise(part)
        else:
            text += ("" if part.startswith("\n") else " ") + part
    return text


def uncapitalise(text: str) -> str:
    first = re.split(r"[ ,.']", text)[0]
    plain = first[1:].islower() or first in {"A"}
    return text[0].lower() + text[1:] if plain and first not in KEEPS_CAPITAL else text


def typo(rng: random.Random, text: str) -> str:
    """One slip of the finger inside a longer word: two letters swapped, one lost or doubled."""
    spots = [match.start() for match in re.finditer(r"(?<=[a-z]{2})[a-z](?=[a-z]{2})", text)]
    if not spots:
        return text
    at = rng.choice(spots)
    slips: list[Callable[[], str]] = [
        lambda: text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + text[at] + text[at:],
    ]
    return rng.choice(slips)()


def normalised(text: str) -> str:
    """Small letters, no marks, single spaces: equal when two comments say the same words."""
    return " ".join(re.sub(r"[^\w]+", " ", text.lower()).split())
