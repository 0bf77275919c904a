"""The settings of a training in words, as its model card prints them."""

from collections.abc import Mapping

import numpy as np

from core.domain import TrainingOptions
from core.models.bilstm import DROPOUT, HIDDEN, BiLstm
from core.models.linear_text import LinearText
from core.training import baselines, bilstm_fit, optimiser, quick
from core.training.bilstm_fit import BilstmFit
from core.training.material import Material
from core.training.quick import QuickFit

LONGEST = "Longest text"
BALANCES = {
    "none": "as they come",
    "weights": "a label weighs the more the rarer it is",
    "sampling": "every label is drawn equally often",
}


def of_reading(read: int, options: TrainingOptions) -> dict[str, str]:
    """`read`: tokens of a text that the encoder takes in at most, whatever was asked for."""
    words = f"{read:,} tokens"
    if read < options.max_tokens:
        words += f", all that this encoder can read ({options.max_tokens:,} were asked for)"
    return {LONGEST: words}


def of_quick(
    material: Material, train: np.ndarray, validation: np.ndarray, found: QuickFit, read: int
) -> Mapping[str, object]:
    options, truth = material.options, material.truth[train.astype(int)]
    return {
        "Vectors": f"{material.vectors.shape[1]:,} numbers a comment, of {options.encoder} as it is",
        **of_reading(read, options),
        "Strength of the head (C)": found.strength,
        "Strengths tried (C)": _tried(material, train, validation),
        "Solver": f"L-BFGS, at most {quick.STEPS} steps a fit; it ends at a slope of "
        f"{quick.steepest(truth):g} or when a step gains less than {quick.LEAST_GAIN:g} of the loss",
        "Skewed labels": _weighed(options),
        "Seed": str(options.seed),
    }


def _tried(material: Material, train: np.ndarray, validation: np.ndarray) -> str:
    both = np.concatenate([train, validation]).astype(int)
    rows, judges = train.astype(int), f"{len(validation):,} validation comments"
    if len(validation) < quick.FEWEST_TO_CHOOSE:
        rows, judges = both, f"all {len(both):,} comments, each held back once"
        if quick.folds(material.truth[both], material.options.seed) is None:
            return "none: too few comments to choose by, so the usual one"
    tried = ", ".join(f"{strength:g}" for strength in quick.strengths_for(material.truth[rows]))
    return f"{tried}; chosen by the likelihood of the labels of {judges}"


def of_better(options: TrainingOptions, steps: int, rows: int, processes: int = 1) -> dict[str, str]:
    """`steps`: of all epochs together; `rows`: comments it learned from."""
    said = {
        "Learning rates": f"{optimiser.encoder_rate(options):g} encoder, {options.head_rate:g} head; rising "
        f"over the first {optimiser.WARM_UP:.0%} of the steps, then falling to 0",
        "Epochs": f"at most {options.epochs}; {steps:,} steps over {rows:,} comments",
        "Keeps": "the last epoch that, on the validation comments, finds more than Quick (macro F1) or gives "
        "likelier answers, and less likely ones than any other epoch by two standard errors at most",
        "Stops early": _stops_early(options, "likelier one"),
        "Batches": f"up to {options.batch_tokens:,} tokens of comments of similar length",
        LONGEST: f"{options.max_tokens} tokens",
        "Optimiser": f"{_adamw(options, optimiser.LARGEST_NORM)}, no dropout",
        "Label smoothing": f"{options.label_smoothing:g}",
        "Skewed labels": BALANCES[options.balance],
        "Weights trained": _trained(options),
        "Changed copies": f"{options.augment:.0%} of the training comments get one"
        if options.augment
        else "none",
        "Hidden words": f"{options.token_masking:.0%} of the tokens of each step, others each time"
        if options.token_masking
        else "none",
        "Answers with": f"the mean of its weights over some {options.averaging:.0%} of all steps, the newest "
        "counting most; with the last ones where those make the validation comments likelier"
        if options.averaging
        else "the last weights of an epoch",
        "Seed": str(options.seed),
    }
    if processes > 1:
        said["Processes"] = f"{processes}, each with its part of every batch"
    return said


