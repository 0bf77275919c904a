"""How fast a fine-tuning learns where nobody says so."""

from core.domain import TrainingOptions

USUAL, WIDTH = 1.5e-4, 384  # learning rate of an encoder, and the widest one that it suits


def body_rate(options: TrainingOptions, width: int) -> float:
    """The learning rate of an encoder with vectors of `width`: as set, else the usual one. Wider ones learn
    in proportion slower, as each of their products sums more steps of weights (Yang et al. 2022, muP)."""
    return options.body_rate or USUAL * min(1.0, WIDTH / width)
