"""Training beside Hugging Face Trainer: `python benchmarks/engine_training.py [--rows 600] [--rounds 2]`.

Every variant starts from the same encoder and the same head and has the same loss, learning rates and epochs;
they take turns, each in a process of its own, one thread. Prints processor milliseconds an example, how many
times faster than Trainer's default, accuracy on Banking77's test file, and the floor: the products alone in
bfloat16. Ours judges each epoch on validation comments and saves its state; of theirs some do so too.
Every one has the fused AdamW. Where products are in bfloat16, Trainer's best settings stand here twice: with
the attention that transformers loads by itself, and with the one that is fastest backwards on a processor,
which no setting of Trainer names.
So ours is compared three ways: its steps alone with Trainer that only steps, all of it with Trainer that also
judges and saves, and, unlike with unlike, all of it with Trainer that only steps.
`--few` compares Quick at 8 comments a label with a contrastive stage (as SetFit has) before it, in five draws
of the comments; `--few --setfit PYTHON` adds SetFit itself, trained by an interpreter that has it
(`python3 -m venv DIR && DIR/bin/pip install setfit`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from engine_common import (
    LAYER_WEIGHTS,
    MAX_TOKENS,
    banking,
    make_peer,
    middle,
    product_rate,
    some,
    verdict,
)
from torch.nn import functional

from core.domain import BUNDLED_ENCODER, TrainingOptions
from core.models.catalog import open_encoder
from core.models.classifier import Head
from core.models.device import choose_device
from core.training.loop import Loop, Rows
from core.training.quick import fit_head
from core.training.trainer import fine_tune

BODY, HEAD = 1e-4, 1e-2  # learning rates
DEFAULT, BEST, OURS = "Trainer, its default", "Trainer, by length, 32, best dtype", "ours"
ALIKE = "the same, judging epochs and saving"
BEST_EAGER = "Trainer so, with eager attention"
ALIKE_EAGER = "the same, judging epochs, saving"
STEPS = "ours without judging and saving"


@dataclass(frozen=True)
class Work:
    """The rows and the head that all variants start from; every variant gets it in a process of its own."""

    epochs: int
    bf16: bool
    texts: list[str]
    labels: np.ndarray  # (rows,) label numbers
    ids: list[list[int]]  # tokens of `texts`
    held: list[str]  # validation comments
    held_ids: list[list[int]]
    held_labels: np.ndarray
    held_vectors: np.ndarray  # that Quick has read before, as it has those of `texts`
    head: Head
    device: str = "cpu"


def prepared(rows: int, validation: int, epochs: int, on: str = "cpu") -> Work:
    device = choose_device(on)
    texts, labels, names = banking("train")
    chosen = some(labels, rows + validation, 0)
    train, held = ([texts[row] for row in part] for part in (chosen[:rows], chosen[rows:]))
    learned = labels[chosen[:rows]]
    encoder = open_encoder(BUNDLED_ENCODER, device, MAX_TOKENS)
    head = fit_head(encoder.embed(train), learned, len(names), 10.0)
    ids = encoder.token_ids(train)
    beside = held, encoder.token_ids(held), labels[chosen[rows:]], encoder.embed(held)
    return Work(epochs, device.bf16, train, learned, ids, *beside, head, on)


def ours(work: Work, seed: int) -> Callable:
    options = TrainingOptions(
        mode="better",
        seed=seed,
        epochs=work.epochs,
        body_rate=BODY,
        head_rate=HEAD,
        max_tokens=MAX_TOKENS,
        token_masking=0.0,  # as Trainer, which reads every word
        averaging=0.0,  # and answers with its last weights
    )
    encoder = open_encoder(BUNDLED_ENCODER, choose_device(work.device), MAX_TOKENS)
    parts = Rows(work.texts, work.labels), Rows(work.held, work.held_labels, work.held_vectors)

    def run():
        with tempfile.TemporaryDirectory() as folder, stopwatch(Loop, "judge", "save") as beside:
            head = fine_tune(encoder, work.head, *parts, options, Path(folder)).head
        return encoder, head, sum(beside)

    return run


@contextmanager
def stopwatch(owner: type, *names: str) -> Iterator[list[float]]:
    """Gives a list of the processor seconds of each call of these methods, none of which calls another."""
    seconds: list[float] = []

    def timed(method):
        def call(*given):
            started = time.process_time()
            try:
                return method(*given)
            finally:
                seconds.append(time.process_time() - started)

        return call

    with ExitStack() as stack:
        for name in names:
            stack.enter_context(mock.patch.object(owner, name, timed(getattr(owner, name))))
        yield seconds


def default(work: Work, seed: int) -> Callable:
    return trainer(work, seed)


def best(work: Work, seed: int, **more) -> Callable:
    by_length = {"per_device_train_batch_size": 32, "train_sampling_strategy": "group_by_length"}
    return trainer(work, seed, bf16=work.bf16, **by_length, **more)


def alike(work: Work, seed: int, **more) -> Callable:
    """Does what ours does: each epoch is judged on the validation comments, the state saved at the end."""
    at_the_end = {"save_strategy": "steps", "save_steps": 0.999}
    each = {"eval_strategy": "epoch", "per_device_eval_batch_size": 32, **at_the_end}
    return best(work, seed, **each, **more)


def trainer(work: Work, seed: int, attention: str = "sdpa", **settings) -> Callable:
    """Hugging Face Trainer with dynamic padding; batch 8, nothing judged or saved, unless `settings` say
    otherwise."""
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    peer = make_peer(work.head, attention)
    examples, held = as_examples(work.ids, work.labels), as_examples(work.held_ids, work.held_labels)
    groups = [
        {"params": peer.bert.parameters(), "lr": BODY},
        {"params": peer.classifier.parameters(), "lr": HEAD},
    ]
    folder = tempfile.TemporaryDirectory()
    arguments = TrainingArguments(
        folder.name,
        num_train_epochs=work.epochs,
        seed=seed,
        use_cpu=work.device == "cpu",
        report_to=[],
        disable_tqdm=True,
        logging_strategy="no",
        dataloader_pin_memory=work.device != "cpu",
        warmup_steps=0.1,
        **{"save_strategy": "no", **settings},
    )
    loop = Trainer(
        peer,
        arguments,
        data_collator=DataCollatorWithPadding(open_tokenizer()),
        train_dataset=examples,
        eval_dataset=held,
        optimizers=(torch.optim.AdamW(groups, weight_decay=0.01, fused=True), None),
    )

    def run():
        with folder:
            loop.train()
        return peer

    return run


def as_examples(rows: list[list[int]], labels: np.ndarray) -> list[dict]:
    return [
        {"input_ids": ids, "labels": int(label), "length": len(ids)}
        for ids, label in zip(rows, labels, strict=True)
    ]


VARIANTS = {
    DEFAULT: default,
    BEST: best,
    ALIKE: alike,
    OURS: ours,
    BEST_EAGER: partial(best, attention="eager"),
    ALIKE_EAGER: partial(alike, attention="eager"),
}
IN_BF16 = BEST_EAGER, ALIKE_EAGER  # in float32 transformers' own attention is the fastest


def open_tokenizer():
    from transformers import AutoTokenizer

    from core.models.bundled import bundled_path

    return AutoTokenizer.from_pretrained(bundled_path())


def measured(work: Work, name: str, seed: int) -> tuple[float, float, float, float]:
    """Processor seconds, wall seconds and test accuracy of one training, in the process that calls; processor
    seconds that went into judging and saving, where that is known."""
    run = VARIANTS[name](work, seed)
    cpu, wall = time.process_time(), time.perf_counter()
    result = run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu, wall, accuracy_of(result), result[2] if isinstance(result, tuple) else 0.0


def accuracy_of(result) -> float:
    """On the test file, of what a variant returned."""
    if isinstance(result, tuple):
        encoder, head, _ = result
    else:
        encoder = open_encoder(BUNDLED_ENCODER, choose_device("cpu"), MAX_TOKENS)
        encoder.model.load_state_dict(result.bert.state_dict(), strict=False)
        layer = result.classifier.cpu()
        head = Head(layer.weight.detach().numpy(), layer.bias.detach().numpy())
    texts, labels, _ = banking("test")
    return float((head.logits(encoder.embed(texts)).argmax(axis=1) == labels).mean())


def in_turns(work: Work, rounds: int) -> dict[str, list[tuple[float, float, float, float]]]:
    """What `measured` says of each variant in each round, A B A B.

    Each in a fresh process: the memory that one has kept does not speed up the next.
    """
    found = {name: [] for name in VARIANTS if work.bf16 or name not in IN_BF16}
    for number in range(rounds):
        for name, taken in found.items():
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                taken.append(pool.submit(measured, work, name, number).result())
            said = f"  round {number + 1}, {name}: {taken[-1][0]:.1f} CPU s"
            print(said, file=sys.stderr, flush=True)
    return found


def compare(rows: int, validation: int, epochs: int, rounds: int) -> None:
    work = prepared(rows, validation, epochs)
    tokens = float(np.mean([len(row) for row in work.ids]))
    found = in_turns(work, rounds)
    dtype = torch.bfloat16 if work.bf16 else torch.float32
    floor = 1000 * 6 * LAYER_WEIGHTS * tokens / product_rate(dtype)
    accuracy = {name: np.mean([one[2] for one in taken]) for name, taken in found.items()}
    examples = rows * epochs
    cost = {name: 1000 * middle(taken) / examples for name, taken in found.items()}
    cost[STEPS] = cost[OURS] - 1000 * middle(found[OURS], 3) / examples
    print(f"\n{rows:,} comments of {tokens:.1f} tokens, {epochs} epochs; {choose_device('cpu').description}")
    print(f"{'variant':38} {'CPU ms':>7} {'wall ms':>8} {'x default':>9} {'accuracy':>9}")
    for name, taken in found.items():
        wall = 1000 * middle(taken, 1) / examples
        print(
            f"{name:38} {cost[name]:7.1f} {wall:8.1f} {cost[DEFAULT] / cost[name]:9.2f} {accuracy[name]:9.4f}"
        )
    print(f"{STEPS:38} {cost[STEPS]:7.1f} {'':8} {cost[DEFAULT] / cost[STEPS]:9.2f}")
    print(f"{'floor: the products alone, ' + str(dtype).removeprefix('torch.'):38} {floor:7.1f}")
    judge(cost, accuracy, floor, work.bf16)


def judge(cost: dict, accuracy: dict, floor: float, bf16: bool) -> None:
    wanted = 3.3 if bf16 else 2.4
    times = cost[DEFAULT] / cost[OURS]
    print(f"\n{times:.2f} x Trainer's default; wanted {wanted}: {verdict(times >= wanted)}")
    for more, alone, judging in (("", BEST, ALIKE), (" with eager attention", BEST_EAGER, ALIKE_EAGER)):
        if alone not in cost:
            continue
        for what, theirs, own in (
            ("neither judges nor saves", alone, STEPS),
            ("both judge their epochs and save", judging, OURS),
            ("ours judges and saves, Trainer does not", alone, OURS),
        ):
            best = cost[theirs] / cost[own]
            print(f"{best:.2f} x Trainer's best settings{more}, {what}; wanted 1.8: {verdict(best >= 1.8)}")
    if bf16:
        share = floor / cost[OURS]
        print(f"its floor in bfloat16 is {share:.0%} of its time; wanted 45%: {verdict(share >= 0.45)}")
    behind = 100 * (max(right for name, right in accuracy.items() if name != OURS) - accuracy[OURS])
    print(f"{behind:+.2f} points behind the better Trainer; allowed 0.5: {verdict(behind <= 0.5)}")


def few(each: int = 8, steps: int = 20, draws: int = 5, setfit: str = "") -> None:
    """Quick against Quick after a contrastive stage, all on `each` comments a label, mean and range over
    `draws` of them; `setfit` is the interpreter that runs SetFit beside them."""
    all_texts, all_labels, names = banking("train")
    test_texts, test_labels, _ = banking("test")
    print(f"\n{each} comments a label ({each * len(names)}), {draws} draws; test accuracy, CPU s of a draw")
    found: dict[str, list[tuple[float, float]]] = {}
    for draw in range(draws):
        chosen = some(all_labels, each * len(names), draw)
        texts, labels = [all_texts[row] for row in chosen], all_labels[chosen]
        for name, stage in (("Quick", 0), (f"contrastive stage of {steps} steps, then Quick", steps)):
            encoder = open_encoder(BUNDLED_ENCODER, choose_device("cpu"), MAX_TOKENS)
            started = time.process_time()
            contrast(encoder, texts, labels, stage)
            head = fit_head(encoder.embed(texts), labels, len(names), 10.0)
            seconds = time.process_time() - started
            said = head.logits(encoder.embed(test_texts)).argmax(axis=1)
            found.setdefault(name, []).append((float(np.mean(said == test_labels)), seconds))
        if setfit:
            given = {"texts": texts, "labels": labels.tolist(), "asked": test_texts}
            told = by_setfit(setfit, given, steps)
            right = float(np.mean(told["said"] == test_labels))
            found.setdefault(f"SetFit, {steps} steps", []).append((right, told["cpu_seconds"]))
    for name, taken in found.items():
        accuracy, seconds = zip(*taken, strict=True)
        print(
            f"{name:48} {np.mean(accuracy):.4f} ({min(accuracy):.4f} to {max(accuracy):.4f}) "
            f"{min(seconds):6.1f} to {max(seconds):.1f} CPU s",
            flush=True,
        )
    accuracy, seconds = zip(*found["Quick"], strict=True)
    reached = np.mean(accuracy) >= 0.83 and max(seconds) <= 5
    print(f"Quick: {np.mean(accuracy):.4f} in {max(seconds):.1f} CPU s; wanted 0.83 in 5: {verdict(reached)}")


def by_setfit(interpreter: str, given: dict, steps: int) -> dict:
    """`said` and `cpu_seconds` of a training in a process of its own."""
    from core.models.bundled import bundled_path

    script = Path(__file__).with_name("engine_setfit.py")
    done = subprocess.run(
        [interpreter, script, bundled_path(), str(steps)],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def contrast(encoder, texts: list[str], labels: np.ndarray, steps: int, pairs: int = 64) -> None:
    """Pull comments of a label together, push others apart: (cosine - same)^2, as SetFit does."""
    rng, ids = np.random.default_rng(0), encoder.token_ids(texts)
    optimiser = torch.optim.AdamW(encoder.model.parameters(), lr=2e-5, fused=True)
    encoder.model.eval()
    for _ in range(steps):
        left = rng.integers(0, len(texts), pairs)
        same = rng.random(pairs) < 0.5
        right = [
            rng.choice(np.flatnonzero((labels == labels[row]) == alike))
            for row, alike in zip(left, same, strict=True)
        ]
        with encoder.device.autocast():
            vectors = encoder.pooled_rows([ids[row] for row in [*left, *right]])
        cosine = (vectors[:pairs] * vectors[pairs:]).sum(1)
        functional.mse_loss(cosine, torch.as_tensor(same, dtype=torch.float32)).backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--validation", type=int, default=154)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--few", action="store_true", help="8 comments a label instead")
    parser.add_argument("--setfit", default="", metavar="PYTHON", help="an interpreter that has setfit")
    given = parser.parse_args()
    if given.few:
        few(setfit=given.setfit)
    else:
        compare(given.rows, given.validation, given.epochs, given.rounds)
