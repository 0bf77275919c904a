"""Changed copies of training texts: a word left out, two words swapped, another case."""

from collections.abc import Sequence

import numpy as np

DROPPED = 0.1  # share of the words that is left out, at least one


def copies(texts: Sequence[str], share: float, seed: int) -> tuple[np.ndarray, list[str]]:
    """Row numbers (m,) that get one changed copy, and the copies; the same for the same seed.

    Only for texts that are learned from. A text with nothing to change gets no copy.
    """
    rng = np.random.default_rng([seed, 7919])  # apart from the order of the batches
    wanted = rng.permutation(len(texts))[: round(share * len(texts))]
    made = [(row, changed(texts[row], rng)) for row in sorted(wanted.tolist())]
    kept = [(row, text) for row, text in made if text != texts[row]]
    return np.array([row for row, _ in kept], dtype=int), [text for _, text in kept]


def with_copies(
    texts: Sequence[str], truth: np.ndarray, share: float, seed: int
) -> tuple[list[str], np.ndarray]:
    """The training texts and after them those copies, with the labels of their originals."""
    rows, made = copies(texts, share, seed)
    return [*texts, *made], np.concatenate([truth, truth[rows]])


def changed(text: str, rng: np.random.Generator) -> str:
    """The text after one light change that leaves its meaning."""
    words = text.split()
    pieces, joint = (words, " ") if len(words) > 2 else (list(text), "")  # no spaces: single characters
    if len(pieces) < 3:
        return _other_case(text)
    change = CHANGES[rng.integers(len(CHANGES))]
    return change(pieces, joint, rng)


def _drop(pieces: list[str], joint: str, rng: np.random.Generator) -> str:
    count = max(1, round(DROPPED * len(pieces)))
    gone = set(rng.choice(len(pieces), size=count, replace=False).tolist())
    return joint.join(piece for place, piece in enumerate(pieces) if place not in gone)


def _swap(pieces: list[str], joint: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(len(pieces) - 1))
    swapped = [*pieces[:place], pieces[place + 1], pieces[place], *pieces[place + 2 :]]
    return joint.join(swapped)


def _case(pieces: list[str], joint: str, rng: np.random.Generator) -> str:
    return _other_case(joint.join(pieces))


def _other_case(text: str) -> str:
    return text.lower() if text.lower() != text else text.upper()


CHANGES = (_drop, _swap, _case)
