"""How the rows were divided, in sentences for the person."""

from collections.abc import Sequence

from core.domain import BY_TIME, GROUPED, KFOLD, STRATIFIED

WORTH_SAYING = 0.01  # share of the labelled comments


def sentence(way: str, folds: int, repeats: int, outside: bool, undated: int, again: int) -> str:
    """`undated`: comments without a date that the model learns from; `again`: those it learns from that are
    as new as the held-out ones, since they repeat words of older comments."""
    if way == KFOLD:
        over = f", {repeats} times over" if repeats > 1 else ""
        return (
            f"In {folds} folds{over}: each labelled comment was held out once"
            f"{' each time' if repeats > 1 else ''}, with equal shares of each label in every fold."
        )
    if outside:
        return "Judged on another dataset; a tenth of the comments of this one tuned the model."
    return {
        STRATIFIED: "A fifth of the comments was held out at random, with equal shares of each label.",
        GROUPED: "About a fifth of the comments was held out by person: nobody stands on both sides.",
        BY_TIME: f"The newest fifth of the dated comments was held out: learned from "
        f"{_learned_by_time(undated, again)}.",
    }[way]


def _learned_by_time(undated: int, again: int) -> str:
    more = []
    if again:
        more.append(f"{again:,} later repeat{'' if again == 1 else 's'} of earlier words")
    if undated:
        more.append(f"{undated:,} comment{'' if undated == 1 else 's'} without a date")
    if not more:
        return "the past alone"
    return ", from ".join(["the past", *more[:-1]]) + f" and from {more[-1]}"


def listed(left_out: Sequence[tuple[str, int]]) -> str:
    """Labels and their rows, the first five by name."""
    named = ", ".join(f"'{label[:40]}' ({rows})" for label, rows in left_out[:5])
    return named + (f" and {len(left_out) - 5:,} more" if len(left_out) > 5 else "")


def rare(left_out: Sequence[tuple[str, int]], fewest: int, unjudged: int, labelled: int) -> tuple[str, ...]:
    """`fewest`: different comments that a label needs. `unjudged` of the `labelled` comments carry no label
    that is learned."""
    if not left_out:
        return ()
    return (
        f"Too rare to learn, since a label needs {fewest} different comments: {listed(left_out)}. "
        f"{_wrong(unjudged, labelled)}",
    )


def later(left_out: Sequence[tuple[str, int]], unjudged: int, labelled: int) -> tuple[str, ...]:
    if not left_out:
        return ()
    return (
        f"Only in the newest comments, so there is nothing to learn them from: {listed(left_out)}. "
        f"{_wrong(unjudged, labelled)} Choose another split to learn them.",
    )


def _wrong(unjudged: int, labelled: int) -> str:
    """What labels that are not learned leave out of every figure."""
    if not unjudged:  # all of their comments carry other labels too
        return "The model never gives these labels, and no figure counts them."
    share = unjudged / labelled
    of_all = f", {share:.0%} of the labelled ones," if share >= WORTH_SAYING else ""
    if unjudged == 1:
        return (
            f"1 comment{of_all} carries no label that is learned: it is not judged, and the model would be "
            "wrong on it."
        )
    return (
        f"{unjudged:,} comments{of_all} carry no label that is learned: they are not judged, and the model "
        "would be wrong on each of them."
    )


def blank(labels: Sequence[Sequence[str]], names: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    empty = sum(1 for row, kept in zip(labels, names, strict=True) if len(row) and not kept)
    if empty == 1:
        return ("1 comment has an empty label and is left out.",)
    return (f"{empty:,} comments have an empty label and are left out.",) if empty else ()


def missing(lacking: Sequence[str]) -> tuple[str, ...]:
    """`lacking`: learned labels that no held-out comment carries."""
    if not lacking:
        return ()
    named = ", ".join(f"'{label[:40]}'" for label in lacking[:5])
    more = f" and {len(lacking) - 5:,} more" if len(lacking) > 5 else ""
    return (f"Too few people wrote comments of {named}{more}: no held-out comment judges them.",)
