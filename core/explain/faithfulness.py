"""Does an explanation name the words that the model uses? Tests on a model's own held-out comments."""

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.domain import Span
from core.explain.model import Explainable
from core.explain.probes import Method, Pair, mixed, pairs
from core.explain.reading import read
from core.explain.variants import OnTexts, kept, scores
from core.explain.weighting import spread

FINE = (0.01, 0.05, 0.10, 0.20, 0.50)  # shares of words that are taken out (ERASER, ACL 2020.acl-main.408)
COARSE = (0.10, 0.20, 0.30, 0.40, 0.50)
RANDOM_DRAWS = 5
DRAWS = 2000  # bootstrap samples of texts
FEWEST_FOR_RHO = 3  # words of a text
RHO_TEXTS = 40
SPREAD_OF_RANDOM_WEIGHTS = 0.02
ROWS, FEWEST = 50, 20  # held-out comments of a run that are looked at; below, nothing is said
LEAST_MIXED, LEAST_PLANTED, MOST_RHO = 0.97, 0.99, 0.30
TESTED, WEAK, UNKNOWN = "tested", "weak", "unknown"
RANDOM = "random"


@dataclass(frozen=True)
class Case:
    """A text and the label that is explained: what the model says."""

    text: str  # as far as the model reads it
    label: str
    column: int
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Explained:
    weights: tuple[np.ndarray, ...]  # of each case, (words,)
    milliseconds: np.ndarray  # (cases,)


@dataclass(frozen=True)
class Erased:
    """By case; a label that loses its words falls far, one that keeps them falls little."""

    comprehensiveness: np.ndarray  # mean fall of p_c without the top words; higher is better
    sufficiency: np.ndarray  # mean fall of p_c with the top words alone; lower is better


@dataclass(frozen=True)
class Difference:
    """A mean of paired differences with its 95 % range over texts."""

    mid: float
    low: float
    high: float


@dataclass(frozen=True)
class Trust:
    badge: str  # tested, weak or unknown
    words: str  # for the person
    figures: Mapping[str, float]


def plain(model):
    """The model without its calibration; tests compare methods, not the sharpness of a run."""
    from core.models.classifier import Calibration, Platt

    labels = len(model.labels)
    flat = (0.0,) * labels
    none = Platt((1.0,) * labels, flat) if getattr(model, "multi", False) else Calibration(1.0, flat)
    return replace(model, calibration=none)


def cases(model: Explainable, texts: Sequence[str]) -> tuple[Case, ...]:
    """Texts with at least two readable words, each with the likeliest label."""
    readings = [read(model, text) for text in texts]
    long = [reading for reading in readings if len(reading.read) > 1]
    said = scores(model, [reading.seen for reading in long]).argmax(axis=1)
    return tuple(
        Case(reading.seen, model.labels[label], int(label), reading.read)
        for reading, label in zip(long, said, strict=True)
    )


def explained(
    method: Method, model: Explainable, asked: Sequence[Case], on_case: OnTexts | None = None
) -> Explained:
    weights, times = [], []
    for number, case in enumerate(asked):
        begun = time.perf_counter()
        found = method(model, case.text, case.label)
        times.append(1000 * (time.perf_counter() - begun))
        weights.append(spread(found, case.spans))
        if on_case:
            on_case(number + 1, len(asked))
    return Explained(tuple(weights), np.array(times))


# ---- taking words out ---------------------------------------------------------------------


def erased(
    model: Explainable,
    asked: Sequence[Case],
    weights: Sequence[np.ndarray],
    shares: Sequence[float] = FINE,
    mask: str = "",
    on_texts: OnTexts | None = None,
) -> Erased:
    """Without, and with only, the max(1, ceil(share x words)) words of highest signed weight.

    Mean over `shares`. Ties keep the order of the text; `mask` stands for each word that is taken out.
    """
    texts = [case.text for case in asked]
    for case, weight in zip(asked, weights, strict=True):
        for share in shares:
            top = _top(weight, share)
            texts += [kept(case.text, case.spans, keep, mask) for keep in (~top, top)]
    columns = np.array([case.column for case in asked], dtype=int)
    found = scores(model, texts, on_texts)
    whole = found[np.arange(len(asked)), columns]
    rest = found[len(asked) :].reshape(len(asked), len(shares), 2, -1)
    left = rest[np.arange(len(asked)), :, :, columns]  # (cases, shares, 2)
    falls = (whole[:, None, None] - left).mean(axis=1)
    return Erased(falls[:, 0], falls[:, 1])


