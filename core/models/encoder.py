"""A Hugging Face encoder with its tokenizer: texts in, mean-pooled normalised vectors out."""

import copy
import threading
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from core.domain import Token
from core.errors import ModelError, UnsafeModel
from core.models import memory, packed
from core.models.batches import first_batch, longest_first
from core.models.device import Device, device_failed
from core.models.hub import check_config
from core.models.without import Without

transformers_logging.disable_progress_bar()
transformers_logging.set_verbosity_error()

AT_ONCE = 5_000  # texts in the hands of the tokenizer, which keeps ten times as much as their ids
FEW = 256  # texts that a person waits for and compares: they are read in full precision


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
        self.without = Without()

    @property
    def size(self) -> int:
        return int(self.model.config.hidden_size)

    def reading_without(self, words: Sequence[str]) -> "Encoder":
        """The same encoder, blind to these words."""
        other = copy.copy(self)
        other.without = Without(tuple(words))
        return other

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = []
        for first in range(0, len(texts), AT_ONCE):
            # Sets the limit and no padding, as every use of it here does. A copy with settings of its own
            # would take 250 MB for a vocabulary of 250,000.
            self.tokenizer([""], truncation=True, max_length=self.max_tokens, padding=False)
            read = [self.without.blanked(text) for text in texts[first : first + AT_ONCE]]
            # By what stands behind the tokenizer, which takes as long again to wrap each row.
            found.extend(row.ids for row in self.tokenizer.backend_tokenizer.encode_batch_fast(read))
        return found

    def batch(self, rows: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask, both (rows, longest row), on the device."""
        lengths = np.array([len(row) for row in rows])
        real = np.arange(lengths.max()) < lengths[:, None]
        ids = np.full(real.shape, self.tokenizer.pad_token_id or 0, dtype=np.int64)
        ids[real] = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=lengths.sum())
        return self._sent(ids), self._sent(real.astype(np.int64))

    def _sent(self, numbers: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(numbers)
        if not self.device.on_gpu:
            return tensor.to(self.device.name)
        return tensor.pin_memory().to(self.device.name, non_blocking=True)

    def pooled(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mean of the last hidden states over the real tokens, length 1: (rows, size) float32."""
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        return functional.normalize((hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0), dim=1)

    def pooled_rows(self, rows: Sequence[list[int]]) -> torch.Tensor:
        """`pooled` of rows of token ids, without padding where this model can be read so."""
        # A GPU is quicker with few large products than with one for every length.
        if self.device.on_cpu and packed.can_pack(self.model) and all(rows):
            return functional.normalize(packed.pooled(self.model, rows), dim=1)
        return self.pooled(*self.batch(rows))

    def embed(
        self,
        texts: Sequence[str],
        on_batch: Callable[[int, int], None] | None = None,
        budget: int | None = None,
        exact: bool | None = None,
    ) -> np.ndarray:
        """(texts, size) float32; `on_batch(done, all)` after each batch may raise to stop.

        `budget` is the tokens of a batch, chosen by memory without it; `exact` asks for products in full
        precision, without it where there are few texts. Raises ModelError when the memory
        cannot hold a single text.
        """
        ids = self.token_ids(texts)
        vectors = np.zeros((len(ids), self.size), dtype=np.float32)
        lengths = np.array([len(row) for row in ids], dtype=int)
        waiting = longest_first(lengths)
        longest = int(lengths.max(initial=1))
        budget = budget or self.tokens_at_once(longest)
        exact = len(ids) <= FEW if exact is None else exact
        self.model.eval()

        def fill(tokens: int) -> int:
            rows = first_batch(waiting, lengths, tokens)
            with torch.inference_mode(), self.device.autocast(not exact):
                vectors[rows] = self.pooled_rows([ids[row] for row in rows]).cpu().numpy()
            return len(rows)

        while len(waiting):
            try:
                filled, budget = memory.halving(fill, budget, int(lengths[waiting[0]]))
            except RuntimeError as error:
                if not memory.ran_out(error):
                    raise
                raise ModelError(memory.TOO_SMALL) from error
            waiting = waiting[filled:]
            if on_batch:
                on_batch(len(ids) - len(waiting), len(ids))
        return vectors

    def tokens_at_once(self, longest: int, training: bool = False) -> int:
        """Tokens of one batch that the memory can hold; on the CPU the number that is fast."""
        if not self.device.on_gpu:
            return memory.PREDICT_TOKENS
        free, shape = self.device.free_memory(), memory.shape_of(self.model.config.to_dict())
        eager = self.model.config._attn_implementation == "eager"
        return memory.tokens_that_fit(free, shape, longest, training, self.device.bf16, eager)

    def tokens(self, text: str) -> tuple[Token, ...]:
        """The tokens that fit, with their places in the original text."""
        read = self.without.blanked(text)
        encoded = self.tokenizer(
            read, truncation=True, max_length=self.max_tokens, return_offsets_mapping=True
        )
        special = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        names = self.tokenizer.convert_ids_to_tokens(encoded["input_ids"])
        return tuple(
            Token(name, start, end, number in special)
            for name, number, (start, end) in zip(
                names, encoded["input_ids"], encoded["offset_mapping"], strict=True
            )
        )

    def attention(self, text: str, half: bool = False) -> tuple[tuple[Token, ...], np.ndarray]:
        """Tokens and weights (layers, heads, tokens, tokens) float32 (float16 with `half`); each row sums
        to 1. Raises ModelError for an encoder that does not give them."""
        ids, mask = self.batch(self.token_ids([text]))
        with self.lock:
            before = self.model.config._attn_implementation
            self.model.set_attn_implementation("eager")
            try:
                with torch.inference_mode():
                    layers = self.model(input_ids=ids, attention_mask=mask, output_attentions=True).attentions
            finally:
                self.model.set_attn_implementation(before)
        if not layers or any(layer is None for layer in layers):
            raise ModelError("This encoder keeps its attention to itself. Look at the words that mattered.")
        kind = torch.float16 if half else torch.float32
        return self.tokens(text), torch.stack([layer[0].to(kind) for layer in layers]).cpu().numpy()

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

    Raises UnsafeModel when it names code of its own, transformers cannot read it as a plain encoder, weights
    are missing, or it gives no vectors for a text; ModelError when the memory is too small for it; what torch
    raises when the device does not work.
    """
    check_config(folder)
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
    except ModelError:
        raise
    except Exception as error:  # of many kinds, as many as there are ways to be no encoder
        if memory.ran_out(error):
            raise ModelError(memory.TOO_SMALL) from error
        if device_failed(error):
            raise
        raise UnsafeModel(
            f"{name} cannot be read as a plain encoder ({type(error).__name__}). Choose another encoder."
        ) from error
    # transformers fills missing weights with random ones; those of the pooler are not used.
    if not usable or any("pooler" not in key for key in found["missing_keys"]):
        raise UnsafeModel(f"The weights of {name} are incomplete or damaged. Choose another encoder.")
    return encoder
