"""`python -m core faithfulness`: the table of how well each method explains a run's model."""

import argparse
from collections.abc import Sequence

from core.config import load_settings
from core.domain import TrainingRun
from core.store.store import Store, open_store
from core.workflow import trusting
from core.workflow.bar import Bar
from core.workflow.explanations import finished
from core.workflow.task import Task
from core.workflow.trusting import MethodRow, Table

HEAD = (
    ("method", "comp", "suff", "above usual", "10-50", "suff", "[MASK]", "suff")
    + ("mixed", "rho a", "rho b", "ms")
)  # fmt: skip
NOTES = """
comp: how far the confidence falls without the words a method names; higher is better
suff: how far it falls with these words alone; lower is better. After each its likely range (95 %)
above usual: comp less that of the usual method on the same comments; more than chance where the range
    lies above 0. 10-50: at 10 to 50 % of the words. [MASK]: a mask stands for each word that is taken out
mixed: two comments joined, the words named lie in the right one; 0.50 is by chance, 0.97 is wanted
rho a, b: likeness to what is said of a copy with random last layers, random layers; at most 0.30 is wanted
The planted word needs a training of its own and is not measured here."""


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    verb = verbs.add_parser("faithfulness", help="how well each method explains a run's model: a table")
    verb.set_defaults(verb=show)
    verb.add_argument("run", type=int, metavar="RUN", help="number of a finished run")
    verb.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    verb.add_argument("--again", action="store_true", help="measure anew what was measured before")


def show(chosen: argparse.Namespace) -> str | dict:
    """Measures what was not measured on these comments yet; a text, or with `--json` an object."""
    settings = load_settings()
    store = open_store(settings.url, settings.data_dir)
    bar = Bar()
    try:
        run = finished(store, chosen.run)
        data = store.datasets.get(run.dataset_id).sha256
        for stored, measure in ((trusting.stored, trusting.measure), (trusting.table, trusting.compare)):
            found = stored(store, run)
            if chosen.again or found is None or found.data_sha256 != data:
                measure(store, settings, run.id, {}, Task(bar))
        return (as_json if chosen.json else as_text)(store, run)
    finally:
        bar.close()
        store.close()


def as_json(store: Store, run: TrainingRun) -> dict:
    """The stored findings as they are."""
    badge = store.explanations.findings(run.id, trusting.TRUST)[""]
    table = store.explanations.findings(run.id, trusting.FAITHFULNESS)[""]
    return {"run": run.id, **table.content, "badge": dict(badge.content)}


def as_text(store: Store, run: TrainingRun) -> str:
    found, badge = trusting.table(store, run), trusting.stored(store, run)
    title = f"Run {run.id}: {found.comments} held-out comments, {found.budget:.0f} ms a comment at most"
    lines = [title, "", *aligned(found), *NOTES.splitlines(), "", trusting.in_words(found), badge.words]
    return "\n".join(lines)


def aligned(found: Table) -> list[str]:
    """Names to the left, figures to the right; * before the method that leads."""
    cells = [HEAD, *(_cells(row, found) for row in found.rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(HEAD))]
    return [_line(row, widths) for row in cells]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()


def _cells(row: MethodRow, found: Table) -> tuple[str, ...]:
    mark = "* " if row.key == found.headline else "  "
    above = "" if row.above is None or row.key == trusting.RANDOM else _range(row.above, "+.3f")
    masked = ("", "") if row.masked is None else tuple(f"{value:.3f}" for value in row.masked)
    return (
        f"{mark}{row.name}",
        _range(row.comprehensiveness, ".3f"),
        _range(row.sufficiency, ".3f"),
        above,
        *(f"{value:.3f}" for value in row.coarse),
        *masked,
        *("" if value is None else f"{value:.2f}" for value in (row.mixed, row.rho_top, row.rho_all)),
        "" if row.key == trusting.RANDOM else f"{row.milliseconds:.0f}",
    )


def _range(found, form: str) -> str:
    return f"{found.mid:{form}} [{found.low:{form}}, {found.high:{form}}]"