def _top(weights: np.ndarray, share: float) -> np.ndarray:
    # Rounded first: 0.1 x 30 words is 3.0000000000000004 in floating point.
    count = max(1, int(np.ceil(round(share * len(weights), 9))))
    top = np.zeros(len(weights), dtype=bool)
    top[np.argsort(-weights, kind="stable")[:count]] = True
    return top


def at_random(
    model: Explainable,
    asked: Sequence[Case],
    seed: int = 0,
    shares: Sequence[float] = FINE,
    mask: str = "",
    on_texts: OnTexts | None = None,
) -> Erased:
    """Mean of five uniform weightings of each text."""
    rng = np.random.default_rng(seed)
    repeated = [case for case in asked for _ in range(RANDOM_DRAWS)]
    weights = [rng.random(len(case.spans)) for case in repeated]
    found = erased(model, repeated, weights, shares, mask, on_texts)
    return Erased(
        found.comprehensiveness.reshape(-1, RANDOM_DRAWS).mean(axis=1),
        found.sufficiency.reshape(-1, RANDOM_DRAWS).mean(axis=1),
    )


def paired(first: np.ndarray, second: np.ndarray, draws: int = DRAWS, seed: int = 1) -> Difference:
    """First minus second over the same texts, which are drawn again."""
    change = np.asarray(first) - np.asarray(second)
    rows = np.random.default_rng(seed).integers(0, len(change), (draws, len(change)))
    low, high = np.percentile(change[rows].mean(axis=1), [2.5, 97.5])
    return Difference(float(change.mean()), float(low), float(high))


# ---- a model that knows nothing -----------------------------------------------------------


def randomised(model, all_layers: bool, seed: int = 1):
    """A copy with weights from N(0, 0.02) and biases 0 in the head and the last two layers, or everywhere
    (Adebayo and others 2018). An explanation that looks the same for it does not show the model."""
    import torch
    from torch import nn

    from core.models.encoder import Encoder

    old = model.encoder
    body = copy.deepcopy(old.model)
    stack = max((m for m in body.modules() if isinstance(m, nn.ModuleList)), key=len, default=())
    parts = [body] if all_layers or not len(stack) else list(stack[-2:])
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in (inner for part in parts for inner in part.modules()):
            if isinstance(module, nn.Linear | nn.Embedding):
                drawn = torch.randn(module.weight.shape, generator=draw) * SPREAD_OF_RANDOM_WEIGHTS
                module.weight.copy_(drawn)
                if getattr(module, "bias", None) is not None:
                    module.bias.zero_()
    encoder = Encoder(old.name, old.revision, old.tokenizer, body, old.device, old.max_tokens)
    encoder = encoder.reading_without(old.without.words)
    weight = torch.randn(model.head.weight.shape, generator=draw).numpy() * SPREAD_OF_RANDOM_WEIGHTS
    return replace(model, encoder=encoder, head=replace(model.head, weight=weight, bias=0 * model.head.bias))


def likeness(
    method: Method,
    copied: Explainable,
    asked: Sequence[Case],
    weights: Sequence[np.ndarray],
    on_case: OnTexts | None = None,
) -> float:
    """Mean Spearman rho of the word weights for the trained model and its randomised copy; the first 40
    texts with over two words. Weights that are all equal have no order: 0. No such text: nan."""
    from scipy.stats import spearmanr

    rows = [row for row, case in enumerate(asked) if len(case.spans) >= FEWEST_FOR_RHO][:RHO_TEXTS]
    found = explained(method, copied, [asked[row] for row in rows], on_case).weights
    each = []
    for row, other in zip(rows, found, strict=True):
        constant = np.ptp(weights[row]) == 0 or np.ptp(other) == 0
        each.append(0.0 if constant else float(spearmanr(weights[row], other).statistic))
    return float(np.mean(each)) if each else float("nan")


