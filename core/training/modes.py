"""The ways to train: each learns from some rows of the material and answers for any of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.domain import BETTER, BILSTM, MAJORITY, QUICK, TFIDF, CurvePoint
from core.models.classifier import Calibration, Classifier, Platt, TextModel, calibrated, raw
from core.models.device import Device
from core.training.material import Material

EDGE = 1e-6  # a share that is never seen is not impossible
BELOW = 0.499  # the largest probability by which a label is not given, where a row may carry several


@dataclass(frozen=True)
class Tools:
    """What a training needs beside its rows; whatever is called may raise to stop it."""

    folder: Path  # for the state of a long training
    save_seconds: float = 30.0
    on_fit: Callable[[float, str], None] = lambda done, words: None
    on_step: Callable[[int, int, tuple[CurvePoint, ...]], None] = lambda step, steps, curve: None
    on_read: Callable[[int, int], None] = lambda done, total: None
    vectors: Path | None = None  # an uploaded file of word vectors, for the BiLSTM
    device: Device | None = None  # where the BiLSTM learns; None: the processor


@dataclass(frozen=True)
class Answerer:
    """A trained model asked about rows of its material by their numbers."""

    name: str
    calibration: Calibration | Platt
    multi: bool
    logits: Callable[[np.ndarray], np.ndarray]  # rows (m,) -> (m, k) before the calibration

    def both(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Calibrated and raw probabilities (m, k)."""
        logits = self.logits(rows)
        return calibrated(logits, self.calibration), raw(logits, self.multi)


@dataclass(frozen=True)
class Trained:
    answers: Answerer
    model: TextModel
    tuned: bool = False  # the weights of the encoder changed
    curve: tuple[CurvePoint, ...] = ()
    validation_f1: float | None = None
    beside: tuple[Answerer, ...] = ()  # what it started from
    facts: Mapping[str, object] = field(default_factory=dict)


def fit(mode: str, material: Material, train: np.ndarray, validation: np.ndarray, tools: Tools) -> Trained:
    """`train` and `validation` are row numbers. Raises CannotTrain, and what the tools raise."""
    return FITS[mode](material, train, validation, tools)


def _quick(material: Material, train: np.ndarray, validation: np.ndarray, tools: Tools) -> Trained:
    from core.training import facts, quick

    found = quick.fit(
        material, train, validation, lambda done: tools.on_fit(done, "Fitting Quick on the vectors")
    )
    model = Classifier(material.open_encoder(), found.final, material.labels, found.calibration)
    score = _validation_f1(material, validation, found.validation_logits)
    said = facts.of_quick(material, train, validation, found, model.max_tokens)
    return Trained(_of_vectors(QUICK, material, model), model, validation_f1=score, facts=said)


def _better(material: Material, train: np.ndarray, validation: np.ndarray, tools: Tools) -> Trained:
    from core.training import facts, quick, trainer

    start = quick.fit(
        material, train, validation, lambda done: tools.on_fit(done, "Fitting Quick on the vectors")
    )
    beside = Answerer(
        QUICK, start.calibration, material.multi, lambda rows: start.final.logits(material.vectors[rows])
    )
    found = trainer.fine_tune_material(
        material, train, validation, start, tools.folder, tools.on_step, tools.save_seconds
    )
    tuned = found.best_epoch > 0
    answers = (
        _of_texts(BETTER, material, found.model, tools)
        if tuned
        else Answerer(BETTER, beside.calibration, material.multi, beside.logits)
    )
    said = {
        **found.facts,
        **facts.of_reading(found.model.max_tokens, material.options),
        "Best epoch": found.best_epoch or "0: Quick was not beaten on the validation rows",
    }
    return Trained(answers, found.model, tuned, found.curve, found.validation_f1, (beside,), said)


def _tfidf(material: Material, train: np.ndarray, validation: np.ndarray, tools: Tools) -> Trained:
    from core.training import facts
    from core.training.baselines import fit_tfidf

    found = fit_tfidf(
        material, train, validation, lambda done: tools.on_fit(done, "Fitting the baseline (TF-IDF)")
    )
    score = _validation_f1(material, validation, found.validation_logits)
    answers = _of_texts(TFIDF, material, found.model, tools)
    said = facts.of_tfidf(found.model, len(train) + len(validation), material.options)
    return Trained(answers, found.model, validation_f1=score, facts=said)


def _bilstm(material: Material, train: np.ndarray, validation: np.ndarray, tools: Tools) -> Trained:
    from core.training import facts
    from core.training.bilstm_fit import fit_bilstm

    found = fit_bilstm(
        material,
        train,
        validation,
        tools.on_step,
        folder=tools.folder,
        save_seconds=tools.save_seconds,
        vectors_path=tools.vectors,
        device=tools.device,
    )
    # It learned from the training rows alone; the validation rows chose its epoch.
    score = _validation_f1(material, validation, found.validation_logits)
    return Trained(
        _of_texts(BILSTM, material, found.model, tools),
        found.model,
        curve=found.curve,
        validation_f1=score,
        facts=facts.of_bilstm(found, len(train), material.options),
    )


FITS = {QUICK: _quick, BETTER: _better, TFIDF: _tfidf, BILSTM: _bilstm}


def majority(material: Material, train: np.ndarray) -> Answerer:
    """Gives every row the most frequent label; its probabilities are how often each label occurs among the
    training rows, or as near to that as the answer allows where a row may carry several."""
    share = np.clip(material.truth[train].mean(axis=0), EDGE, 1 - EDGE)
    if material.multi:
        share = _deciding(share)
    logits = np.log(share / (1 - share)) if material.multi else np.log(share)
    count = len(material.labels)
    same = Platt((1.0,) * count, (0.0,) * count) if material.multi else Calibration(1.0, (0.0,) * count)
    return Answerer(
        MAJORITY, same, material.multi, lambda rows: np.repeat(logits[None, :], len(rows), axis=0)
    )


def _deciding(share: np.ndarray) -> np.ndarray:
    """(k,) the nearest probabilities by which the largest share is given, and no other."""
    from core.evaluation.held_out import THRESHOLD

    most, found = share.argmax(), np.minimum(share, BELOW)
    found[most] = max(share[most], THRESHOLD)
    return found


def _of_vectors(name: str, material: Material, model: Classifier) -> Answerer:
    return Answerer(
        name, model.calibration, material.multi, lambda rows: model.head.logits(material.vectors[rows])
    )


def _of_texts(name: str, material: Material, model: TextModel, tools: Tools) -> Answerer:
    def logits(rows: np.ndarray) -> np.ndarray:
        return model.logits(material.texts_of(rows), tools.on_read)

    return Answerer(name, model.calibration, material.multi, logits)


def _validation_f1(material: Material, validation: np.ndarray, logits: np.ndarray) -> float | None:
    """Macro F1 on the validation rows of a model that has not learned from them; None without any.

    Its answers are calibrated, as it gives them, but not on the rows they are judged on: calibration decides
    otherwise where rare labels weighed more.
    """
    from core.evaluation.held_out import decide
    from core.evaluation.scores import macro_f1
    from core.training.calibration import in_folds

    if not len(validation):
        return None
    truth = material.truth[validation]
    return macro_f1(truth, decide(in_folds(logits, truth, material.multi), material.multi))
