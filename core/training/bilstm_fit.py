"""Fits the BiLSTM: AdamW on batches of similar length, the best pass stays."""

import copy
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.domain import CurvePoint, TrainingOptions
from core.errors import CannotTrain, Paused
from core.evaluation.held_out import decide
from core.evaluation.scores import macro_f1
from core.models.batches import shuffled_batches
from core.models.bilstm import UNKNOWN, BiLstm, Network, answer, numbers, spelled
from core.models.device import Device
from core.training import calibration, resume
from core.training.baselines import written_without_spaces
from core.training.losses import Loss
from core.training.material import Material
from core.training.sampling import balanced_rows, label_weights
from core.training.vectors_file import read_vectors

SIZE = 100  # of a learned word vector
FEWEST_FOR_TWICE = 200  # texts from which a word has to occur twice
MOST_WORDS = 50_000
PASSES = 6  # times over the rows for one epoch of the options: a network from nothing learns slower
RATE, WARM_SHARE, LAST_SHARE, CLIP = 4e-3, 0.05, 0.02, 1.0
SAVE_SECONDS = 30.0
OnStep = Callable[[int, int, tuple[CurvePoint, ...]], None]


@dataclass(frozen=True)
class BilstmFit:
    model: BiLstm  # calibrated, with the weights of its best pass
    validation_logits: np.ndarray  # (validation rows, labels) of it, before the calibration
    best_epoch: float  # of the epochs of the options, each of PASSES passes
    steps: int  # that were taken
    stopped_early: bool
    curve: tuple[CurvePoint, ...]
    from_file: int | None  # of its words that the file of vectors has; None: there was no file


def fit_bilstm(
    material: Material,
    train: np.ndarray,
    validation: np.ndarray,
    on_step: OnStep = lambda step, steps, curve: None,
    *,
    folder: Path,
    save_seconds: float = SAVE_SECONDS,
    vectors_path: Path | None = None,
    device: Device | None = None,
) -> BilstmFit:
    """Learns from the rows `train`; `validation` rows choose the pass and calibrate.

    `on_step(step, steps, curve)` may raise to stop; Paused is raised on once the state is saved. State goes
    to `folder` every `save_seconds`; the same call after a kill or a pause goes on from there. Raises
    BadFile for a bad file of vectors, CannotTrain without rows. The same seed, rows and threads give the
    same weights; torch's own state is kept.
    """
    if not len(train):
        raise CannotTrain("No comment is left to learn from. Label more comments.")
    texts, options = material.texts_of(train), material.options
    characters = written_without_spaces(texts)
    words = _words(texts, characters)
    on_gpu = device is not None and device.on_gpu
    with torch.random.fork_rng(devices=[torch.device(device.name)] if on_gpu else []):
        torch.manual_seed(options.seed)
        network, from_file = _network(words, len(material.labels), vectors_path)
        network.to(device.name if device else "cpu")
        rows = [numbers(text, words, options.max_tokens, characters) for text in texts]
        held = [
            numbers(text, words, options.max_tokens, characters) for text in material.texts_of(validation)
        ]
        loop = Loop(material, network, rows, material.truth[train], held, material.truth[validation], folder)
        progress = loop.run(on_step, save_seconds)
    network.load_state_dict(loop.best.state_dict())
    network.eval()
    found = calibration.fit(loop.best_logits, material.truth[validation], material.multi)
    return BilstmFit(
        BiLstm(material.labels, material.multi, found, words, network, options.max_tokens, characters),
        loop.best_logits,
        round(progress.best_epoch / PASSES, 2),
        progress.step,
        progress.judged < passes_of(options),
        progress.curve,
        from_file,
    )


def passes_of(options: TrainingOptions) -> int:
    return PASSES * options.epochs


