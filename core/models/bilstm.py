"""A recurrent network over words: a BiLSTM with pooled states (Conneau et al. 2017)."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from core.domain import Token
from core.errors import Damaged
from core.models.batches import sorted_batches
from core.models.classifier import Calibration, OnBatch, Platt, calibrated
from core.models.device import Device
from core.models.files import damage
from core.models.without import Without

WORDS, ARRAYS = "words.json", "network.safetensors"
PAD, UNKNOWN = 0, 1  # rows of the embedding before those of the words
HIDDEN, DROPOUT = 96, 0.3
BATCH_TOKENS = 4096
WORD = re.compile(r"\w+|[^\w\s]")
CHARACTER = re.compile(r"\S")


class Network(nn.Module):
    def __init__(self, words: int, size: int, labels: int, hidden: int = HIDDEN):
        """`words` counts padding and the unknown word; `size` of a word's vector."""
        super().__init__()
        self.embedding = nn.Embedding(words, size, padding_idx=PAD)
        self.lstm = nn.LSTM(size, hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(4 * hidden, labels)

    def forward(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Word numbers of each text, none of them empty, to logits (texts, labels)."""
        device = self.head.weight.device
        lengths = torch.tensor([len(row) for row in rows])
        padded = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        vectors = self.dropout(self.embedding(padded.to(device)))
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        states = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0]
        there = (torch.arange(states.shape[1]) < lengths[:, None]).to(device)[..., None]
        highest = states.masked_fill(~there, float("-inf")).amax(dim=1)
        mean = (states * there).sum(dim=1) / lengths.to(device)[:, None]
        return self.head(self.dropout(torch.cat([highest, mean], dim=1)))


@dataclass(frozen=True)
class BiLstm:
    labels: tuple[str, ...]
    multi: bool
    calibration: Calibration | Platt
    words: Mapping[str, int]  # word -> row of the embedding, from 2 on
    network: Network
    max_tokens: int
    characters: bool = False  # of a script without spaces
    without: Without = Without()

    kind = "bilstm"

    def logits(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """(texts, labels) float64; each distinct text is read once."""
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        read = (self.without.blanked(text) for text in distinct)
        rows = [numbers(text, self.words, self.max_tokens, self.characters) for text in read]
        found = answer(self.network, rows, len(self.labels), on_batch)
        return found[[distinct[text] for text in texts]]

    def probabilities(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """Calibrated (texts, labels) float64."""
        logits = self.logits(texts, on_batch)
        return calibrated(logits, self.calibration) if len(texts) else logits

    def tokens(self, text: str) -> tuple[Token, ...]:
        return spelled(self.without.blanked(text), self.characters)[: self.max_tokens]

    def unknown_tokens(self, text: str) -> list[tuple[int, int]]:
        return [(token.start, token.end) for token in self.tokens(text) if token.text not in self.words]

    def write(self, folder: Path) -> None:
        values = {
            "words": sorted(self.words, key=self.words.get),
            "characters": self.characters,
            "max_tokens": self.max_tokens,
        }
        (folder / WORDS).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
        arrays = {name: part.cpu().contiguous() for name, part in self.network.state_dict().items()}
        save_file(arrays, folder / ARRAYS)


def read(folder: Path, about: Mapping, device: Device) -> BiLstm:
    """`about` has labels, multi and calibration. Raises Damaged."""
    try:
        values = json.loads((folder / WORDS).read_text(encoding="utf-8"))
        words = {word: number for number, word in enumerate(values["words"], UNKNOWN + 1)}
        max_tokens, characters = int(values["max_tokens"]), bool(values["characters"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(damage(WORDS)) from error
    try:
        arrays = load_file(folder / ARRAYS)
        size, hidden = arrays["embedding.weight"].shape[1], arrays["head.weight"].shape[1] // 4
        network = Network(len(words) + 2, size, len(about["labels"]), hidden)
        network.load_state_dict(arrays)
    except (OSError, SafetensorError, KeyError, IndexError, RuntimeError) as error:
        raise Damaged(damage(ARRAYS)) from error
    network.to(device.name).eval()
    known = about["labels"], about["multi"], about["calibration"]
    return BiLstm(*known, words, network, max_tokens, characters)


def spelled(text: str, characters: bool) -> tuple[Token, ...]:
    """Lower-cased words and signs, or characters, with their places."""
    pattern = CHARACTER if characters else WORD
    found = pattern.finditer(text)
    return tuple(Token(one.group().lower(), one.start(), one.end(), False) for one in found)


def numbers(text: str, words: Mapping[str, int], max_tokens: int, characters: bool) -> list[int]:
    """Rows of the embedding; a text without any word counts as one unknown word."""
    found = [words.get(token.text, UNKNOWN) for token in spelled(text, characters)[:max_tokens]]
    return found or [UNKNOWN]


def answer(
    network: Network, rows: Sequence[Sequence[int]], labels: int, on_batch: OnBatch | None = None
) -> np.ndarray:
    """Logits (texts, labels) float64; the network is left in the mode it was in."""
    found, done, training = np.zeros((len(rows), labels)), 0, network.training
    network.eval()
    with torch.inference_mode():
        for batch in sorted_batches([len(row) for row in rows], BATCH_TOKENS) if len(rows) else ():
            found[batch] = network([rows[number] for number in batch]).cpu().double().numpy()
            done += len(batch)
            if on_batch:
                on_batch(done, len(rows))
    network.train(training)
    return found
