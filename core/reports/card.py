"""The model card and the method page: facts about one run."""

from core.charts.scores import label_estimates, overall_estimates
from core.domain import Insights, Scores, TrainingRun
from core.reports.rows import Row, estimate_row
from core.reports.safe import percent


def score_rows(model: Scores, baseline: Scores | None) -> tuple[Row, ...]:
    """Overall scores of model and baseline, then precision and recall of each label."""
    overall = [
        estimate_row(f"{title}: {measure}", "held-out rows", estimate)
        for title, scores in (("model", model), ("baseline", baseline))
        if scores is not None
        for measure, estimate in overall_estimates(scores)
    ]
    labels = [
        estimate_row(label, measure, estimate)
        for label, *both in label_estimates(model)
        for measure, estimate in zip(("precision", "recall"), both, strict=True)
    ]
    return (*overall, *labels)


def card_facts(run: TrainingRun) -> list[tuple[str, str]]:
    """After Mitchell et al. 2019, as far as the run knows."""
    facts = [
        ("Encoder", f"{run.options.encoder}, {run.options.mode} training"),
        ("Labels", f"{len(run.labels)}"),
    ]
    if run.model is not None:
        facts.append(("Macro F1", _with_range(run.model)))
    if run.baseline is not None:
        facts.append(("Baseline macro F1", _with_range(run.baseline)))
    if {"ece_before", "ece_after"} <= run.calibration.keys():
        before, after = run.calibration["ece_before"], run.calibration["ece_after"]
        facts.append(("Confidence off by", f"{percent(after)} ({percent(before)} before calibration)"))
    seconds = sum(run.seconds.values())
    if seconds:
        facts.append(("Training took", f"{seconds:.0f} s on {run.device}"))
    facts.append(("Not for", "Decisions about single people; texts unlike the ones it was trained on"))
    facts.append(("Privacy", "Personal data is masked before it is stored; names are not found by rules"))
    return facts


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
