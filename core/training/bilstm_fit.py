"""Fits the BiLSTM: AdamW on batches of similar length, the best epoch stays."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.domain import CurvePoint
from core.errors import CannotTrain
from core.evaluation.held_out import decide
from core.evaluation.scores import macro_f1
from core.models.batches import shuffled_batches
from core.models.bilstm import UNKNOWN, BiLstm, Network, answer, numbers, spelled
from core.models.classifier import raw
from core.models.device import Device
from core.training import calibration
from core.training.baselines import written_without_spaces
from core.training.losses import Loss
from core.training.material import Material
from core.training.sampling import balanced_rows, label_weights
from core.training.vectors_file import read_vectors

SIZE = 100  # of a learned word vector
FEWEST_FOR_TWICE = 200  # texts from which a word has to occur twice
MOST_WORDS = 50_000
PASSES = 6  # times over the rows for one epoch of the options: a network from nothing learns slower
PATIENCE = 3 * PASSES  # passes without a better score, unless the options say otherwise
RATE, WARM_SHARE, CLIP = 4e-3, 0.05, 1.0
OnStep = Callable[[int, int, tuple[CurvePoint, ...]], None]


@dataclass(frozen=True)
class Best:
    score: float
    state: dict[str, torch.Tensor]


def fit_bilstm(
    material: Material,
    train: np.ndarray,
    validation: np.ndarray,
    on_step: OnStep = lambda step, steps, curve: None,
    vectors_path: Path | None = None,
    device: Device | None = None,
) -> BiLstm:
    """Learns from the rows `train`; `validation` rows choose the epoch and calibrate.

    `on_step(step, steps, curve)` may raise to stop. Raises BadFile for a bad file of vectors, CannotTrain
    without rows. The same seed, rows and threads give the same weights; torch's own state is kept.
    """
    if not len(train):
        raise CannotTrain("No comment is left to learn from. Label more comments.")
    texts, options = material.texts_of(train), material.options
    characters = written_without_spaces(texts)
    words = _words(texts, characters)
    on_gpu = device is not None and device.on_gpu
    with torch.random.fork_rng(devices=[torch.device(device.name)] if on_gpu else []):
        torch.manual_seed(options.seed)
        network = _network(words, len(material.labels), vectors_path)
        network.to(device.name if device else "cpu")
        rows = [numbers(text, words, options.max_tokens, characters) for text in texts]
        held = [
            numbers(text, words, options.max_tokens, characters) for text in material.texts_of(validation)
        ]
        loop = Loop(material, network, rows, material.truth[train], held, material.truth[validation])
        loop.run(on_step)
    network.eval()
    logits = answer(network, held, len(material.labels))
    found = calibration.fit(logits, material.truth[validation], material.multi)
    return BiLstm(material.labels, material.multi, found, words, network, options.max_tokens, characters)


class Loop:
    def __init__(
        self,
        material: Material,
        network: Network,
        rows: Sequence[list[int]],
        truth: np.ndarray,
        held: Sequence[list[int]],
        held_truth: np.ndarray,
    ):
        self.options, self.multi = material.options, material.multi
        self.network, self.rows, self.truth = network, rows, truth
        self.held, self.held_truth = held, held_truth
        weights = label_weights(truth) if self.options.balance == "weights" else None
        self.loss = Loss(self.multi, self.options.label_smoothing, weights)
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=RATE, weight_decay=self.options.weight_decay
        )
        self.rng = np.random.default_rng(self.options.seed)
        self.curve: tuple[CurvePoint, ...] = ()

    def run(self, on_step: OnStep) -> None:
        """The network has the weights of its best pass afterwards."""
        passes = PASSES * self.options.epochs
        patience = PASSES * self.options.patience or PATIENCE
        best, step, since = None, 0, 0
        for number in range(passes):
            batches = self._batches()
            steps = step + len(batches) * (passes - number)
            total = 0.0
            for batch in batches:
                total += self._learn(batch, step / steps)
                step += 1
                on_step(step, steps, self.curve)
            score = self._judge(step, (number + 1) / PASSES, total / len(batches))
            since += 1
            if best is None or score is None or score > best.score:
                best, since = Best(score or 0.0, _copy(self.network)), 0
            if since >= patience:
                break
        if best is not None:
            self.network.load_state_dict(best.state)

    def _batches(self) -> list[np.ndarray]:
        chosen = np.arange(len(self.rows))
        if self.options.balance == "sampling":
            chosen = balanced_rows(self.truth, self.rng)
        lengths = [len(self.rows[row]) for row in chosen]
        return [chosen[batch] for batch in shuffled_batches(lengths, self.options.batch_tokens, self.rng)]

    def _learn(self, batch: np.ndarray, done: float) -> float:
        """Loss of one step; `done` 0..1 of all steps sets the rate: a short rise, then half a cosine."""
        rise = min(1.0, (done + 1e-3) / WARM_SHARE)
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        self.network.train()
        truth = self.truth[batch] if self.multi else self.truth[batch].argmax(axis=1)
        logits = self.network([self.rows[row] for row in batch])
        loss = self.loss(logits, torch.as_tensor(truth, device=logits.device))
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        return float(loss.detach())

    def _judge(self, step: int, epoch: float, loss: float) -> float | None:
        """Macro F1 on the validation rows; None without any."""
        score = accuracy = None
        if len(self.held):
            logits = answer(self.network, self.held, self.truth.shape[1])
            decided = decide(raw(logits, self.multi), self.multi)
            score = float(macro_f1(self.held_truth, decided))
            accuracy = float((decided == self.held_truth).all(axis=1).mean())
        self.curve = (*self.curve, CurvePoint(step, epoch, loss, score, accuracy))
        return score


def _words(texts: Sequence[str], characters: bool) -> dict[str, int]:
    """Rows of the embedding, the most frequent word first."""
    counts = Counter(token.text for text in texts for token in spelled(text, characters))
    fewest = 2 if len(texts) >= FEWEST_FOR_TWICE else 1
    often = [word for word, count in counts.items() if count >= fewest]
    often = sorted(often, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    return {word: number for number, word in enumerate(often, UNKNOWN + 1)}


def _network(words: dict[str, int], labels: int, vectors_path: Path | None) -> Network:
    """Words that the file of vectors lacks begin at random, as large as those it has."""
    if vectors_path is None:
        network = Network(len(words) + 2, SIZE, labels)
        torch.nn.init.normal_(network.embedding.weight, std=0.3)
        torch.nn.init.zeros_(network.embedding.weight[0].detach())
        return network
    found, width = read_vectors(vectors_path, words)
    network = Network(len(words) + 2, width, labels)
    size = float(np.std(np.stack(list(found.values())))) if found else 0.3
    with torch.no_grad():
        network.embedding.weight.normal_(std=size or 0.3)
        network.embedding.weight[0] = 0.0
        for word, vector in found.items():
            network.embedding.weight[words[word]] = torch.from_numpy(vector)
    return network


def _copy(network: Network) -> dict[str, torch.Tensor]:
    return {name: part.detach().clone() for name, part in network.state_dict().items()}
