"""How long a person waits for an explanation: `python benchmarks/explain_speed.py [--rounds 7]`.

Quick on the 10 largest labels of Banking77, one thread. Medians over comments and rounds, variants in turn:
processor seconds (what a person waits on a quiet machine), wall seconds, and processor seconds as ratios to a
plain forward pass of the same text in the same round, beside the figures to reach. Exit code 1 when one is
missed.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from engine_common import DATA  # first: it finds the project
from faithfulness import banking, train

from core.explain import attention, editing, integrated, occlusion, relevance, rollout, shapley
from core.explain.editing import Edit
from core.models.device import use_threads
from core.workflow import attending

SHORT, LONG, LONGEST = 13, 64, 512  # words; tokens; tokens
COMMENTS = 5  # of each length


@dataclass(frozen=True)
class Variant:
    name: str
    texts: Sequence[str]
    work: Callable[[str], object]
    seconds: float | None = None  # to reach


def variants(model, short: Sequence[str], long: Sequence[str], longest: str) -> list[Variant]:
    def words(method) -> Callable[[str], object]:
        return lambda text: method(model, text, model.labels[0])

    def edit(text: str):
        return editing.answers(model, [text, editing.edited(text, [Edit(0, len(text.split(maxsplit=1)[0]))])])

    def look(text: str):
        return attending.coded(attention.matrix(attention.look(model, text), 0, 0).matrix)

    kept = attention.look(model, longest)  # the page keeps it too

    def contrast(text: str):
        return integrated.explain(model, text, model.labels[0], against=model.labels[1])

    return [
        Variant("words, 13 words: occlusion, the default", short, words(occlusion.explain), 0.3),
        Variant("    integrated gradients", short, words(integrated.explain)),
        Variant("    label against label", short, contrast),
        Variant("    Shapley sampling", short, words(shapley.explain)),
        Variant("    gradient x attention", short, words(relevance.explain)),
        Variant("words, 64 tokens: integrated gradients, the default", long, words(integrated.explain), 2.0),
        Variant("    occlusion", long, words(occlusion.explain)),
        Variant("    Shapley sampling", long, words(shapley.explain)),
        Variant("edit and see, 13 words", short, edit, 0.2),
        Variant("edit and see, 64 tokens", long, edit, 0.2),
        Variant("smallest deletion, 13 words", short, lambda text: editing.smallest_flip(model, text)),
        Variant("first attention matrix, 13 words", short, look, 0.5),
        Variant("first attention matrix, 64 tokens", long, look, 0.5),
        Variant("first attention matrix, 512 tokens", [longest], look, 0.5),
        Variant("    all heads summed up", [longest], lambda text: attention.overview(kept), 0.3),
        Variant("    where one word looked", [longest], lambda text: attention.words(kept, 0, 0, 0)),
        Variant("    words by layer", [longest], lambda text: rollout.by_layer(kept)),
    ]


def texts_of(model, rows: Sequence[str]) -> tuple[list[str], list[str], str]:
    """Comments of 13 words, comments joined to 64 tokens, and one of all that the model reads."""
    short = [text for text in rows if len(text.split()) == SHORT][:COMMENTS]
    words = " ".join(rows).split()
    long = []
    while len(long) < COMMENTS:
        count = 1
        while len(model.tokens(" ".join(words[:count]))) < LONG:
            count += 1
        long.append(" ".join(words[:count]))
        words = words[count:]
    return short, long, " ".join(words[:LONGEST])


def seconds(work: Callable[[str], object], text: str) -> tuple[float, float]:
    """Of the processor and of the wall clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    work(text)
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    use_threads(1)
    rows = banking(asked.data, seed=0)
    model = train(rows, seed=0, better=False)
    model.encoder.max_tokens = LONGEST
    every = variants(model, *texts_of(model, rows.test["text"].tolist()))
    taken: list[list[tuple[float, float, float]]] = [[] for _ in every]
    for number in range(asked.rounds + 1):
        for place, variant in enumerate(every):
            text = variant.texts[number % len(variant.texts)]
            plain, _ = seconds(lambda text: model.probabilities([text]), text)
            cpu, wall = seconds(variant.work, text)
            if number:  # the first round warms up
                taken[place].append((cpu, wall, cpu / plain))
    print(f"{'':54}{'CPU s':>8}{'wall s':>8}{'forwards':>10}{'to reach, s':>13}")
    return int(not all([reached(*pair) for pair in zip(every, taken, strict=True)]))


def reached(variant: Variant, taken: Sequence[tuple[float, float, float]]) -> bool:
    """Prints the line of a variant."""
    cpu, wall, ratio = (median(column) for column in zip(*taken, strict=True))
    line = f"{variant.name:54}{cpu:8.3f}{wall:8.3f}{ratio:10.1f}"
    good = variant.seconds is None or cpu <= variant.seconds
    if variant.seconds is not None:
        line += f"{variant.seconds:13.1f}  {'reached' if good else 'MISSED'}"
    print(line)
    return good


if __name__ == "__main__":
    sys.exit(main())
