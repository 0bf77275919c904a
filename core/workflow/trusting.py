"""How far a run's explanations can be believed: tested on its own held-out comments, by jobs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core.config import Settings
from core.domain import BETTER, LABEL_BREAK, TrainingRun
from core.explain import faithfulness
from core.explain.faithfulness import FEWEST, MOST_RHO, RANDOM, ROWS, TESTED, UNKNOWN, WEAK, Difference
from core.explain.faithfulness import Measured as Row
from core.explain.keys import OCCLUSION
from core.store.explanations import Kept
from core.store.store import Store
from core.workflow.explain_jobs import FAITHFULNESS, TRUST
from core.workflow.explanations import finished, load_classifier
from core.workflow.task import SILENT, Task

__all__ = ["FEWEST", "MOST_RHO", "RANDOM", "ROWS", "TESTED", "UNKNOWN", "WEAK"]  # for the pages

LOOKED_AT = 400  # held-out comments of which 50 with two words are wanted


@dataclass(frozen=True)
class TrustFinding:
    badge: str  # TESTED, WEAK or UNKNOWN
    words: str  # for the person
    figures: Mapping[str, float]
    method: str  # key of core.explain.methods.METHODS
    data_sha256: str  # of the dataset at that moment
    created_at: datetime


@dataclass(frozen=True)
class MethodRow:
    """One method in the table; ranges are likely ones (95 %) over comments."""

    key: str
    name: str
    comprehensiveness: Difference  # up to half of the words, at the shares of ERASER
    sufficiency: Difference
    coarse: tuple[float, float]  # comprehensiveness and sufficiency at 10 to 50 % of the words
    masked: tuple[float, float] | None  # with a mask for each word; None: the model knows none
    mixed: float | None  # right answers on joined comments; None: no two comments could be joined
    rho_top: float | None  # likeness to a copy with random last layers; None: no layers
    rho_all: float | None
    milliseconds: float  # a comment, median
    above: Difference | None  # comprehensiveness less that of the usual method; None for that one
    passes: bool  # says why, and fails no test
    quick: bool  # within the time that a short comment may take


@dataclass(frozen=True)
class Table:
    rows: tuple[MethodRow, ...]  # as they are offered; RANDOM last
    headline: str  # key of the method that leads
    usual: str  # key of the method that leads unless it is beaten beyond chance
    budget: float  # milliseconds
    comments: int
    data_sha256: str
    created_at: datetime


# ---- jobs ---------------------------------------------------------------------------------


def measure(
    store: Store, settings: Settings, run_id: int, params: Mapping, task: Task = SILENT
) -> dict[str, object]:
    """Test the usual method on the run's held-out comments and keep what comes out.

    Raises NotFound, Damaged, ModelMissing, JobStopped.
    """
    from core.explain.methods import METHODS

    run = finished(store, run_id)
    data = store.datasets.get(run.dataset_id).sha256
    task.progress(1, "Loading the model")
    model = load_classifier(store, settings, run_id)
    texts, _ = held_out_comments(store, run)
    end = 70 if run.options.mode == BETTER else 98

    def report(done: int, total: int) -> None:
        task.progress(5 + (end - 5) * done / total, "Taking words out of held-out comments")

    found = faithfulness.trust(model, texts, METHODS[OCCLUSION].explain, on_progress=report)
    content = {
        "badge": found.badge,
        "words": found.words,
        "figures": {name: value for name, value in found.figures.items() if math.isfinite(value)},
        "method": OCCLUSION,
    }
    store.explanations.keep_finding(run_id, TRUST, "", content, data, task.fence)
    if run.options.mode == BETTER:  # its vectors are its own: read now, so that no page waits for them
        from core.workflow.resembling import prepare

        prepare(store, run, model, task, end, 98)
    return {"run": run_id, "badge": found.badge}


def compare(
    store: Store, settings: Settings, run_id: int, params: Mapping, task: Task = SILENT
) -> dict[str, object]:
    """Test every method that fits the run's model and keep the table. Raises as `measure`."""
    from core.explain.methods import SHORTEST_TIME, methods_for

    run = finished(store, run_id)
    data = store.datasets.get(run.dataset_id).sha256
    task.progress(1, "Loading the model")
    model = load_classifier(store, settings, run_id)
    texts, truth = held_out_comments(store, run)
    methods = methods_for(model)

    def report(done: int, total: int, key: str) -> None:
        name = methods[key].name if key in methods else "Words at random"
        task.progress(3 + 95 * done / total, f"Testing “{name}”")

    explain = {key: method.explain for key, method in methods.items()}
    rows = faithfulness.table(model, texts, truth, explain, on_progress=report)
    reasons = [row for row in rows if row.method != RANDOM and methods[row.method].reason]
    leads = faithfulness.headline(reasons, OCCLUSION, SHORTEST_TIME) if rows else OCCLUSION
    by_name = {row.method: row for row in rows}
    content = {
        "headline": leads,
        "usual": OCCLUSION,
        "budget": SHORTEST_TIME,
        "comments": len(rows[0].fine.sufficiency) if rows else 0,
        "rows": [
            _content(
                row,
                methods[row.method].name if row.method in methods else "Words at random",
                by_name[OCCLUSION],
                row in reasons,
                SHORTEST_TIME,
            )
            for row in rows
        ],
    }
    store.explanations.keep_finding(run_id, FAITHFULNESS, "", content, data, task.fence)
    return {"run": run_id, "headline": leads, "methods": len(methods)}


