"""What the held-out rows say of a run: scores of every model, slices, leaks, what so many labels can tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.domain import (
    BILSTM,
    GROUPED,
    MAJORITY,
    QUICK,
    SEGMENT,
    TFIDF,
    Evaluation,
    Leak,
    Scores,
    TrainingRun,
)
from core.evaluation.held_out import HeldOut
from core.store.held_out import MODEL, RAW, Answers
from core.store.store import Store
from core.workflow.fitting import Fitted
from core.workflow.selection import Selection, people

LOOKED_AT = ("channel", "language", "length", "month")  # beside the segments
SHOWN = (QUICK, TFIDF, BILSTM, MAJORITY)  # the order of the table, after the model itself


def held_out_of(selection: Selection, answers: Answers, raw: Answers | None = None) -> HeldOut:
    """With the truth of the selection, whichever fold a row was held out in."""
    place = pd.Series(np.arange(len(selection.ids)), index=selection.ids)[answers.ids].to_numpy()
    return HeldOut(
        selection.labels,
        selection.multi,
        answers.ids,
        selection.truth[place],
        answers.probabilities.astype(np.float64),
        None if raw is None else raw.probabilities.astype(np.float64),
        answers.repeat,
        answers.fold,
    )


def held_out(store: Store, run: TrainingRun, model: str = MODEL) -> HeldOut | None:
    """As stored with the run; None for a model it did not measure, or a run of an earlier version."""
    answers = store.held_out.get(run.id, model)
    if answers is None:
        return None
    truth = stored_truth(store, run, answers.ids)
    raw = store.held_out.get(run.id, RAW) if model == MODEL else None
    return HeldOut(
        run.labels,
        store.labels.get(run.label_set_id).multi,
        answers.ids,
        truth,
        answers.probabilities.astype(np.float64),
        None if raw is None else raw.probabilities.astype(np.float64),
        answers.repeat,
        answers.fold,
    )


def stored_truth(store: Store, run: TrainingRun, ids: np.ndarray) -> np.ndarray:
    """(n, k) bool: the labels these rows had when the run was trained, whatever became of them since."""
    from core.domain import LABEL_BREAK
    from core.workflow.selection import truth_of

    rows = store.runs.rows(run.id)
    given = dict(zip(rows["feedback_id"].tolist(), rows["label"].tolist(), strict=True))
    return truth_of([tuple(given.get(key, "").split(LABEL_BREAK)) for key in ids.tolist()], run.labels)


def mixed_up(store: Store, run: TrainingRun, true_label: str, said_label: str) -> tuple[int, ...]:
    """Ids of the held-out rows with one label that were taken for another (or the same: rightly told); in
    repeated K-fold those of the first repeat, as in the confusion table."""
    held = held_out(store, run)
    if held is None or held.multi or not {true_label, said_label} <= set(run.labels):
        return ()
    once, truth, said = held.once, run.labels.index(true_label), run.labels.index(said_label)
    return tuple(once.ids[(once.classes == truth) & (once.said == said)].tolist())


def judge(run: TrainingRun, selection: Selection, fitted: Fitted) -> tuple[Scores, Evaluation, dict]:
    """Scores of the model, all that stands beside them, and its calibration figures."""
    from core.evaluation.curves import calibration_error
    from core.evaluation.scores import score

    heard = fitted.heard
    held = held_out_of(selection, heard[MODEL], heard[RAW])
    model = score(run.options.mode, held, groups=_writers(selection, held))
    others = {name: held_out_of(selection, heard[name]) for name in SHOWN if name in heard}
    beside = tuple(score(name, rows, groups=_writers(selection, rows)) for name, rows in others.items())
    figures = {
        "ece_before": float(
            np.mean([calibration_error(part.raw, part.truth, part.multi) for part in held.repeats])
        ),
        "ece_after": model.calibration_error,
    } | _calibration(fitted.trained.answers.calibration)
    evaluation = Evaluation(
        split=selection.split.sentence,
        train=int((selection.parts == "train").sum()),
        validation=int((selection.parts == "validation").sum()),
        validation_f1=fitted.trained.validation_f1,
        baselines=beside,
        leaks=_leaks(selection, fitted, held),
        slices=_slices(selection, held),
        knows=_knows(selection, held, model),
        facts={
            **fitted.trained.facts,
            **fitted.facts,
            "unknown_share": round(fitted.unknown_share, 4),
        },
    )
    return model, evaluation, figures


def _writers(selection: Selection, held: HeldOut) -> list[str] | None:
    """Who wrote each held-out row, "" unknown, where people were kept apart; None otherwise."""
    if selection.options.split != GROUPED:
        return None
    return _who(selection.feedback[selection.feedback["id"].isin(held.ids)], held.ids)


def writers(store: Store, runs: Sequence[TrainingRun], ids: np.ndarray) -> list[str] | None:
    """(n,) who wrote each held-out row of the runs of one dataset, "" unknown, where a run was judged by
    person: rows of one person are one piece of evidence."""
    if not any(run.options.split == GROUPED for run in runs):
        return None
    return _who(store.datasets.feedback(runs[0].dataset_id, np.unique(ids).tolist()), ids)


def _who(feedback: pd.DataFrame, ids: np.ndarray) -> list[str]:
    found = dict(zip(feedback["id"].tolist(), people(feedback), strict=True))
    return [found.get(key, "") for key in ids.tolist()]


def baseline_of(model: Scores, evaluation: Evaluation) -> Scores:
    """TF-IDF, which stands beside every model; beside itself the most frequent label."""
    by_name = {scores.name: scores for scores in evaluation.baselines}
    return by_name.get(TFIDF) or by_name[MAJORITY]


def _calibration(found) -> dict[str, float]:
    temperature = getattr(found, "temperature", None)
    return {} if temperature is None else {"temperature": temperature}


def _knows(selection: Selection, held: HeldOut, model: Scores) -> tuple[str, ...]:
    from core.training.few import knows

    once = held.once
    judged = dict(zip(selection.labels, once.truth.sum(axis=0).tolist(), strict=True))
    labelled = int(selection.truth[: selection.own].any(axis=1).sum())
    outside = bool(selection.options.test_dataset)
    return knows(selection.counts(), judged, len(once.ids), 0 if outside else labelled, model)


def _leaks(selection: Selection, fitted: Fitted, held: HeldOut) -> tuple[Leak, ...]:
    from core.evaluation.leakage import OUTSIDE, leaks
    from core.training.split import parse_split

    options = selection.options
    used = np.flatnonzero(selection.parts != "")
    feedback, texts = selection.feedback.iloc[used], selection.texts  # as the model reads them
    return tuple(
        leaks(
            [texts[row] for row in used],
            selection.parts[used],
            selection.truth[used],
            selection.labels,
            ids=selection.ids[used],
            people=people(feedback),
            train_right=fitted.train_right,
            held=held,
            way=OUTSIDE if options.test_dataset else parse_split(options.split)[0],
        )
    )


def _slices(selection: Selection, held: HeldOut):
    from core.evaluation.slices import slices

    rows = selection.feedback.set_index("id").loc[held.ids].reset_index()
    return tuple(slices(held, slice_columns(rows), groups=_writers(selection, held)))


def slice_columns(rows: pd.DataFrame) -> Mapping[str, pd.Series]:
    """What the held-out rows are told apart by; "" where it is not known. A segment that is called like one
    of LOOKED_AT is told from it."""
    words = rows["text"].str.split().str.len()
    segments = {name.removeprefix(SEGMENT): name for name in rows if name.startswith(SEGMENT)}
    columns = {
        f"{name} (column)" if name in LOOKED_AT else name: rows[column].fillna("").astype("str")
        for name, column in segments.items()
    }
    columns["channel"] = rows["channel"].fillna("").astype("str")
    columns["language"] = rows["language"].fillna("").replace("unknown", "").astype("str")
    columns["length"] = pd.cut(
        words, [-1, 8, 25, np.inf], labels=["up to 8 words", "9 to 25 words", "over 25 words"]
    ).astype("str")
    columns["month"] = rows["date"].dt.strftime("%Y-%m").fillna("").astype("str")
    return {name: column for name, column in columns.items() if (column != "").any()}


@dataclass(frozen=True)
class Certainty:
    """How sure a model is, and how often it is right when it is so sure."""

    after: tuple  # of core.evaluation.curves.Bin
    before: tuple  # the same before the calibration; () where that was not kept
    unsure: tuple  # of core.evaluation.curves.Unsure


def certainty(held: HeldOut, groups: Sequence[str] | None = None) -> Certainty:
    """`groups` (n,): see `writers`."""
    from core.evaluation.curves import abstention, reliability

    how = held.multi, groups, len(held.repeats)
    before = () if held.raw is None else reliability(held.raw, held.truth, *how)
    after = reliability(held.probabilities, held.truth, *how)
    return Certainty(after, before, abstention(held, groups))


def threshold_curves(held: HeldOut, label: str) -> tuple:
    """core.evaluation.curves.Curve of one label: ROC, then precision-recall; None where undefined."""
    from core.evaluation.curves import precision_recall, roc

    return roc(held, label), precision_recall(held, label)