class Loop:
    """One training at work. What chance decides in a step follows from seed and step alone, so that a
    resumed training takes the same steps."""

    def __init__(  # noqa: PLR0917
        self,
        material: Material,
        network: Network,
        rows: Sequence[list[int]],
        truth: np.ndarray,
        held: Sequence[list[int]],
        held_truth: np.ndarray,
        folder: Path,
    ):
        self.options, self.multi, self.folder = material.options, material.multi, folder
        self.network, self.rows, self.truth = network, rows, truth
        self.held, self.held_truth = held, held_truth
        self.best, self.best_logits = copy.deepcopy(network), np.zeros((len(held), truth.shape[1]))
        weights = label_weights(truth, self.multi) if self.options.balance == "weights" else None
        self.loss = Loss(self.multi, self.options.label_smoothing, weights)
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=RATE, weight_decay=self.options.weight_decay
        )

    def run(self, on_step: OnStep, save_seconds: float) -> resume.Progress:
        """All steps that are left; `best` has the weights of the best pass afterwards."""
        progress = self._begin()
        passes, saved, step, losses = passes_of(self.options), time.monotonic(), 0, list(progress.losses)
        for number in range(1, passes + 1):
            if self._is_over(progress):
                break
            batches = self._batches(number)
            steps = step + len(batches) * (passes - number + 1)
            for batch in batches:
                step += 1
                if step <= progress.step:
                    continue
                losses.append(self._learn(batch, step, steps))
                if time.monotonic() - saved > save_seconds:
                    progress, saved = self._save(progress.at(step, losses)), time.monotonic()
                try:
                    on_step(step, steps, progress.curve)
                except Paused:
                    self._save(progress.at(step, losses))
                    raise
            if progress.judged < number:  # a state may have been saved before the last pass was judged
                progress, losses = self._judge(progress.at(step, losses), number), []
        return progress

    def _begin(self) -> resume.Progress:
        """Where the last state on disk stands. Goes on with as many threads as before."""
        progress = resume.load(self.folder, self.network, self.optimiser, bf16=False)
        resume.drop_newer(self.folder, progress)
        if progress is None:
            return resume.Progress(judged=0, threads=torch.get_num_threads(), bf16=False)
        if progress.threads:  # with others, sums are rounded otherwise and the model is another one
            torch.set_num_threads(progress.threads)
        self.best_logits = resume.load_best(self.folder, progress, self.best)
        return progress

    def _save(self, progress: resume.Progress) -> resume.Progress:
        """Returns the progress that knows the best pass by its hash."""
        best = resume.weights_of(self.best), self.best_logits
        return resume.save(self.folder, progress, self.network, self.optimiser, best)

    def _is_over(self, progress: resume.Progress) -> bool:
        """Whether too many passes have gone by without a better one."""
        return 0 < PASSES * self.options.patience <= progress.judged - progress.best_epoch

    def _batches(self, number: int) -> list[np.ndarray]:
        """Of one pass, from 1 on."""
        rng = np.random.default_rng([self.options.seed, number])
        chosen = np.arange(len(self.rows))
        if self.options.balance == "sampling":
            chosen = balanced_rows(self.truth, rng)
        lengths = [len(self.rows[row]) for row in chosen]
        return [chosen[batch] for batch in shuffled_batches(lengths, self.options.batch_tokens, rng)]

    def _learn(self, batch: np.ndarray, step: int, steps: int) -> float:
        """Loss of one step, from 1 on; the rate rises shortly, then falls as half a cosine."""
        done = (step - 1) / steps
        rise = min(1.0, (done + 1e-3) / WARM_SHARE)
        fall = LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * done))
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * rise * fall
        torch.manual_seed(int(np.random.SeedSequence([self.options.seed, step]).generate_state(1)[0]))
        self.network.train()
        truth = self.truth[batch] if self.multi else self.truth[batch].argmax(axis=1)
        logits = self.network([self.rows[row] for row in batch])
        loss = self.loss(logits, torch.as_tensor(truth, device=logits.device))
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        return float(loss.detach())

    def _judge(self, progress: resume.Progress, number: int) -> resume.Progress:
        """Score a pass on the validation rows; keep its weights when it is the best so far. Without such
        rows the last pass is the best."""
        score = accuracy = None
        logits = answer(self.network, self.held, self.truth.shape[1])
        if len(self.held):
            decided = decide(calibration.in_folds(logits, self.held_truth, self.multi), self.multi)
            score = float(macro_f1(self.held_truth, decided))
            accuracy = float((decided == self.held_truth).all(axis=1).mean())
        loss = sum(progress.losses) / len(progress.losses)
        progress = progress.with_point(CurvePoint(progress.step, number / PASSES, loss, score, accuracy))
        if score is None or score > progress.best_f1:
            self.best.load_state_dict(self.network.state_dict())
            self.best_logits = logits
            progress = progress.with_best(number, score or 0.0)
        return progress.with_judged(number).at(progress.step, ())


def _words(texts: Sequence[str], characters: bool) -> dict[str, int]:
    """Rows of the embedding, the most frequent word first."""
    counts = Counter(token.text for text in texts for token in spelled(text, characters))
    fewest = 2 if len(texts) >= FEWEST_FOR_TWICE else 1
    often = [word for word, count in counts.items() if count >= fewest]
    often = sorted(often, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    return {word: number for number, word in enumerate(often, UNKNOWN + 1)}


def _network(words: dict[str, int], labels: int, vectors_path: Path | None) -> tuple[Network, int | None]:
    """Words that the file of vectors lacks begin at random, as large as those it has. With it, how many
    words the file has; None without a file."""
    if vectors_path is None:
        network = Network(len(words) + 2, SIZE, labels)
        torch.nn.init.normal_(network.embedding.weight, std=0.3)
        torch.nn.init.zeros_(network.embedding.weight[0].detach())
        return network, None
    found, width = read_vectors(vectors_path, words)
    network = Network(len(words) + 2, width, labels)
    size = float(np.std(np.stack(list(found.values())))) if found else 0.3
    with torch.no_grad():
        network.embedding.weight.normal_(std=size or 0.3)
        network.embedding.weight[0] = 0.0
        for word, vector in found.items():
            network.embedding.weight[words[word]] = torch.from_numpy(vector)
    return network, len(found)
