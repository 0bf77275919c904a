"""Do explanations name the words that the model uses? `python benchmarks/faithfulness.py`.

Trains Better (2 epochs) and Quick on the 10 largest labels of Banking77 (150 rows a label, at most 48 tokens)
and tests every method on the first 100 of 400 test rows: comprehensiveness and sufficiency (ERASER; also
10 to 50 %, and with [MASK]), mixed feedback, a planted word, likeness to randomised copies, ms a text. Ends
with the figures to reach; exit code 1 when one is missed. About ten processor minutes a model; less with
`--texts 40 --pairs 20 --planted 40 --only Quick`.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from engine_common import DATA

from core.domain import TrainingOptions
from core.explain import attention, faithfulness, integrated, occlusion, probes, relevance, rollout, shapley
from core.explain.faithfulness import Measured
from core.explain.probes import Method
from core.models.catalog import open_encoder
from core.models.classifier import Classifier
from core.models.device import choose_device, use_threads
from core.training import quick
from core.training.material import Material
from core.training.trainer import fine_tune_material

LABELS, A_LABEL, CHECK_A_LABEL, TEST_A_LABEL = 10, 150, 20, 40
TOKENS, EPOCHS, BATCH_TOKENS = 48, 2, 512  # about 32 rows a batch
OBEYING = 100
PLANTED, SHARE_PLANTED = ("maple", "granite"), 0.15
BUDGET_MS = 300.0  # for a text of 13 words
HEADLINE = "occlusion"
METHODS: dict[str, Method] = {
    "Shapley sampling": shapley.explain,
    "integrated gradients": integrated.explain,
    "gradient x attention": relevance.explain,
    "occlusion": occlusion.explain,
    "raw attention": attention.explain,
    "attention rollout": rollout.explain,
}
BLIND = {"raw attention", "attention rollout"}  # to the label that is asked about: never the headline


@dataclass(frozen=True)
class Size:
    texts: int  # explained
    pairs: int  # of mixed feedback
    planted: int  # texts


@dataclass(frozen=True)
class Rows:
    train: pd.DataFrame
    check: pd.DataFrame  # the best epoch and the calibration are chosen on them
    test: pd.DataFrame


def banking(folder: Path, seed: int) -> Rows:
    """The labels with most training rows; columns text and category, shuffled."""
    train, test = (pd.read_csv(folder / f"banking77_{part}.csv") for part in ("train", "test"))
    names = sorted(train["category"].value_counts().index[:LABELS])

    def some(frame: pd.DataFrame, count: int) -> pd.DataFrame:
        frame = frame[frame["category"].isin(names)]
        return frame.groupby("category").sample(count, random_state=seed).sample(frac=1, random_state=seed)

    chosen = some(train, A_LABEL)
    return Rows(chosen, some(train.drop(chosen.index), CHECK_A_LABEL), some(test, TEST_A_LABEL))


def planted(frame: pd.DataFrame, labels: Sequence[str], share: float, seed: int) -> pd.DataFrame:
    """With a word put into some rows that decides their label; column word, "" without one."""
    draw = random.Random(seed)
    rows = []
    for text, category in zip(frame["text"], frame["category"], strict=True):
        if draw.random() >= share:
            rows.append((text, category, ""))
            continue
        which, words = draw.randrange(2), text.split()
        words.insert(draw.randint(0, len(words)), PLANTED[which])
        rows.append((" ".join(words), labels[which], PLANTED[which]))
    return pd.DataFrame(rows, columns=["text", "category", "word"])


# ---- models -------------------------------------------------------------------------------


def train(rows: Rows, seed: int, better: bool) -> Classifier:
    frame = pd.concat([rows.train, rows.check])
    labels = tuple(sorted(frame["category"].unique()))
    truth = frame["category"].to_numpy(dtype=object)[:, None] == np.array(labels, dtype=object)
    device = choose_device("auto")

    def fresh():
        return open_encoder("all-MiniLM-L6-v2", device, TOKENS)

    options = TrainingOptions(
        mode="better", seed=seed, epochs=EPOCHS, max_tokens=TOKENS, batch_tokens=BATCH_TOKENS
    )
    encoder, texts = fresh(), frame["text"].tolist()
    material = Material(texts, truth, labels, False, options, encoder.embed(texts), fresh)
    numbers = np.arange(len(frame))
    first, second = numbers[: len(rows.train)], numbers[len(rows.train) :]
    found = quick.fit(material, first, second)
    if not better:
        return Classifier(encoder, found.final, labels, found.calibration)
    with tempfile.TemporaryDirectory() as folder:
        tuned = fine_tune_material(material, first, second, found, Path(folder))
    judged = [f"{point.macro_f1:.3f}" for point in tuned.curve if point.macro_f1 is not None]
    print(f"    best epoch {tuned.best_epoch}; validation macro F1 by epoch: {' '.join(judged)}", flush=True)
    return tuned.model


def said(model: Classifier, texts: Sequence[str]) -> list[str]:
    return [model.labels[label] for label in model.probabilities(texts).argmax(axis=1)]


def obeying(rows: Rows, seed: int, better: bool) -> tuple[Classifier, list[tuple[str, str, str]]]:
    """A model that learned the planted words, and (text, word, label) of test rows that they turned."""
    labels = sorted(rows.train["category"].unique())
    trained = Rows(
        planted(rows.train, labels, SHARE_PLANTED, seed),
        planted(rows.check, labels, SHARE_PLANTED, seed + 2),
        rows.test,
    )
    model = faithfulness.plain(train(trained, seed, better))
    test = planted(rows.test, labels, 1.0, seed + 1)
    before, after = said(model, rows.test["text"].tolist()), said(model, test["text"].tolist())
    found = [
        (text, word, label)
        for text, label, word, old, new in zip(
            test["text"], test["category"], test["word"], before, after, strict=True
        )
        if new == label != old
    ]
    print(f"    {len(found)} of {len(test)} test rows are turned by the planted word", flush=True)
    return model, found


# ---- the table ----------------------------------------------------------------------------


def block(name: str, rows: Rows, seed: int, size: Size, methods: Mapping[str, Method]) -> bool:
    print(f"\n{name}, seed {seed}", flush=True)
    better = name == "Better"
    model = faithfulness.plain(train(rows, seed, better))
    test, truth = rows.test["text"].tolist(), rows.test["category"].tolist()
    answers = said(model, test)
    accuracy = np.mean([one == other for one, other in zip(answers, truth, strict=True)])
    asked = faithfulness.cases(model, test[: size.texts])
    words = np.mean([len(case.spans) for case in asked])
    print(
        f"    accuracy {accuracy:.4f} on {len(test)} rows; explained {len(asked)} of {words:.1f} words each"
    )
    joined = probes.pairs(test, truth, answers, seed, size.pairs)
    copies = [faithfulness.randomised(model, all_layers) for all_layers in (False, True)]
    turned, planted_rows = obeying(rows, seed, better)
    planted_rows = planted_rows[: size.planted]
    head()
    found = []
    for key, method in methods.items():
        first = probes.planted_first(method, turned, planted_rows).mean()
        found.append(faithfulness.measure(key, method, model, asked, joined, copies, float(first)))
        line(found[-1])
    chance = [faithfulness.at_random(model, asked, seed, shares) for shares in SHARES]
    masked = faithfulness.at_random(model, asked, seed, mask=faithfulness.mask_of(model))
    print(f"{'random':21}{both(chance[0])}{both(chance[1])}{both(masked)}")
    return judge(found)


SHARES = (faithfulness.FINE, faithfulness.COARSE)


def head() -> None:
    print(
        f"{'method':21}{'comp':>7}{'suff':>7}{'10-50':>7}{'suff':>7}{'[MASK]':>7}{'suff':>7}"
        f"{'mixed':>7}{'plant':>7}{'rho a':>7}{'rho b':>7}{'ms':>7}"
    )


def both(found) -> str:
    return f"{found.comprehensiveness.mean():7.3f}{found.sufficiency.mean():7.3f}"


def line(row: Measured) -> None:
    print(
        f"{row.method:21}{both(row.fine)}{both(row.coarse)}{both(row.masked)}{row.mixed:7.2f}"
        f"{row.planted:7.2f}{row.rho_top:7.2f}{row.rho_all:7.2f}{row.milliseconds:7.0f}",
        flush=True,
    )


def judge(found: Sequence[Measured]) -> bool:
    """Prints the headline by the rule and what must be reached."""
    open_to_all = [row for row in found if row.method not in BLIND]
    name = faithfulness.headline(open_to_all, HEADLINE, BUDGET_MS)
    by_name = {row.method: row for row in found}
    lead = by_name[name]
    print(f"headline by the rule: {name}")
    for row in open_to_all:
        if row.method != name:
            change = faithfulness.paired(row.fine.comprehensiveness, lead.fine.comprehensiveness)
            within = "" if row.milliseconds <= BUDGET_MS else f"; {row.milliseconds:.0f} ms, over the budget"
            spread = f"{change.mid:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
            print(f"    {row.method} less {name}: {spread}{within}")
    checks: list[tuple[str, Callable[[], bool]]] = [
        (f"mixed feedback of {name} {lead.mixed:.3f} >= 0.97", lambda: lead.mixed >= 0.97),
        (f"planted word first {lead.planted:.3f} >= 0.99", lambda: lead.planted >= 0.99),
        (f"likeness to a randomised copy {lead.rho_top:.2f} <= 0.30", lambda: lead.rho_top <= 0.30),
        (
            "not beaten beyond chance by a method within the time budget",
            lambda: all(
                faithfulness.paired(row.fine.comprehensiveness, lead.fine.comprehensiveness).low <= 0
                for row in open_to_all
                if row.method != name and row.milliseconds <= BUDGET_MS and faithfulness.passes(row)
            ),
        ),
    ]
    for words, holds in checks:
        print(f"    {'reached' if holds() else 'MISSED '}  {words}")
    return all(holds() for _, holds in checks)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--planted", type=int, default=OBEYING)
    parser.add_argument("--only", choices=("Better", "Quick"))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    asked = parser.parse_args()
    use_threads(0)
    rows = banking(asked.data, asked.seed)
    methods = {name: METHODS[name] for name in dict.fromkeys([*asked.methods, HEADLINE])}
    names = [asked.only] if asked.only else ["Better", "Quick"]
    size = Size(asked.texts, asked.pairs, asked.planted)
    return int(not all([block(name, rows, asked.seed, size, methods) for name in names]))


if __name__ == "__main__":
    sys.exit(main())