def _trained(options: TrainingOptions) -> str:
    rank = options.adapter_rank
    words = f"low-rank adapters of rank {rank}, and the head" if rank else "all"
    if options.frozen_layers:
        words += f"; the embeddings and the lowest {options.frozen_layers} layers stay as they are"
    return words


def _stops_early(options: TrainingOptions, awaited: str) -> str:
    if not options.patience:
        return "no: all epochs, the best one is kept"
    return f"after {options.patience} epoch{'s' * (options.patience > 1)} without a {awaited}"


def _adamw(options: TrainingOptions, longest: float) -> str:
    return f"AdamW, weight decay {options.weight_decay:g}, gradients cut at length {longest:g}"


def of_tfidf(model: LinearText, rows: int, options: TrainingOptions) -> Mapping[str, object]:
    """`rows`: comments it learned from."""
    kinds = "characters, pairs and triples of them" if model.characters else "words and pairs of words"
    where = "2 comments or more" if rows >= baselines.FEWEST_FOR_TWICE else "any comment"
    return {
        "Terms": f"{len(model.vocabulary):,}: {kinds} that stand in {where}; the most frequent "
        f"{baselines.MOST_TERMS:,} at most",
        "Values": "1 + log of how often a term stands in the comment, times how rare it is; length 1",
        LONGEST: "no limit: all of it is read",
        "Strength of the regression (C)": baselines.STRENGTH,
        "Solver": f"L-BFGS, at most {baselines.STEPS} steps a fit, tolerance {baselines.TOLERANCE:g}",
        "Skewed labels": _weighed(options),
        "Seed": f"{options.seed}, without effect here: nothing is left to chance",
    }


def of_bilstm(found: BilstmFit, rows: int, options: TrainingOptions) -> Mapping[str, object]:
    """`rows`: comments it learned from."""
    passes = bilstm_fit.PASSES
    return {
        "Network": f"{HIDDEN} states in each direction, their highest and mean values; {DROPOUT:.0%} dropout",
        "Word vectors": _word_vectors(found, rows),
        "Learning rate": f"{bilstm_fit.RATE:g}; rising over the first {bilstm_fit.WARM_SHARE:.0%} of the "
        f"steps, then falling to {bilstm_fit.LAST_SHARE:.0%} of it",
        "Epochs": f"at most {options.epochs}, each {passes} times over the {rows:,} comments; "
        f"{found.steps:,} steps were taken",
        "Best epoch": found.best_epoch,
        "Stops early": _stops_early(options, "better validation macro F1"),
        "Batches": f"up to {options.batch_tokens:,} words of comments of similar length",
        LONGEST: f"{options.max_tokens:,} {'characters' if found.model.characters else 'words and signs'}",
        "Optimiser": _adamw(options, bilstm_fit.CLIP),
        "Label smoothing": f"{options.label_smoothing:g}",
        "Skewed labels": BALANCES[options.balance],
        "Seed": str(options.seed),
    }


def _word_vectors(found: BilstmFit, rows: int) -> str:
    model: BiLstm = found.model
    size = model.network.embedding.weight.shape[1]
    kinds = "characters" if model.characters else "words"
    often = " twice or more" if rows >= bilstm_fit.FEWEST_FOR_TWICE else ""
    said = f"{size:,} numbers for each of {len(model.words):,} {kinds} that occur{often}; "
    if found.from_file is None:
        return said + "learned from the comments alone"
    return said + f"{found.from_file:,} begin as the file of word vectors has them"


def _weighed(options: TrainingOptions) -> str:
    """Drawing rare labels more often and weighing them more are one thing where nothing is drawn."""
    return BALANCES["none" if options.balance == "none" else "weights"]
