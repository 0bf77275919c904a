"""Train only the embedding rows that occur: the rest keep their pretrained values."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional


class CompactEmbedding(nn.Module):
    """Takes the same ids as the full table and looks them up in a small trainable one.

    Optimising the 11.7 M weights of a full table costs more than many a batch; a comment file uses
    a tenth of its rows.
    """

    def __init__(self, full: nn.Embedding, ids: Iterable[int]):
        super().__init__()
        used = torch.as_tensor(sorted(set(ids)), dtype=torch.long)
        places = torch.zeros(full.num_embeddings, dtype=torch.long)
        places[used] = torch.arange(len(used))
        device = full.weight.device
        self.full = full.weight.detach()  # no parameter, no buffer: not trained, not saved
        self.register_buffer("used", used.to(device), persistent=False)
        self.register_buffer("places", places.to(device), persistent=False)
        self.weight = nn.Parameter(full.weight.detach()[self.used].clone())
        self.padding_idx = full.padding_idx

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return functional.embedding(self.places[ids], self.weight)

    def expand(self) -> nn.Embedding:
        """The full table with the trained rows put back."""
        table = self.full.clone()
        table[self.used] = self.weight.detach()
        return nn.Embedding.from_pretrained(table, freeze=False, padding_idx=self.padding_idx)
