"""The steps of a fine-tuning, its epochs judged on validation rows, its state on disk."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.domain import CurvePoint, TrainingOptions
from core.errors import CannotTrain, Damaged, Paused
from core.evaluation.held_out import decide
from core.evaluation.scores import macro_f1
from core.models import memory, multi_gpu
from core.models.classifier import Head
from core.models.encoder import Encoder
from core.training import adapters, augmentation, calibration, resume, sampling
from core.training.averaging import Average
from core.training.batches import epoch_batches
from core.training.losses import Loss
from core.training.masking import Masking
from core.training.optimiser import LARGEST_NORM, optimiser_of, set_rates
from core.training.quick import surprises
from core.training.tuned import Tuned, prepare, settled

DOUBT = 2.0  # standard errors by which validation comments must speak against a later epoch
POINT_STEPS = 10  # steps between two points of the loss curve
OnStep = Callable[[int, int, tuple[CurvePoint, ...]], None]


@dataclass(frozen=True)
class Rows:
    texts: Sequence[str]
    truth: np.ndarray  # (rows,) label numbers, or (rows, labels) bool
    vectors: np.ndarray | None = None  # (rows, size) of the untouched encoder, where they are known

    def matrix(self, labels: int) -> np.ndarray:
        """(rows, labels) bool."""
        return self.truth if self.truth.ndim == 2 else np.eye(labels, dtype=bool)[self.truth]


@dataclass(frozen=True)
class Best:
    """The best epoch on the validation rows."""

    head: Head
    best_epoch: int  # 0: Quick's head on the untouched encoder
    validation_logits: np.ndarray  # (validation rows, labels)
    validation_f1: float | None  # None: there were no validation rows to judge on
    curve: tuple[CurvePoint, ...]
    stopped_early: bool
    steps: int  # that all epochs have together


@dataclass(frozen=True)
class Said:
    """Of the validation rows, by the weights of one moment."""

    logits: np.ndarray  # (rows, labels)
    answers: np.ndarray  # (rows, labels) calibrated
    surprised: np.ndarray  # (rows,) negative log-likelihood of the truth


class Loop:
    """One fine-tuning at work: what its steps share."""

    def __init__(
        self,
        encoder: Encoder,
        quick: Head,
        train: Rows,
        validation: Rows,
        options: TrainingOptions,
        folder: Path,
    ):
        options = settled(options, encoder)
        self.encoder, self.validation, self.options, self.folder = encoder, validation, options, folder
        labels = len(quick.weight)
        texts, truth = augmentation.with_copies(
            train.texts, train.matrix(labels), options.augment, options.seed
        )
        self.judged_on = validation.matrix(labels)
        self.ids = encoder.token_ids(texts)
        special = encoder.tokenizer.all_special_ids
        self.seen = Masking(options.token_masking, options.seed, encoder.tokenizer.mask_token_id, special)
        self.attention = prepare(encoder, [*self.ids, *encoder.token_ids(validation.texts)])
        adapters.freeze(encoder.model, options.frozen_layers)
        adapters.add(encoder.model, options.adapter_rank, options.seed)
        # No dropout in few-epoch tuning; some families have it where only `eval` reaches it.
        self.model = Tuned(encoder, quick).eval()
        self.optimiser = optimiser_of(self.model.encoder, self.model.head, options)
        weights = sampling.label_weights(truth, quick.multi) if options.balance == "weights" else None
        self.loss = Loss(quick.multi, options.label_smoothing, weights)
        # In the mean of a batch; with several labels a row the weights lie within the loss of the row.
        each_alike = weights is None or quick.multi
        self.worth = np.ones(len(texts)) if each_alike else weights[truth.argmax(axis=1)]
        wanted = torch.as_tensor(truth) if quick.multi else torch.as_tensor(truth.argmax(axis=1))
        self.truth = wanted.to(encoder.device.name)
        self.epochs = [epoch_batches(self.ids, truth, options, epoch) for epoch in range(options.epochs)]
        self.steps = sum(len(batches) for batches in self.epochs)
        self.average = None
        if options.averaging:
            self.average = Average(self.model, options.averaging, self.steps)
        self.kept: tuple[dict[str, torch.Tensor], np.ndarray] | None = None  # weights and logits of the best
        self.at_once = sum(map(len, self.ids))  # tokens; fewer where the memory is too small
        if encoder.device.on_gpu:
            self.at_once = encoder.tokens_at_once(max(map(len, self.ids)), training=True)

    def begin(self) -> resume.Progress:
        """Where the last state on disk stands, else Quick judged. Goes on with as many threads as before.

        Raises Damaged when several processes do not find the same state: they could not go on together.
        """
        bf16 = self.encoder.device.bf16
        progress = resume.load(self.folder, self.model, self.optimiser, bf16, self.average)
        if len(set(multi_gpu.gathered([progress]))) > 1:
            raise Damaged("The state of this training cannot be read the same way twice. Train again.")
        if multi_gpu.is_first():
            resume.drop_newer(self.folder, progress)
        if progress is None:
            return self.judge(resume.Progress(threads=torch.get_num_threads(), bf16=bf16), 0)
        if progress.threads:  # with others, sums are rounded otherwise and the model is another one
            torch.set_num_threads(progress.threads)
        return progress

    def is_over(self, progress: resume.Progress) -> bool:
        """Whether too many epochs have passed without a likelier one."""
        return 0 < self.options.patience <= progress.judged - progress.likeliest_epoch

    def epoch_of(self, step: int) -> float:
        return round(step / self.steps * self.options.epochs, 3)

    def save(self, progress: resume.Progress) -> resume.Progress:
        """Returns the progress that knows the best epoch by its hash."""
        if not multi_gpu.is_first():
            return progress
        return resume.save(self.folder, progress, self.model, self.optimiser, self.kept, self.average)

    def train(self, rows: np.ndarray, step: int) -> float:
        """One step; returns the loss. Several GPUs share a batch; one that the memory cannot hold is cut
        in halves.

        Raises CannotTrain when it cannot hold a single comment.
        """
        set_rates(self.optimiser, step, self.steps)
        try:
            loss = multi_gpu.summed_gradients(self.model.parameters(), self._learn(rows, step))
            self._clip()
            self.optimiser.step()
        except RuntimeError as error:
            if not memory.ran_out(error):
                raise
            raise CannotTrain(
                "The memory of this device is too small for one comment at a time. Choose a smaller "
                "encoder or fewer tokens under 'Advanced', or train on the processor."
            ) from error
        self.optimiser.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.look(step)
        return loss

    def _learn(self, rows: np.ndarray, step: int) -> float:
        """Gradients of the part of a batch that is this process's own; returns its share of the loss."""
        own, whole = multi_gpu.own_part(rows), float(self.worth[rows].sum())
        longest = max((len(self.ids[row]) for row in own), default=1)
        wanted = max(1, min(len(own), self.at_once // longest))
        loss, fitting = memory.halving(lambda size: self._gradients(own, step, size, whole), wanted)
        if fitting < wanted:
            self.at_once = fitting * longest
        return loss

    def _clip(self) -> None:
        """Gradients that are short enough are not written a second time."""
        learned = [weight for weight in self.model.parameters() if weight.grad is not None]
        norm = nn.utils.get_total_norm([weight.grad for weight in learned])
        if not norm <= LARGEST_NORM:  # also where it is no number
            nn.utils.clip_grads_with_norm_(learned, LARGEST_NORM, norm)

    def _gradients(self, rows: np.ndarray, step: int, size: int, whole: float) -> float:
        """Of the mean loss of a batch that is worth `whole`, `size` of `rows` at a time."""
        self.optimiser.zero_grad(set_to_none=True)  # of an attempt that did not fit
        parts = [rows[first : first + size] for first in range(0, len(rows), size)]
        return sum(self._backward(part, step, float(self.worth[part].sum()) / whole) for part in parts)

    def _backward(self, rows: np.ndarray, step: int, share: float) -> float:
        with self.encoder.device.autocast():
            logits = self.model([self.seen(self.ids[row], row, step) for row in rows])
        loss = self.loss(logits, self.truth[rows]) * share
        loss.backward()
        return loss.item()

    def judge(self, progress: resume.Progress, epoch: int) -> resume.Progress:
        """Score an epoch on the validation rows; keep its weights when `_is_better`.

        Its weights: the running mean, or the last ones where they make the validation rows likelier, as where
        Quick knew little and the mean lags behind.
        """
        last = self._said(epoch)
        if self.average is not None and epoch > 0:
            with self.average.in_place():
                mean = self._said(epoch)
                if not mean.surprised.mean() > last.surprised.mean():  # also where the last are no numbers
                    return self._judged(progress, epoch, mean)
        return self._judged(progress, epoch, last)

    def _said(self, epoch: int) -> Said:
        """Answers are judged as the model would give them, calibrated, but not on the rows they are judged
        on."""
        known = self.validation.vectors if epoch == 0 else None
        logits = self._logits() if known is None else self.model.plain_head().logits(known)
        answers = calibration.in_folds(logits, self.judged_on, self.model.multi)
        return Said(logits, answers, surprises(answers, self.judged_on, self.model.multi))

    def _judged(self, progress: resume.Progress, epoch: int, said: Said) -> resume.Progress:
        decided = decide(said.answers, self.model.multi)
        found = macro_f1(self.judged_on, decided)
        accuracy = float((decided == self.judged_on).all(axis=1).mean())
        progress = progress.with_point(CurvePoint(progress.step, float(epoch), None, found, accuracy))
        if epoch == 0 or _is_better(progress, found, said.surprised):
            if multi_gpu.is_first():  # to disk with the next state: on a GPU that takes longer than an epoch
                self.kept = resume.weights_of(self.model, copied=True), said.logits
            progress = progress.with_best(epoch, found)
        return progress.with_judged(epoch, found, said.surprised)

    def best(self, progress: resume.Progress) -> Best:
        """Put the best epoch's weights into the encoder and make it a plain one again."""
        if self.kept is None:
            logits = resume.load_best(self.folder, progress, self.model)
        else:
            weights, logits = self.kept
            resume.put_weights(self.model, weights)
        model = self.encoder.model
        adapters.merge(model)
        compact = model.get_input_embeddings()
        model.set_input_embeddings(compact.expand().to(self.encoder.device.name))
        model.set_attn_implementation(self.attention)
        model.eval()
        stopped = progress.judged < self.options.epochs
        return Best(
            self.model.plain_head(),
            progress.best_epoch,
            logits,
            progress.best_f1,
            progress.curve,
            stopped,
            self.steps,
        )

    def _logits(self) -> np.ndarray:
        """Of the validation rows. The same numbers in every process: their scores decide what all do next."""
        texts = self.validation.texts
        own = [texts[row] for row in multi_gpu.own_part(np.arange(len(texts)))]
        part = self.model.plain_head().logits(self.encoder.embed(own, exact=False))
        return np.concatenate(multi_gpu.gathered([part]))


def learn(loop: Loop, on_step: OnStep, save_seconds: float) -> resume.Progress:
    """All steps that are left; several processes take each of them together. See `fine_tune`."""
    progress = loop.begin()
    if progress.finished:
        return progress
    saved, step, losses = time.monotonic(), 0, list(progress.losses)
    for epoch, batches in enumerate(loop.epochs, start=1):
        if loop.is_over(progress):
            break
        for rows in batches:
            step += 1
            if step <= progress.step:
                continue
            losses.append(loop.train(rows, step))
            if step % POINT_STEPS == 0 or step == loop.steps:
                point = CurvePoint(step, loop.epoch_of(step), float(np.mean(losses)))
                progress, losses = progress.with_point(point), []
            if rows is not batches[-1] and time.monotonic() - saved > save_seconds:
                progress, saved = loop.save(progress.at(step, losses)), time.monotonic()
            try:
                on_step(step, loop.steps, progress.curve)
            except Paused:
                loop.save(progress.at(step, losses))
                raise
        if progress.judged < epoch:  # a state may have been saved before the last epoch was judged
            progress = loop.judge(progress.at(step, losses), epoch)
            if time.monotonic() - saved > save_seconds:
                progress, saved = loop.save(progress), time.monotonic()
    return loop.save(replace(progress, finished=True))


def _is_better(progress: resume.Progress, f1: float, surprised: np.ndarray) -> bool:
    """Whether an epoch takes the place of the best one; `surprised` (validation rows,): the negative
    log-likelihood of the truth.

    It does when it finds more than Quick or its answers are likelier, and when they are not by more than
    DOUBT standard errors less likely than those of the likeliest epoch. Rates fall to 0, so that a later
    epoch is better until much speaks against it; few rows order epochs by chance. To keep the likeliest, or
    to ask for a higher F1 than Quick's alone, cost up to a point of accuracy. After the rule of one standard
    error (Breiman et al. 1984), which still kept the second epoch where the third was better by half a point.
    """
    if not (f1 > progress.start_f1 or surprised.mean() < progress.start_surprise):
        return False
    if not progress.likeliest:
        return True
    worse = surprised - np.asarray(progress.likeliest)
    return bool(worse.mean() <= DOUBT * worse.std() / np.sqrt(len(worse)))
