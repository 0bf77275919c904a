"""Integrated gradients: how much of the score each word carries (Sundararajan, Taly, Yan 2017)."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from core.domain import Attribution
from core.explain.layers import check_layers, score
from core.explain.reading import read
from core.explain.weighting import on_words, pair
from core.explain.words import SCORE
from core.models.classifier import Classifier

NAME = "integrated gradients"
STEPS, MOST_STEPS = 32, 256
LARGEST_ERROR = 0.01  # of completeness; above it the steps are doubled
ROUNDING = 1e-5  # of a float32 score
AT_ONCE = 1024  # tokens with gradients in one batch


@dataclass(frozen=True)
class Path:
    """From a text of padding to the text."""

    weights: np.ndarray  # (tokens,) float64 in logits, special tokens included (they are 0)
    start: float  # score of the padding
    end: float  # score of the text
    steps: int

    @property
    def completeness(self) -> float:
        """What the weights miss of the difference in score that they explain, as a share of it."""
        error = abs(float(self.weights.sum()) - (self.end - self.start))
        return 0.0 if error < ROUNDING else error / max(abs(self.end - self.start), ROUNDING)


def explain(model: Classifier, text: str, label: str, against: str | None = None) -> Attribution:
    """Shares of all that speaks for (+) or against (-) the label, with the error of completeness.

    The sizes of the shares add up to 1. Raises NotFound for a label that the model does not have and
    AppError for a model without layers.
    """
    check_layers(model)
    wanted, _ = pair(model, label, against)
    found = path(model, text, label, against)
    spans = on_words(read(model, text), model.tokens(text), found.weights)
    total = sum(abs(span.weight) for span in spans) or 1.0
    spans = tuple(replace(span, weight=span.weight / total) for span in spans)
    probability = float(model.probabilities([text])[0, wanted])
    said = unit(label, against)
    return Attribution(text, spans, label, NAME, said, probability, against or "", found.completeness)


def unit(label: str, against: str | None) -> str:
    return SCORE if against is None else f"{SCORE} of {label} over {against}"


def path(model: Classifier, text: str, label: str, against: str | None = None, steps: int = STEPS) -> Path:
    """w = sum over the size of (E - B) times the mean gradient at B + (k + 1/2)/m (E - B), k = 0..m-1.

    E are the word embeddings, B the same with padding for all but the special tokens around the text.
    m begins at `steps` and doubles while the completeness error is above 1 %, up to 256.
    """
    check_layers(model)
    wanted, other = pair(model, label, against)
    with model.encoder.lock:
        line = _Line(model, text, wanted, other)
        start, end = line.scores([0.0, 1.0])
        while True:
            found = Path(line.weights(steps), start, end, steps)
            if found.completeness <= LARGEST_ERROR or 2 * steps > MOST_STEPS:
                return found
            steps *= 2


class _Line:
    """The straight line in the space of word embeddings, and the score along it."""

    def __init__(self, model: Classifier, text: str, wanted: int, other: int | None):
        self.model, self.wanted, self.other = model, wanted, other
        encoder = model.encoder
        encoder.model.eval()
        ids, self.mask = encoder.batch(encoder.token_ids([text]))
        embed = encoder.model.get_input_embeddings()
        with torch.no_grad():
            end = embed(ids)
            pad = encoder.tokenizer.pad_token_id
            start = torch.zeros_like(end) if pad is None else embed(torch.full_like(ids, pad))
        # By place, not by id: a person may type "[SEP]".
        around = [token.start == token.end for token in model.tokens(text)]
        start[0, around] = end[0, around]
        self.start, self.way = start, end - start

    def scores(self, places: list[float]) -> list[float]:
        """Score at places from 0 (padding) to 1 (the text)."""
        with torch.no_grad():
            return self._score(self._at(torch.tensor(places))).tolist()

    def weights(self, steps: int) -> np.ndarray:
        """(tokens,) by the middle rule."""
        middles = (torch.arange(steps) + 0.5) / steps
        total = torch.zeros_like(self.way[0])
        for part in middles.split(max(1, AT_ONCE // self.mask.shape[1])):
            with torch.enable_grad():
                points = self._at(part).requires_grad_()
                total += torch.autograd.grad(self._score(points).sum(), points)[0].sum(0)
        return (self.way[0] * total / steps).sum(-1).double().cpu().numpy()

    def _at(self, places: torch.Tensor) -> torch.Tensor:
        return self.start + places.view(-1, 1, 1).to(self.way.device) * self.way

    def _score(self, points: torch.Tensor) -> torch.Tensor:
        mask = self.mask.expand(len(points), -1)
        hidden = self.model.encoder.model(inputs_embeds=points, attention_mask=mask).last_hidden_state
        return score(self.model, hidden, mask, self.wanted, self.other)
