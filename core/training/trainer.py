"""Better: fine-tune the whole encoder, starting from Quick's head (LP-FT, Kumar et al. 2022)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.domain import CurvePoint, TrainingOptions
from core.models.batches import shuffled_batches
from core.models.classifier import Head
from core.models.encoder import Encoder
from core.training import resume
from core.training.metrics import macro_f1
from core.training.vocabulary import CompactEmbedding

WARM_UP = 0.1  # share of the steps in which the learning rate rises
POINT_STEPS = 10  # steps between two points of the loss curve
SAVE_SECONDS = 30.0


@dataclass(frozen=True)
class Rows:
    texts: Sequence[str]
    truth: np.ndarray  # (rows,) label numbers


@dataclass(frozen=True)
class FineTuned:
    head: Head
    best_epoch: int  # 0: Quick's head on the untouched encoder was best on the validation rows
    validation_logits: np.ndarray  # of the best epoch
    curve: tuple[CurvePoint, ...]


class Tuned(nn.Module):
    """The encoder and a linear head as one trainable module."""

    def __init__(self, encoder: Encoder, head: Head):
        super().__init__()
        self.encoder = encoder.model
        self.pooled = encoder.pooled
        self.head = nn.Linear(head.weight.shape[1], head.weight.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(torch.as_tensor(head.weight))
            self.head.bias.copy_(torch.as_tensor(head.bias))
        self.head.to(encoder.device.name)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        vectors = self.pooled(ids, mask)
        with torch.autocast(vectors.device.type, enabled=False):  # bf16 would round logits to 3 digits
            return self.head(vectors)


def fine_tune(
    encoder: Encoder,
    quick: Head,
    train: Rows,
    validation: Rows,
    options: TrainingOptions,
    folder: Path,
    on_step: Callable[[int, int, tuple[CurvePoint, ...]], None] = lambda step, steps, curve: None,
    save_seconds: float = SAVE_SECONDS,
) -> FineTuned:
    """Train in place and leave `encoder` with the weights of the best epoch, Quick included.

    `on_step(step, steps, curve)` after each step may raise to stop. State goes to `folder` every
    `save_seconds` and after each epoch; the same call after a kill goes on from there.
    """
    usual = prepare(encoder, [*train.texts, *validation.texts])
    model = Tuned(encoder, quick)
    optimiser = _optimiser(model, options)
    ids = encoder.token_ids(train.texts)
    truth = torch.as_tensor(train.truth, dtype=torch.long, device=encoder.device.name)
    epochs = [_epoch_batches(ids, options, epoch) for epoch in range(options.epochs)]
    steps = sum(len(batches) for batches in epochs)

    progress = resume.load(folder, model, optimiser)
    if progress is None:
        progress = resume.Progress()
        progress = _judge(model, encoder, validation, progress, folder, epoch=0)
    saved = time.monotonic()
    step, losses = 0, list(progress.losses)
    for epoch, batches in enumerate(epochs, start=1):
        for rows in batches:
            step += 1
            if step <= progress.step:
                continue
            _set_rates(optimiser, step, steps)
            losses.append(_train_batch(model, encoder, optimiser, [ids[r] for r in rows], truth[rows]))
            if step % POINT_STEPS == 0 or step == steps:
                point = CurvePoint(step, round(step / steps * options.epochs, 3), float(np.mean(losses)))
                progress, losses = progress.with_point(point), []
            # The end of an epoch is saved once it is judged: a state before that would skip the judging.
            if rows is not batches[-1] and time.monotonic() - saved > save_seconds:
                resume.save(folder, progress.at(step, losses), model, optimiser)
                saved = time.monotonic()
            on_step(step, steps, progress.curve)
        if step > progress.step:
            progress = _judge(model, encoder, validation, progress.at(step, losses), folder, epoch)
            resume.save(folder, progress, model, optimiser)
    return _best(model, encoder, progress, folder, validation, usual)


def prepare(encoder: Encoder, texts: Sequence[str]) -> str:
    """A vocabulary of `texts` alone, and attention that is fast in bf16.

    Returns the attention implementation that was there.
    """
    # torch's fused attention is about six times slower than plain products backwards in bf16 on CPU.
    usual = encoder.model.config._attn_implementation
    if encoder.device.on_cpu and encoder.device.bf16:
        encoder.model.set_attn_implementation("eager")
    used = {number for row in encoder.token_ids(texts) for number in row}
    used |= set(encoder.tokenizer.all_special_ids)
    encoder.model.set_input_embeddings(CompactEmbedding(encoder.model.get_input_embeddings(), used))
    return usual


def _epoch_batches(ids: list[list[int]], options: TrainingOptions, epoch: int) -> list[np.ndarray]:
    """From seed and epoch alone, so that a resumed training sees the same batches."""
    rng = np.random.default_rng([options.seed, epoch])
    return shuffled_batches([len(row) for row in ids], options.batch_tokens, rng)


def _optimiser(model: Tuned, options: TrainingOptions) -> torch.optim.AdamW:
    body = [weight for weight in model.encoder.parameters() if weight.requires_grad]
    groups = [
        {"params": body, "lr": options.body_rate, "base": options.body_rate},
        {"params": list(model.head.parameters()), "lr": options.head_rate, "base": options.head_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)


def _set_rates(optimiser: torch.optim.AdamW, step: int, steps: int) -> None:
    warm = max(1, int(WARM_UP * steps))
    factor = step / warm if step <= warm else max(0.0, (steps - step) / max(1, steps - warm))
    for group in optimiser.param_groups:
        group["lr"] = group["base"] * factor


def _train_batch(model: Tuned, encoder: Encoder, optimiser, rows: list[list[int]], truth) -> float:
    model.eval()  # no dropout in few-epoch tuning: some families have it where only this reaches it
    with encoder.device.autocast():
        logits = model(*encoder.batch(rows))
    loss = functional.cross_entropy(logits.float(), truth)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return loss.item()


def _head(model: Tuned) -> Head:
    weight, bias = model.head.weight.detach().float().cpu(), model.head.bias.detach().float().cpu()
    return Head(weight.numpy().copy(), bias.numpy().copy())


def _judge(model, encoder, validation: Rows, progress, folder: Path, epoch: int):
    """Score an epoch on the validation rows; keep its weights when it is the best so far."""
    logits = _head(model).logits(encoder.embed(validation.texts))
    found = macro_f1(validation.truth, logits.argmax(axis=1), logits.shape[1])
    accuracy = float(np.mean(logits.argmax(axis=1) == validation.truth))
    point = CurvePoint(progress.step, float(epoch), None, found, accuracy)
    progress = progress.with_point(point)
    if epoch == 0 or found > progress.best_f1:
        progress = progress.with_best(epoch, found)
        resume.save_best(folder, epoch, model)
    return progress


def _best(model, encoder, progress, folder: Path, validation: Rows, attention: str) -> FineTuned:
    resume.load_best(folder, progress.best_epoch, model)
    compact = encoder.model.get_input_embeddings()
    encoder.model.set_input_embeddings(compact.expand().to(encoder.device.name))
    encoder.model.set_attn_implementation(attention)
    encoder.model.eval()
    head = _head(model)
    logits = head.logits(encoder.embed(validation.texts))
    return FineTuned(head, progress.best_epoch, logits, progress.curve)