# ---- what is said of it -------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """One method on one model: a row of the table."""

    method: str
    explained: Explained
    fine: Erased
    coarse: Erased
    masked: Erased | None = None  # None: the model knows no mask
    mixed: float | None = None
    planted: float | None = None  # None: needs a training of its own
    rho_top: float | None = None  # likeness to a copy with random weights in head and last layers
    rho_all: float | None = None  # to one with random weights everywhere

    @property
    def milliseconds(self) -> float:
        return float(np.median(self.explained.milliseconds))


def measure(
    name: str,
    method: Method,
    model,
    asked: Sequence[Case],
    joined: Sequence[Pair] = (),
    copies: Sequence[object] = (),
    planted: float | None = None,
    on_case: OnTexts | None = None,
) -> Measured:
    """All figures of a method; `model` plain, `copies` its randomised copies: (top, all) or none."""
    step = _Steps(4 + len(copies) + bool(mask_of(model)), on_case)
    found = explained(method, model, asked, step.next())
    rho = [likeness(method, other, asked, found.weights, step.next()) for other in copies]
    right = mixed(method, model, joined, step.next())
    fine, coarse, masked = _erased_thrice(erased, model, asked, found.weights, step)
    share = float(right.mean()) if len(right) else None
    return Measured(name, found, fine, coarse, masked, share, planted, *rho)


def chance(model, asked: Sequence[Case], seed: int = 0, on_texts: OnTexts | None = None) -> Measured:
    """The row of words that are named at random."""
    none = Explained((), np.zeros(len(asked)))
    step = _Steps(2 + bool(mask_of(model)), on_texts)
    return Measured(RANDOM, none, *_erased_thrice(at_random, model, asked, seed, step))


def _erased_thrice(
    how: Callable[..., Erased], model, asked: Sequence[Case], given: object, step: "_Steps"
) -> tuple[Erased, Erased, Erased | None]:
    """At the fine shares, at the coarse ones, and with a mask where the model knows one."""
    mask = mask_of(model)
    return (
        how(model, asked, given, on_texts=step.next()),
        how(model, asked, given, COARSE, on_texts=step.next()),
        how(model, asked, given, mask=mask, on_texts=step.next()) if mask else None,
    )


