"""What a fine-tuning trains: an encoder and a head as one module."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from core.domain import TrainingOptions
from core.models.classifier import Head
from core.models.encoder import Encoder
from core.training import rates
from core.training.vocabulary import CompactEmbedding


class Tuned(nn.Module):
    """The encoder and a linear head as one trainable module."""

    def __init__(self, encoder: Encoder, head: Head):
        super().__init__()
        self.encoder = encoder.model
        self.pooled_rows = encoder.pooled_rows
        self.multi = head.multi
        self.head = nn.Linear(head.weight.shape[1], head.weight.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(torch.as_tensor(head.weight))
            self.head.bias.copy_(torch.as_tensor(head.bias))
        self.head.to(encoder.device.name)

    def forward(self, rows: Sequence[list[int]]) -> torch.Tensor:
        """Logits (rows, labels) of rows of token ids."""
        vectors = self.pooled_rows(rows)
        with torch.autocast(vectors.device.type, enabled=False):  # bf16 would round logits to 3 digits
            return self.head(vectors)

    def plain_head(self) -> Head:
        weight, bias = self.head.weight.detach().float().cpu(), self.head.bias.detach().float().cpu()
        return Head(weight.numpy().copy(), bias.numpy().copy(), self.multi)


def prepare(encoder: Encoder, ids: Sequence[list[int]]) -> str:
    """A vocabulary of the tokens in `ids` alone, and attention that is fast in bf16.

    Returns the attention implementation that was there.
    """
    # torch's fused attention is about six times slower than plain products backwards in bf16 on CPU.
    usual = encoder.model.config._attn_implementation
    if encoder.device.on_cpu and encoder.device.bf16:
        encoder.model.set_attn_implementation("eager")
    used = {number for row in ids for number in row}
    used |= set(encoder.tokenizer.all_special_ids)
    encoder.model.set_input_embeddings(CompactEmbedding(encoder.model.get_input_embeddings(), used))
    return usual


def settled(options: TrainingOptions, encoder: Encoder) -> TrainingOptions:
    """With what the encoder decides: its learning rate, and that without a sign for a hidden word none is
    hidden."""
    options = replace(options, body_rate=rates.body_rate(options, encoder.size))
    return options if encoder.tokenizer.mask_token_id is not None else replace(options, token_masking=0.0)
