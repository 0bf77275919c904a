"""What so many labels can and cannot tell, in plain sentences, before anybody trusts a figure."""

from collections.abc import Mapping

from core.domain import LabelScore, Scores

SURE = 0.05  # chance left out at each end: ranges hold in 90 of 100 cases
WIDE = 0.30  # a range of recall wider than this says little
NAMED = 3  # labels with a sentence of their own
USUAL_SHARE = 0.5  # half of the comments found: where a range is widest
ENOUGH = 8  # held-out comments of one label from which its recall means something


def knows(
    counts: Mapping[str, int], judged: Mapping[str, int], held_out: int, labelled: int, scores: Scores
) -> tuple[str, ...]:
    """`counts` labelled comments of each label, `judged` those of them that the model is judged on,
    `held_out` comments it is judged on in all. `labelled` comments of the dataset carry a label, 0 where
    another dataset judges, whose comments then are `judged` and `held_out`. `scores` are what was measured on
    them, and stand beside these sentences with the same ranges.
    """
    if not sum(counts.values()) or held_out <= 0:
        return ("No comment is held out, so nothing says how good the model is. Label more comments.",)
    share = min(1.0, held_out / labelled) if labelled else None
    sentences = [_overall(held_out, share, scores)]
    recall = {score.label: score for score in scores.per_label}
    thin = [label for label in counts if _width(judged[label]) > WIDE]
    thin.sort(key=lambda label: (judged[label], counts[label]))
    sentences += [_label(recall[label], counts[label], judged[label], share) for label in thin[:NAMED]]
    if len(thin) > NAMED:
        sentences.append(f"Of {len(counts)} labels, {len(thin)} are so thin.")
    smallest = min(counts.values())
    if smallest < 2 * ENOUGH:
        sentences.append(
            f"The smallest label has {smallest} comments. Quick can learn from that; which of two settings "
            "is better cannot be told from so few, and calibrated probabilities are rough."
        )
    return tuple(sentences)


def exact_range(found: int, rows: int) -> tuple[float, float]:
    """Bounds of the share behind `found` of `rows`, 90 % (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    low = float(beta.ppf(SURE, found, rows - found + 1)) if found else 0.0
    high = float(beta.ppf(1 - SURE, found + 1, rows - found)) if found < rows else 1.0
    return low, high


def _width(rows: int) -> float:
    if not rows:
        return 1.0
    low, high = exact_range(round(USUAL_SHARE * rows), rows)
    return high - low


def _overall(held_out: int, share: float | None, scores: Scores) -> str:
    low, high = scores.ranges["accuracy"]
    begin = f"{_comments(held_out)} held out"
    if share is None:
        begin = f"The test dataset judges it, with {_comments(held_out)}"
    return (
        f"{begin}: the model gets {round(scores.accuracy * held_out):,} of them right, so it is likely right "
        f"on {low:.0%} to {high:.0%} of all comments with the labels it knows."
    )


def _label(score: LabelScore, count: int, judged: int, share: float | None) -> str:
    """`share` of the labelled comments is held out; None: another dataset judges."""
    label = score.label
    if share is None:
        begin = f"Label '{label}' has {_comments(judged) if judged else 'no comment'} in the test dataset"
    else:
        begin = f"Label '{label}' has {_comments(count)}, {judged or 'none'} of them held out"
    if not judged:
        return f"{begin}: its recall cannot be told at all. {_needed(judged, share)}"
    found, (low, high) = round(score.recall * judged), score.recall_range
    return (
        f"{begin}: with {found} of {judged} found, its recall could be anywhere between "
        f"{low:.0%} and {high:.0%}. {_needed(judged, share)}"
    )


def _needed(judged: int, share: float | None) -> str:
    """How many more comments narrow the range to WIDE."""
    enough = judged
    while _width(enough) > WIDE:
        enough += 1
    more = max(1, -(-(enough - judged) // max(share or 1.0, 1e-9)))
    where = " there" if share is None else ""
    return f"About {more:,.0f} more{where} would narrow that to {WIDE:.0%}."


def _comments(count: int) -> str:
    return f"{count:,} comment{'' if count == 1 else 's'}"
