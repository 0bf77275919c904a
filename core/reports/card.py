"""The model card and the method page: facts about one run."""

from collections.abc import Sequence

from core.charts.scores import label_estimates, overall_estimates
from core.domain import BILSTM, MODE_NAMES, TFIDF, Insights, Scores, TrainingRun
from core.reports.rows import Row, estimate_row
from core.reports.safe import percent

ENCODERLESS = {TFIDF: "TF-IDF with logistic regression", BILSTM: "BiLSTM"}


def score_rows(model: Scores, baselines: Sequence[Scores]) -> tuple[Row, ...]:
    """Overall scores of the model and of each baseline, then precision and recall of each label."""
    overall = [
        estimate_row(f"{title}: {measure}", "held-out rows", estimate)
        for title, scores in (("model", model), *_titled(baselines))
        for measure, estimate in overall_estimates(scores)
    ]
    labels = [
        estimate_row(label, measure, estimate)
        for label, *both in label_estimates(model)
        for measure, estimate in zip(("precision", "recall"), both, strict=True)
    ]
    return (*overall, *labels)


def _titled(baselines: Sequence[Scores]) -> list[tuple[str, Scores]]:
    """A lone baseline needs no name; several are told apart by theirs."""
    if len(baselines) == 1:
        return [("baseline", baselines[0])]
    return [(_name(scores), scores) for scores in baselines]


def _name(scores: Scores) -> str:
    """Old runs have a name in words already."""
    return MODE_NAMES.get(scores.name, scores.name)


def baselines_of(run: TrainingRun) -> tuple[Scores, ...]:
    """TF-IDF first, then what else was measured on the same held-out rows, each name once."""
    beside = run.evaluation.baselines if run.evaluation else ()
    found: dict[str, Scores] = {}
    for scores in (run.baseline, *beside):
        if scores is not None:
            found.setdefault(scores.name, scores)
    return tuple(found.values())


def card_facts(run: TrainingRun) -> list[tuple[str, str]]:
    """After Mitchell et al. 2019, as far as the run knows."""
    several = run.model is not None and run.model.multi
    facts = [
        model_name(run),
        ("Labels", f"{len(run.labels)}{', any number a comment' * several}"),
    ]
    if run.model is not None:
        facts.append(("Macro F1", _with_range(run.model)))
    baselines = baselines_of(run)
    if len(baselines) == 1:
        facts.append(("Baseline macro F1", _with_range(baselines[0])))
    elif baselines:
        listed = "; ".join(f"{_name(scores)} {_with_range(scores)}" for scores in baselines)
        facts.append(("Baselines, macro F1", listed))
    if {"ece_before", "ece_after"} <= run.calibration.keys():
        before, after = run.calibration["ece_before"], run.calibration["ece_after"]
        told = f"{percent(after)} ({percent(before)} before calibration{_luck(run)})"
        facts.append(("Confidence off by", told))
    seconds = sum(run.seconds.values())
    if seconds:
        facts.append(("Training took", f"{seconds:.0f} s on {run.device}"))
    facts.append(("Not for", "Decisions about single people; texts unlike the ones it was trained on"))
    facts.append(("Privacy", "Personal data is masked before it is stored; names are not found by rules"))
    if run.evaluation is not None and run.evaluation.split:
        facts.append(("Held-out rows", run.evaluation.split))
    return facts


def _luck(run: TrainingRun) -> str:
    """What of the error is chance; "" where an earlier version did not keep it."""
    if run.model is None or run.model.calibration_chance is None:
        return ""
    shown = percent(run.model.calibration_chance)
    return f"; a perfectly calibrated model shows {shown} on {run.model.n:,} rows"


def model_name(run: TrainingRun) -> tuple[str, str]:
    """What reads the texts: ("Encoder", its name and the training), or ("Model", ...) where there is none."""
    if run.options.mode in ENCODERLESS:
        return "Model", ENCODERLESS[run.options.mode]
    return "Encoder", f"{run.options.encoder}, {run.options.mode} training"


def _with_range(scores: Scores) -> str:
    estimate = dict(overall_estimates(scores))["Macro F1"]
    return f"{percent(estimate.mid)} (likely {percent(estimate.low)} to {percent(estimate.high)})"


def method_facts(insights: Insights, run: TrainingRun, filters: str) -> list[tuple[str, str]]:
    return [
        ("Counting", insights.counting or "not recorded"),
        ("Ranges", "90%: in 9 of 10 cases the true number lies inside"),
        ("Rows", f"{insights.rows:,}, of which {insights.labelled:,} carry a label"),
        ("Filter", filters),
        ("Run", f"{run.id}, random state {run.options.seed}"),
        ("Data SHA-256", run.data_sha256),
    ]
