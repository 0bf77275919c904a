"""A Hugging Face encoder with its tokenizer: texts in, mean-pooled normalised vectors out."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from core.domain import Token
from core.errors import UnsafeModel
from core.models.batches import sorted_batches
from core.models.device import Device

transformers_logging.disable_progress_bar()
transformers_logging.set_verbosity_error()

PREDICT_TOKENS = 4096  # tokens in one batch without gradients


class Encoder:
    """Shared by threads: `lock` guards the switch of the attention implementation."""

    def __init__(self, name: str, revision: str, tokenizer, model: nn.Module, device: Device, limit: int):
        self.name = name
        self.revision = revision  # commit hash, or SHA-256 of the weights
        self.tokenizer = tokenizer
        self.model = model
        self.device = device
        self.max_tokens = min(limit, readable_tokens(model, tokenizer))
        self.lock = threading.RLock()

    @property
    def size(self) -> int:
        return int(self.model.config.hidden_size)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        if not texts:
            return []
        encoded = self.tokenizer(list(texts), truncation=True, max_length=self.max_tokens, padding=False)
        return encoded["input_ids"]

    def batch(self, rows: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask, both (rows, longest row), on the device."""
        longest = max(len(row) for row in rows)
        pad = self.tokenizer.pad_token_id or 0
        ids = torch.full((len(rows), longest), pad, dtype=torch.long)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.as_tensor(row)
            mask[number, : len(row)] = 1
        return ids.to(self.device.name), mask.to(self.device.name)

    def pooled(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mean of the last hidden states over the real tokens, length 1: (rows, size) float32."""
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        return functional.normalize((hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0), dim=1)

    def embed(
        self,
        texts: Sequence[str],
        on_batch: Callable[[int, int], None] | None = None,
        budget: int = PREDICT_TOKENS,
    ) -> np.ndarray:
        """(texts, size) float32; `on_batch(done, all)` after each batch may raise to stop."""
        ids = self.token_ids(texts)
        vectors = np.zeros((len(ids), self.size), dtype=np.float32)
        done = 0
        # Few texts are asked for by a person who waits and compares: full precision there.
        fast = len(ids) > 256
        self.model.eval()
        for rows in sorted_batches([len(row) for row in ids], budget):
            with torch.inference_mode(), self.device.autocast(fast):
                vectors[rows] = self.pooled(*self.batch([ids[row] for row in rows])).cpu().numpy()
            done += len(rows)
            if on_batch:
                on_batch(done, len(ids))
        return vectors

    def tokens(self, text: str) -> tuple[Token, ...]:
        """The tokens that fit, with their places in the original text."""
        encoded = self.tokenizer(
            text, truncation=True, max_length=self.max_tokens, return_offsets_mapping=True
        )
        special = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        names = self.tokenizer.convert_ids_to_tokens(encoded["input_ids"])
        return tuple(
            Token(name, start, end, number in special)
            for name, number, (start, end) in zip(
                names, encoded["input_ids"], encoded["offset_mapping"], strict=True
            )
        )

    def attention(self, text: str) -> tuple[tuple[Token, ...], np.ndarray]:
        """Tokens and weights (layers, heads, tokens, tokens) float32; each row sums to 1."""
        ids, mask = self.batch(self.token_ids([text]))
        with self.lock:
            before = self.model.config._attn_implementation
            self.model.set_attn_implementation("eager")
            try:
                with torch.inference_mode():
                    layers = self.model(input_ids=ids, attention_mask=mask, output_attentions=True).attentions
            finally:
                self.model.set_attn_implementation(before)
        return self.tokens(text), torch.stack([layer[0].float() for layer in layers]).cpu().numpy()

    def unknown_tokens(self, text: str) -> list[tuple[int, int]]:
        """Places of the text that the vocabulary has no token for."""
        unknown = self.tokenizer.unk_token
        return [(token.start, token.end) for token in self.tokens(text) if token.text == unknown]

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Share of the tokens of all texts (without special ones) that are the unknown token."""
        rows = self.token_ids(texts)
        special = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        counted = [number for row in rows for number in row if number not in special]
        if not counted or self.tokenizer.unk_token_id is None:
            return 0.0
        return sum(number == self.tokenizer.unk_token_id for number in counted) / len(counted)


def readable_tokens(model: nn.Module, tokenizer) -> int:
    """How many tokens the encoder can place; families like RoBERTa count places from after the padding."""
    places = getattr(model.config, "max_position_embeddings", None) or 512
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            places = module.num_embeddings - module.padding_idx - 1
    return max(8, min(int(places), int(min(tokenizer.model_max_length, 1_000_000))))


def load_encoder(folder: Path, name: str, revision: str, device: Device, max_tokens: int) -> Encoder:
    """Read an encoder from a folder, weights from safetensors only, no code of the folder run.

    Raises UnsafeModel when transformers cannot read it as a plain encoder, weights are missing, or it
    gives no vectors for a text.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model, found = AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        if not tokenizer.is_fast:
            raise UnsafeModel(
                f"{name} has no fast tokenizer, which explanations need. Choose another encoder."
            )
        model.to(device.name).eval()
        encoder = Encoder(name, revision, tokenizer, model, device, max_tokens)
        usable = bool(np.isfinite(encoder.embed(["a"])).all())
    except UnsafeModel:
        raise
    except Exception as error:  # of many kinds, as many as there are ways to be no encoder
        raise UnsafeModel(
            f"{name} cannot be read as a plain encoder ({type(error).__name__}). Choose another encoder."
        ) from error
    # transformers fills missing weights with random ones; those of the pooler are not used.
    if not usable or any("pooler" not in key for key in found["missing_keys"]):
        raise UnsafeModel(f"The weights of {name} are incomplete or damaged. Choose another encoder.")
    return encoder