def _content(row: Row, name: str, usual: Row, reason: bool, budget: float) -> dict[str, object]:
    """JSON-ready."""
    fine, none = row.fine, np.zeros(len(row.fine.sufficiency))
    above = faithfulness.paired(fine.comprehensiveness, usual.fine.comprehensiveness)
    return {
        "method": row.method,
        "name": name,
        "comprehensiveness": _three(faithfulness.paired(fine.comprehensiveness, none)),
        "sufficiency": _three(faithfulness.paired(fine.sufficiency, none)),
        "coarse": _means(row.coarse),
        "masked": None if row.masked is None else _means(row.masked),
        "mixed": row.mixed,
        "rho_top": _finite(row.rho_top),
        "rho_all": _finite(row.rho_all),
        "milliseconds": round(row.milliseconds, 1),
        "above": None if row is usual else _three(above),
        "passes": reason and faithfulness.passes(row),
        "quick": row.milliseconds <= budget,
    }


def _three(found: Difference) -> list[float]:
    return [found.mid, found.low, found.high]


def _means(found) -> list[float]:
    return [float(found.comprehensiveness.mean()), float(found.sufficiency.mean())]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def held_out_comments(store: Store, run: TrainingRun) -> tuple[list[str], list[str]]:
    """Up to 400 comments that the run was judged on, as its model reads them, drawn by the run's seed, and
    the label of each; "" where it has not just one. Of folds any may be drawn."""
    from core.workflow.selection import without_words

    rows = store.runs.rows(run.id)
    answers = store.held_out.get(run.id)
    ids = rows.loc[rows["part"] == "test", "feedback_id"] if answers is None else answers.ids
    ids = np.unique(np.asarray(ids, dtype=np.int64))
    chosen = np.random.default_rng(run.options.seed).permutation(ids)[:LOOKED_AT].tolist()
    texts = {}
    for dataset_id in filter(None, (run.dataset_id, run.options.test_dataset)):
        table = store.datasets.feedback(dataset_id, chosen)
        texts |= dict(zip(table["id"].tolist(), table["text"].tolist(), strict=True))
    there = [key for key in chosen if key in texts]
    given = dict(zip(rows["feedback_id"].tolist(), rows["label"].tolist(), strict=True))
    truth = [given.get(key, "") for key in there]
    read = [texts[key] for key in there]
    if run.options.without:
        read = without_words(read, run.options.without)
    return read, ["" if LABEL_BREAK in label else label for label in truth]


# ---- what was kept ------------------------------------------------------------------------


def stored(store: Store, run: TrainingRun) -> TrustFinding | None:
    """None: not tested yet."""
    kept = _kept(store, run, TRUST)
    return None if kept is None else TrustFinding(**kept.content, **_when(kept))


def table(store: Store, run: TrainingRun) -> Table | None:
    """None: the methods were not compared yet. Without rows: too few comments."""
    kept = _kept(store, run, FAITHFULNESS)
    if kept is None:
        return None
    content = dict(kept.content)
    rows = tuple(_row(dict(row)) for row in content.pop("rows"))
    return Table(rows=rows, **content, **_when(kept))


def headline(store: Store, run: TrainingRun) -> str:
    """Key of the method that leads for short comments of this run."""
    found = table(store, run)
    return OCCLUSION if found is None else found.headline


def _kept(store: Store, run: TrainingRun, kind: str) -> Kept | None:
    return store.explanations.findings(run.id, kind).get("")


def _when(kept: Kept) -> dict[str, object]:
    return {"data_sha256": kept.data_sha256, "created_at": kept.created_at}


def _row(content: dict) -> MethodRow:
    above, masked = content.pop("above"), content.pop("masked")
    return MethodRow(
        key=content.pop("method"),
        comprehensiveness=Difference(*content.pop("comprehensiveness")),
        sufficiency=Difference(*content.pop("sufficiency")),
        coarse=tuple(content.pop("coarse")),
        masked=None if masked is None else tuple(masked),
        above=None if above is None else Difference(*above),
        **content,
    )


def in_words(found: Table) -> str:
    """Which method leads, and why, for the person."""
    if not found.rows:
        return f"Not tested: too few held-out comments of two words, {FEWEST} are needed."
    names = {row.key: row.name for row in found.rows}
    if found.headline != found.usual:
        return (
            f"“{names[found.headline]}” leads for this model: it names the words that matter better than "
            f"“{names[found.usual]}”, beyond chance, and is quick enough."
        )
    better = _better(found)
    if better:
        return (
            f"“{names[found.usual]}” leads for this model. “{better[0].name}” names the words that matter "
            f"better, but takes {better[0].milliseconds:,.0f} ms a comment."
        )
    return f"“{names[found.usual]}” leads for this model: no other method that passes beats it beyond chance."


def _better(found: Table) -> Sequence[MethodRow]:
    rows = [row for row in found.rows if row.passes and row.above is not None and row.above.low > 0]
    return sorted(rows, key=lambda row: -row.comprehensiveness.mid)
