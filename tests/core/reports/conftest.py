"""A report made by hand: two quiet themes, hostile names, one segment, twelve weeks."""

from datetime import UTC, datetime

import pytest

from core.domain import (
    CurvePoint,
    Estimate,
    Insights,
    LabelScore,
    Quote,
    Scores,
    SegmentCell,
    Theme,
    TrainingOptions,
    TrainingRun,
    Trend,
    TrendPoint,
)

HOSTILE = (
    "=1+1",
    "@SUM(A1)",
    "<img src=x onerror=alert(1)>",
    "<b>bold</b>",
    "left\u202eright",
    "rocket \U0001f680",
    "nul\x00byte",
    "long " * 60,
    "</script><script>alert(1)</script>",
    "http://example.org/track.gif",
    "＝CMD()",
    "$x^2$ & more",
)
WEEKS = tuple(f"2024-{month:02d}-01" for month in range(1, 13))


def share(mid: float, n: int = 200, checked: bool = False) -> Estimate:
    return Estimate(mid, round(mid * 0.8, 6), round(mid * 1.25, 6), n, "corrected counts", checked=checked)


def make_themes(names: tuple[str, ...]) -> tuple[Theme, ...]:
    shares = [0.3 / (place + 1) for place in range(len(names))]
    rating = Estimate(3.5, 3.2, 3.8, 60, "mean", unit="rating")
    return tuple(
        Theme(name, share(mid), rating if place == 0 else None, (place * 10 + 1, place * 10 + 2))
        for place, (name, mid) in enumerate(zip(names, shares, strict=True))
    )


def make_scores(name: str, labels: tuple[str, ...]) -> Scores:
    """Each label has 10 held-out rows: 8 right, 2 read as the next label."""
    count = len(labels)
    table = [[8 if a == b else 2 if b == (a + 1) % count else 0 for b in range(count)] for a in range(count)]
    per_label = tuple(LabelScore(label, 0.8, 0.8, 0.8, 10) for label in labels)
    return Scores(name, 0.8, 0.8, 0.8, per_label, tuple(map(tuple, table)), 10 * count)


@pytest.fixture
def run() -> TrainingRun:
    return TrainingRun(
        id=7,
        dataset_id=1,
        label_set_id=1,
        job_id=None,
        status="done",
        options=TrainingOptions(),
        labels=HOSTILE,
        data_sha256="ab" * 32,
        device="cpu",
        versions={"torch": "2.13.0"},
        seconds={"train": 12.0},
        cpu_seconds={},
        model=make_scores("MiniLM", HOSTILE),
        baseline=make_scores("word counts", HOSTILE),
        calibration={"ece_before": 0.12, "ece_after": 0.03},
        curve=(CurvePoint(1, 0.1, loss=1.0),),
        warnings=(),
        checkpoint="run-7",
        manifest_sha256="cd" * 32,
        error="",
        created_at=datetime(2024, 12, 31, tzinfo=UTC),
        finished_at=datetime(2025, 1, 1, 12, tzinfo=UTC),
    )


@pytest.fixture
def insights() -> Insights:
    themes = make_themes(HOSTILE)
    trends = tuple(
        Trend(
            theme.name,
            tuple(TrendPoint(start, share(0.1 + 0.01 * w), 50, (w,)) for w, start in enumerate(WEEKS)),
        )
        for theme in themes
    )
    cells = tuple(
        SegmentCell(
            "Plan=<i>",
            value,
            theme.name,
            share(mid),
            100,
            over=value == "=Pro" and place == 0,
            small=value == "tiny",
            ids=(place * 10 + 1,),
        )
        for place, theme in enumerate(themes)
        for value, mid in (("=Pro", 0.3), ("Free", 0.1), ("tiny", 0.5))
    )
    quotes = tuple(
        Quote(place * 10 + 1, f"{theme.name} said\nthe customer", theme.name, 0.9, "Jan 2024, <u>web</u>")
        for place, theme in enumerate(themes)
    )
    return Insights(
        run_id=7,
        dataset="sample <data>",
        label_set="topic",
        rows=1234,
        labelled=400,
        first_date="2024-01-01",
        last_date="2024-12-31",
        period="month",
        counting="Corrected for the model's mistakes.",
        themes=themes,
        trends=trends,
        segments=cells,
        quotes=quotes,
        notes=("No rating column: what goes with the rating is not shown.",),
        settings={"shrink": 20},
    )


@pytest.fixture
def nothing() -> Insights:
    return Insights(7, "empty", "topic", 0, 0, "", "", "", "", (), (), (), (), ("No date column.",))
