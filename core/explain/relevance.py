"""Gradient times attention: where the model looked and it served the label (Chefer, Gur, Wolf 2021)."""

import numpy as np
import torch

from core.domain import Attribution
from core.errors import AppError
from core.explain.layers import check_layers, eager, score
from core.explain.reading import read
from core.explain.weighting import on_words, pair
from core.models.classifier import Classifier

NAME = "gradient x attention"
UNIT = "% of the relevance"


def explain(model: Classifier, text: str, label: str, against: str | None = None) -> Attribution:
    """Never below 0: it cannot show what speaks against the label.

    What goes to special tokens belongs to no word, so the weights add up to less than 1. Raises NotFound
    for a label that the model does not have and AppError for a model without attention.
    """
    check_layers(model)
    wanted, _ = pair(model, label, against)
    found = relevance(served(model, text, label, against))[-1]
    spans = on_words(read(model, text), model.tokens(text), found / (found.sum() or 1.0))
    probability = float(model.probabilities([text])[0, wanted])
    return Attribution(text, spans, label, NAME, unit(label, against), probability, against or "")


def unit(label: str, against: str | None) -> str:
    return UNIT if against is None else f"{UNIT} for {label} over {against}"


def relevance(maps: np.ndarray) -> np.ndarray:
    """(layers, tokens): of each token after each layer. R = I, then R + A R; mean over the rows of R - I,
    since the model pools by the mean. `maps` (layers, tokens, tokens)."""
    same = np.eye(maps.shape[-1])
    total, found = same, []
    for layer in maps:
        total = total + layer @ total
        found.append((total - same).mean(axis=0))
    return np.stack(found)


def served(model: Classifier, text: str, label: str, against: str | None = None) -> np.ndarray:
    """(layers, tokens, tokens) float64: mean over heads of max(0, gradient of the logit x attention)."""
    check_layers(model)
    wanted, other = pair(model, label, against)
    encoder = model.encoder
    ids, mask = encoder.batch(encoder.token_ids([text]))
    with eager(encoder), torch.enable_grad():
        encoder.model.eval()
        out = encoder.model(input_ids=ids, attention_mask=mask, output_attentions=True)
        if not out.attentions:
            raise AppError("This encoder keeps its attention to itself. Choose 'Leaving words out'.")
        value = score(model, out.last_hidden_state, mask, wanted, other)
        slopes = torch.autograd.grad(value[0], out.attentions)
    layers = [
        (slope[0] * seen[0]).clamp(min=0).mean(0).detach()
        for slope, seen in zip(slopes, out.attentions, strict=True)
    ]
    return torch.stack(layers).double().cpu().numpy()