def table(
    model,
    texts: Sequence[str],
    truth: Sequence[str],
    methods: Mapping[str, Method],
    seed: int = 0,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> tuple[Measured, ...]:
    """Every method on up to 50 held-out comments of a run, then RANDOM; `truth` are their labels, "" where
    there is not just one. () when fewer than 20 have two words. `on_progress(done, all, method)` may raise
    to stop. The planted word needs a training of its own."""
    model = plain(model)
    rows = drawn(model, texts, seed)
    chosen, labels = [texts[row] for row in rows], [truth[row] for row in rows]
    asked = cases(model, chosen)
    if len(asked) < FEWEST:
        return ()
    said = [model.labels[label] for label in scores(model, chosen).argmax(axis=1)]
    joined = pairs(chosen, labels, said, seed)
    layers = hasattr(model, "encoder")
    copies = [randomised(model, all_layers) for all_layers in (False, True)] if layers else []
    at = [""]  # the method that is being measured
    step = _Steps(len(methods) + 1, lambda done, total: on_progress and on_progress(done, total, at[0]))
    found = []
    for at[0], method in methods.items():
        found.append(measure(at[0], method, model, asked, joined, copies, on_case=step.next()))
    at[0] = RANDOM
    return (*found, chance(model, asked, seed, step.next()))


def drawn(model: Explainable, texts: Sequence[str], seed: int = 0) -> list[int]:
    """Ascending places of up to 50 texts of two readable words or more."""
    found: list[int] = []
    for row in np.random.default_rng(seed).permutation(len(texts)).tolist():
        if len(read(model, texts[row]).read) > 1:
            found.append(row)
        if len(found) == ROWS:
            break
    return sorted(found)


def mask_of(model) -> str:
    """The token that stands for a hidden word; "" where the model has none."""
    return (model.encoder.tokenizer.mask_token or "") if hasattr(model, "encoder") else ""


def headline(measured: Sequence[Measured], default: str, milliseconds: float) -> str:
    """The method that leads: the default, unless one that passes all tests within the time a text may
    take is more comprehensive beyond chance; then the most comprehensive of those."""
    by_name = {row.method: row for row in measured}
    usual = by_name[default].fine.comprehensiveness
    better = [
        row
        for row in measured
        if row.method != default
        and passes(row)
        and row.milliseconds <= milliseconds
        and paired(row.fine.comprehensiveness, usual).low > 0
    ]
    best = max(better, key=lambda row: row.fine.comprehensiveness.mean(), default=by_name[default])
    return best.method


def passes(row: Measured) -> bool:
    """Mixed feedback, planted word and randomised weights, as far as they were measured."""
    return (
        (row.mixed is None or row.mixed >= LEAST_MIXED)
        and (row.planted is None or row.planted >= LEAST_PLANTED)
        and (row.rho_top is None or row.rho_top <= MOST_RHO)
    )


def trust(
    model, texts: Sequence[str], method: Method, seed: int = 0, on_progress: OnTexts | None = None
) -> Trust:
    """Judge a method on up to 50 held-out comments of the model. `on_progress(done, all)` may raise to stop.

    Tested: more comprehensive and more sufficient than random words beyond chance, and (for an encoder)
    unlike what it says of a copy with random weights. Below 20 comments of two words nothing is said.
    """
    model = plain(model)
    asked = cases(model, [texts[row] for row in drawn(model, texts, seed)])
    if len(asked) < FEWEST:
        words = f"Not tested: {len(asked)} held-out comments are too few, {FEWEST} are needed."
        return Trust(UNKNOWN, words, {"comments": float(len(asked))})
    step = _Steps(4 if hasattr(model, "encoder") else 3, on_progress)
    found = explained(method, model, asked, step.next())
    ours = erased(model, asked, found.weights, on_texts=step.next())
    chance = at_random(model, asked, seed, on_texts=step.next())
    rho = None
    if hasattr(model, "encoder"):
        rho = likeness(method, randomised(model, all_layers=False), asked, found.weights, step.next())
    return judged(ours, chance, rho, found)


def judged(ours: Erased, chance: Erased, rho: float | None, found: Explained) -> Trust:
    above = paired(ours.comprehensiveness, chance.comprehensiveness)
    below = paired(ours.sufficiency, chance.sufficiency)
    faults = []
    if above.low <= 0 or below.high >= 0:
        faults.append("the words it names matter no more than random ones")
    if rho is not None and rho > MOST_RHO:
        faults.append("it would say much the same of a model that has learned nothing")
    figures = {
        "comments": float(len(ours.sufficiency)),
        "comprehensiveness": float(ours.comprehensiveness.mean()),
        "comprehensiveness of random words": float(chance.comprehensiveness.mean()),
        "comprehensiveness above random, low": above.low,
        "sufficiency": float(ours.sufficiency.mean()),
        "sufficiency of random words": float(chance.sufficiency.mean()),
        "sufficiency below random, low": -below.high,
        "milliseconds a comment": float(np.median(found.milliseconds)),
    }
    if rho is not None:
        figures["likeness to a randomised model"] = rho
    if faults:
        return Trust(WEAK, f"Weak on your comments: {' and '.join(faults)}.", figures)
    words = (
        f"Tested on {len(ours.sufficiency)} of your comments: without the words it names the confidence "
        f"falls by {100 * figures['comprehensiveness']:.0f} points, without random words by "
        f"{100 * figures['comprehensiveness of random words']:.0f}."
    )
    return Trust(TESTED, words, figures)


class _Steps:
    """Several stages, each with its own (done, all), as one in hundredths of a stage."""

    def __init__(self, stages: int, report: OnTexts | None):
        self.stages, self.report, self.stage = stages, report, -1

    def next(self) -> OnTexts:
        self.stage += 1
        before = 100 * self.stage

        def on(done: int, all_of_them: int) -> None:
            if self.report:
                self.report(before + 100 * done // max(1, all_of_them), 100 * self.stages)

        return on
