"""BERT without padding: the tokens of all rows stand in one long list, only attention looks at rows."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import torch
from torch import nn
from torch.nn import functional

ALIGN = 16  # tokens: with some other numbers bfloat16 products take a fifth longer, 2 % of a step on average
LANES, FEW_LEFT = 32, 8  # bfloat16 numbers in a register; so many are quicker one by one than padded
LONG = 256  # tokens: from here on fused attention is quicker forwards


def can_pack(model: nn.Module) -> bool:
    """Whether `pooled` reads this model as its own forward does."""
    if type(model).__name__ != "BertModel":
        return False
    config = model.config
    plain = getattr(config, "position_embedding_type", "absolute") == "absolute"
    decodes = getattr(config, "is_decoder", False) or getattr(config, "add_cross_attention", False)
    return plain and not decodes


def pooled(model: nn.Module, rows: Sequence[list[int]]) -> torch.Tensor:
    """Mean of the last hidden states of each row of token ids: (rows, size) float32, not normalised.

    Modules are called, their weights never read: they may be frozen, replaced or stand beside adapters.
    """
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    # (rows, tokens a row) of each run of rows that are equally long
    shapes = [(len(list(run)), length) for length, run in groupby(len(rows[row]) for row in order)]
    hidden = _embedded(model.embeddings, [rows[row] for row in order], shapes)
    if torch.is_grad_enabled() and torch.is_autocast_enabled("cpu"):
        # Otherwise four products a layer each cast it anew, and four gradients back: 5 % of a step.
        hidden = hidden.to(torch.get_autocast_dtype("cpu"))
    tokens = len(hidden)  # what stands behind them belongs to no row: it meets no other token
    hidden = functional.pad(hidden, (0, 0, 0, -tokens % ALIGN))
    for layer in model.encoder.layer:
        seen = _attended(layer.attention.self, hidden, shapes)
        seen = layer.attention.output(seen, hidden)
        hidden = layer.output(layer.intermediate(seen), seen)
    parts = hidden[:tokens].float().split([count * length for count, length in shapes])
    means = [part.view(*shape, -1).mean(1) for part, shape in zip(parts, shapes, strict=True)]
    return torch.cat(means)[np.argsort(order)]


def _embedded(module: nn.Module, rows: list[list[int]], shapes: list[tuple[int, int]]) -> torch.Tensor:
    device = module.position_embeddings.weight.device
    ids = torch.as_tensor(np.concatenate(rows), dtype=torch.long).to(device)
    places = [np.tile(np.arange(length), count) for count, length in shapes]
    places = torch.as_tensor(np.concatenate(places)).to(device)
    summed = module.word_embeddings(ids) + module.token_type_embeddings(torch.zeros_like(ids))
    return module.dropout(module.LayerNorm(summed + module.position_embeddings(places)))


def _attended(module: nn.Module, hidden: torch.Tensor, shapes: list[tuple[int, int]]) -> torch.Tensor:
    """What each token takes from the tokens of its own row: (tokens, size)."""
    sizes = [count * length for count, length in shapes]
    alone = len(hidden) - sum(sizes)
    asked = [part(hidden).split([*sizes, alone]) for part in (module.query, module.key, module.value)]
    heads, width = module.num_attention_heads, module.attention_head_size
    found = []
    for shape, *parts in zip(shapes, *(part[:-1] for part in asked), strict=True):
        query, key, value = (part.view(*shape, heads, width).transpose(1, 2) for part in parts)
        seen = _products(query, key, value, module)
        found.append(seen.transpose(1, 2).reshape(-1, heads * width))
    return torch.cat([*found, asked[2][-1]])


def _products(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, module: nn.Module) -> torch.Tensor:
    lost = module.dropout.p if module.training else 0.0
    long = key.shape[-2] > LONG and not torch.is_grad_enabled()
    if query.dtype == torch.float32 or long:
        return functional.scaled_dot_product_attention(query, key, value, dropout_p=lost)
    # In bfloat16, torch's fused attention is about six times slower backwards than plain products on CPU, and
    # up to three times slower forwards where rows are short.
    weights = softmax(query * module.scaling @ key.transpose(-1, -2))
    return functional.dropout(weights, lost) @ value


def softmax(scores: torch.Tensor) -> torch.Tensor:
    """Over the last dimension, in widths that take whole registers.

    torch takes what does not fill one number by number: 15 numbers take three times as long as 32.
    """
    length = scores.shape[-1]
    if length > LANES and length % LANES < FEW_LEFT:
        return scores.softmax(-1)
    padded = functional.pad(scores, (0, -length % LANES), value=-torch.inf)
    return padded.softmax(-1)[..., :length]
