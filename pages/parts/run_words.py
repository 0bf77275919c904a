"""How runs and their figures are called on the screen."""

from core.domain import MODE_NAMES, LabelSet, Scores, TrainingRun
from core.workflow.estimate import Forecast
from pages.parts import resources

STATUS = {
    "queued": "waiting",
    "running": "running",
    "paused": "paused",
    "done": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
}
LUCK = (
    "On few comments even a perfectly calibrated model shows some of it. “Good enough?” asks about what is "
    "left beyond that: where it is 5% and chance shows 4%, 3% are left (5² = 4² + 3²)."
)
MEASURES = {  # a sentence each; `several`: where a comment may carry several labels
    "Right": "Accuracy: the share of held-out comments that get the label people gave them.",
    "Precision": "Of the comments the model gives this label to, the share that people gave it to as well.",
    "Recall": "Of the comments people gave this label to, the share that the model finds.",
    "F1": "The balance of precision and recall of one label: 1 is perfect, and the weaker one counts more.",
    "Macro F1": "The mean of F1 over all labels that held-out comments carry or are given: a small label "
    "counts as much as a large one.",
    "Balanced accuracy": "The mean of recall over all labels that held-out comments carry: always saying the "
    "largest label gains nothing.",
    "AUC": "How often the model is surer of this label on a comment that has it than on one that has not: "
    "0.5 is guessing, 1 never errs.",
    "Average precision": "The precision over all thresholds from strict to lenient: the area under the "
    "precision-recall curve.",
    "Weighted F1": "The mean of F1 over the labels, weighted by how many comments carry each.",
    "Confidence off by": "Expected calibration error: how far the model's confidence lies from how often it "
    f"is right, on average. At 5% it says 80% and is right 75% or 85% of the time. {LUCK}",
}
SEVERAL = {  # what differs where a comment may carry several labels
    "Right": "The share of held-out comments on which all labels are right and none is too many.",
    "Balanced accuracy": "For each label the mean of two shares, comments with it that get it and comments "
    "without it that do not; then the mean over all labels. Giving every label, or none, comes to 50%.",
    "Confidence off by": "Expected calibration error: how far the confidence in each label of each comment "
    "lies from how often it is right, on average. At 5% it says 80% and is right 75% or 85% of the time. "
    f"{LUCK}",
}


SETTINGS = {  # as the form calls them; by their names with spaces
    "mode": "Model",
    "encoder": "Encoder",
    "seed": "Seed",
    "max tokens": "Longest text (tokens)",
    "epochs": "Epochs",
    "split": "Judged on",
    "split seed": "Draw of the held-out comments",
    "test dataset": "Test dataset",
    "balance": "Rare labels",
    "patience": "Stop early after (epochs)",
    "label smoothing": "Label smoothing",
    "weight decay": "Weight decay",
    "frozen layers": "Frozen layers",
    "adapter rank": "Adapter rank",
    "augment": "Changed copies",
    "token masking": "Hidden words",
    "averaging": "Mean of weights (share of steps)",
    "without": "Words to leave out",
    "bilstm": "A BiLSTM beside it",
    "quick": "Quick beside it",
    "vectors": "Word vectors",
    "body rate": "Learning rate of the encoder",
    "batch tokens": "Tokens a batch",
}


def measures_of(multi: bool) -> dict[str, str]:
    """What each measure means, for one label a comment or several."""
    return MEASURES | (SEVERAL if multi else {})


def mode_name(mode: str) -> str:
    return MODE_NAMES.get(mode, mode)


def title(run: TrainingRun) -> str:
    return f"Run {run.id}: {mode_name(run.options.mode)}"


def scores_name(scores: Scores) -> str:
    """Old runs have a name in words already."""
    return mode_name(scores.name)


def label_set_of(run: TrainingRun) -> LabelSet:
    """Its name, kind and gate; the numbers of its labels are not read, which takes long for many rows."""
    return resources.store().labels.get(run.label_set_id, counted=False)


def ranges_of(scores: Scores) -> str:
    """What the ranges beside its figures are."""
    together = "; the comments of one person count together" if scores.by_person else ""
    return f"likely ranges (90%{together})"


def luck_of(scores: Scores) -> str:
    """How much of its calibration error is chance; "" where an earlier version did not keep it."""
    if scores.calibration_chance is None:
        return ""
    return f"on {scores.n:,} comments even a perfectly calibrated model shows {scores.calibration_chance:.1%}"


def likely(ends: tuple[float, float] | None, form: str = ".2f") -> str:
    """ "0.80 to 0.89", or in the form of the value it stands beside; "" where no range was stored."""
    return f"{ends[0]:{form}} to {ends[1]:{form}}" if ends else ""


def with_range(value: float | None, ends: tuple[float, float] | None) -> str:
    """For a cell of a table."""
    if value is None:
        return ""
    if ends is None or ends[0] == ends[1]:  # a value that cannot be another one
        return f"{value:.2f}"
    return f"{value:.2f} ({ends[0]:.2f}–{ends[1]:.2f})"


def duration(seconds: float) -> str:
    """A length of time that nobody takes for exact."""
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} seconds"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"


def foreseen(found: Forecast) -> str:
    """How long, how much memory, on what."""
    return (
        f"about {duration(found.seconds)} (likely {from_to(found.low, found.high)}) and "
        f"{found.memory_mb / 1000:.1f} GB of memory on the {found.device}."
    )


def from_to(low: float, high: float) -> str:
    """Both ends in the unit of the larger one: "20 to 70 seconds"."""
    ends = (low, high)
    if high < 90:
        shown, unit = [f"{max(5, round(end / 5) * 5)}" for end in ends], "seconds"
    elif high < 90 * 60:
        shown, unit = [f"{max(1, round(end / 60))}" for end in ends], "minutes"
    else:
        shown, unit = [f"{end / 3600:.1f}" for end in ends], "hours"
    return f"{shown[0]} {unit}" if shown[0] == shown[1] else f"{shown[0]} to {shown[1]} {unit}"
