"""Headings that say what a figure shows; never more than its ranges allow."""

from collections.abc import Sequence

from core.domain import Estimate, Mover, Scores, SegmentCell, Theme, TrainingRun, Trend
from core.reports.safe import percent, shorten

NAME = 44  # characters of a theme in a heading


def _quoted(name: str) -> str:
    return f"“{shorten(name, NAME)}”"


def _range(estimate: Estimate) -> str:
    return f"likely {percent(estimate.low)} to {percent(estimate.high)}"


def themes(themes: Sequence[Theme]) -> str:
    """The leader, or that the leaders cannot be told apart."""
    ranked = sorted(themes, key=lambda theme: -theme.share.mid)
    first = ranked[0]
    lead = f"{_quoted(first.name)} is {percent(first.share.mid)} of feedback ({_range(first.share)})"
    if len(ranked) == 1:
        return lead
    second = ranked[1]
    if second.share.high < first.share.low:
        return f"{lead}, more than any other theme"
    return f"{_quoted(first.name)} and {_quoted(second.name)} lead, too close to call between them"


def trend(trends: Sequence[Trend], movers: Sequence[Mover], period: str) -> str:
    """The largest clear move from the first to the last third of the periods."""
    clear = [mover for mover in movers if mover.clear]
    periods = max((len(t.points) for t in trends), default=0)
    span = f"{periods} {period or 'period'}s"
    if not clear:
        return f"No theme clearly rose or fell over {span}"
    top = clear[0]
    verb = "rose" if top.change.mid > 0 else "fell"
    before, after = percent(top.before.mid), percent(top.after.mid)
    return f"{_quoted(top.theme)} {verb} from {before} in the first third of {span} to {after} in the last"


def segment(name: str, cells: Sequence[SegmentCell], overall: dict[str, float]) -> str:
    """The marked cell farthest above its theme's average."""
    marked = [cell for cell in cells if cell.over and not cell.small]
    if not marked:
        return f"No clear difference between the values of {shorten(name, 30)}"
    top = max(marked, key=lambda cell: cell.share.mid - overall.get(cell.theme, 0.0))
    return (
        f"{shorten(top.value, 30)} talks about {_quoted(top.theme)} more than others: "
        f"{percent(top.share.mid)} against {percent(overall.get(top.theme, 0.0))} overall"
    )


def model(run: TrainingRun) -> str:
    """How often the model is right, and whether it was worth training."""
    right = f"The model is right on {percent(run.model.accuracy)} of {run.model.n:,} held-out comments"
    if run.model.multi:
        share = percent(run.model.accuracy)
        right = f"The model gets all labels right on {share} of {run.model.n:,} held-out comments"
    if run.baseline is None:
        return right
    gap = 100 * (run.model.macro_f1 - run.baseline.macro_f1)
    if run.recommended == "baseline":
        said = f"{right}; the simple baseline reaches {-gap:.1f} points more macro F1, so compare the two"
    else:
        said = f"{right}, macro F1 {gap:.1f} points above the simple baseline"
    return f"{said}, though their likely ranges meet" if _ranges_meet(run.model, run.baseline) else said


def _ranges_meet(one: Scores, other: Scores) -> bool:
    """Of the macro F1; False where they were not measured."""
    first, second = (scores.ranges.get("macro_f1") for scores in (one, other))
    return bool(first and second) and first[0] <= second[1] and second[0] <= first[1]
