"""The insights in three to five plain sentences, each from figures that are on the page."""

from core.domain import Estimate, Insights, SegmentCell
from core.insights.settings import SEVERAL

LONGEST_NAME = 60


def sentences(insights: Insights) -> tuple[str, ...]:
    """Who spoke, the largest theme, what moved, who says more or is unhappy; last the line of doubt."""
    if not insights.themes:
        return (insights.notes[0] if insights.notes else "Nothing is counted yet.",)
    lines = [_scope(insights), _largest(insights), _moved(insights), _over(insights) or _unhappy(insights)]
    return (*[line for line in lines if line], _doubt(insights))


def percents(*shares: float, digits: int = 0) -> str:
    """'23%'; '21-25%' for a range."""
    return "-".join(f"{100 * share:.{digits}f}" for share in shares) + "%"


def named(name: str) -> str:
    """Cut where a long name would push the numbers off a slide."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def likely(estimate: Estimate) -> tuple[str, str]:
    """('23%', 'likely 21-25%'), with a decimal where whole points would hide the range."""
    digits = 0 if estimate.high - estimate.low >= 0.02 else 1
    wide = percents(estimate.low, estimate.high, digits=digits)
    return percents(estimate.mid, digits=digits), f"likely {wide}"


def _scope(insights: Insights) -> str:
    counted, count = insights.themes[0].share.n, len(insights.themes)
    dates = f" from {insights.first_date} to {insights.last_date}" if insights.first_date else ""
    themes = f"{count} theme{'s' * (count != 1)} by {named(insights.label_set)}"
    sorted_into = f"sorted into {themes}"
    if insights.settings.get(SEVERAL):
        sorted_into = f"each with any number of {themes}"
    return f"{_comments(counted)}{dates}, {sorted_into}."


def _comments(count: int) -> str:
    return f"{count:,} comment{'s' * (count != 1)}"


def _largest(insights: Insights) -> str:
    first, second = insights.themes[0], insights.themes[1:2]
    mid, wide = likely(first.share)
    if second and second[0].share.high >= first.share.low:
        mid2, wide2 = likely(second[0].share)
        return (
            f"{named(first.name)} ({mid}, {wide}) and {named(second[0].name)} ({mid2}, {wide2}) "
            "are the largest themes, too close to call."
        )
    return f"{named(first.name)} is the largest theme: {mid} of comments ({wide})."


def _moved(insights: Insights) -> str:
    """The theme that moved most; silent unless the range of the change excludes 0."""
    clear = [mover for mover in insights.movers if mover.clear]
    if not clear:
        return "No theme clearly rose or fell." if insights.trends else ""
    mover = clear[0]
    verb = "rose" if mover.change.mid > 0 else "fell"
    before, after = percents(mover.before.mid), percents(mover.after.mid)
    if before == after:
        before, after = percents(mover.before.mid, digits=1), percents(mover.after.mid, digits=1)
    after_wide = percents(mover.after.low, mover.after.high)
    start = f"{named(mover.theme)} {verb} from {before} of comments in the first third of the time"
    return f"{start} to {after} in the last (likely {after_wide})."


def _over(insights: Insights) -> str:
    """The marked segment value that is most above the theme's overall share."""
    overall = {theme.name: theme.share.mid for theme in insights.themes}

    def lift(cell: SegmentCell) -> float:
        return cell.share.mid - overall[cell.theme]

    marked = [cell for cell in insights.segments if cell.over]
    if not marked:
        return ""
    cell = max(marked, key=lift)
    mid, wide = likely(cell.share)
    return (
        f"{named(cell.theme)} comes up more where {named(cell.segment)} is {named(cell.value)}: "
        f"{mid} ({wide}) against {percents(overall[cell.theme])} overall."
    )


def _unhappy(insights: Insights) -> str:
    """The lowest rated theme, when its range is below the next one's mean."""
    rated = sorted((theme for theme in insights.themes if theme.rating), key=lambda theme: theme.rating.mid)
    if len(rated) < 2 or rated[0].rating.high >= rated[1].rating.mid:
        return ""
    rating = rated[0].rating
    return (
        f"{named(rated[0].name)} has the lowest ratings: {rating.mid:.1f} on average "
        f"(likely {rating.low:.1f}-{rating.high:.1f})."
    )


def _doubt(insights: Insights) -> str:
    widest = max(insights.themes, key=lambda theme: theme.share.high - theme.share.low)
    mid, wide = likely(widest.share)
    least = f"least certain is {named(widest.name)}: {mid}, {wide}."
    if insights.themes[0].share.checked:
        return f"A person checked these counts; {least}"
    if insights.themes[0].share.n < insights.rows:
        return f"Only the labelled comments, {insights.labelled:,} of {insights.rows:,}, are counted; {least}"
    if insights.labelled == insights.rows:
        return f"All comments were labelled by people, so doubt is chance alone; {least}"
    return f"Nobody has checked these counts against random comments yet; {least}"
