"""The whole way in one call, for automation: bytes of a CSV in, files and figures out."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from core.config import Settings, load_settings
from core.domain import Columns, Import, Insights, Scores, TrainingOptions, TrainingRun
from core.store.store import Store, open_store
from core.workflow import feedback, reports, runs
from core.workflow.explanations import explain, load_classifier
from core.workflow.task import Stages, Task
from core.workflow.train_here import train_here

EXPLAINED = 5
METHOD = "occlusion"


def walk(
    data: bytes,
    file_name: str,
    columns: Columns,
    options: TrainingOptions,
    out: Path,
    progress: Callable[[float, str], None],
) -> dict:
    """Returns the figures that `python -m core run` prints. Raises AppError."""
    stages = Stages()
    settings = load_settings()
    runs.check_options(settings, options)
    store = open_store(settings.url, settings.data_dir)
    progress(1, "Importing")
    with stages.stage("import"):
        imported = feedback.import_bytes(store, settings, data, file_name, columns, Path(file_name).stem)
    answer = {
        "rows_in": imported.rows_in,
        "rows_stored": imported.rows_stored,
        "rows_rejected": imported.rows_rejected,
        "rejections": [asdict(rejection) for rejection in imported.rejections],
        "labels": [],
        "model": None,
        "baseline": None,
        "recommended": None,
        "run": None,
        "dataset": imported.dataset_id,
        "warnings": list(imported.warnings),
        "files": [],
    }
    sets = store.labels.sets(imported.dataset_id)
    if sets:
        run = _train(store, settings, imported, sets[0].id, options, stages, progress)
        answer |= _figures(run, imported)
        answer["files"] = _write_all(store, settings, run, out, stages, progress)
    else:
        answer["warnings"].append(_nothing_to_learn(columns))
    progress(100, "Done")
    return answer | _times(stages)


def _nothing_to_learn(columns: Columns) -> str:
    if columns.label:
        reason = f"The column '{columns.label[:80]}' holds no label"
    elif columns.rating:
        reason = f"The column '{columns.rating[:80]}' holds fewer than two different ratings"
    else:
        reason = "No label column and no rating were named"
    return (
        f"{reason}, so no model was trained and there is nothing to report on yet. "
        "Name a column with --label or --rating."
    )


def _train(
    store: Store,
    settings: Settings,
    imported: Import,
    label_set_id: int,
    options: TrainingOptions,
    stages: Stages,
    progress: Callable[[float, str], None],
) -> TrainingRun:
    with stages.stage("training"):
        task = Task(lambda pct, what: progress(5 + pct * 0.75, what))
        done = train_here(store, settings, imported.dataset_id, label_set_id, options, task)
    stages.seconds |= {f"training.{name}": value for name, value in done.seconds.items()}
    stages.cpu_seconds |= {f"training.{name}": value for name, value in done.cpu_seconds.items()}
    return done


def _figures(run: TrainingRun, imported: Import) -> dict:
    return {
        "labels": list(run.labels),
        "model": _scores(run.model),
        "baseline": _scores(run.baseline),
        "recommended": run.recommended,
        "calibration": dict(run.calibration),
        "device": run.device,
        "run": run.id,
        "warnings": [*imported.warnings, *run.warnings],
    }


def _scores(scores: Scores) -> dict:
    return {
        "name": scores.name,
        "accuracy": round(scores.accuracy, 4),
        "macro_f1": round(scores.macro_f1, 4),
        "held_out_rows": scores.n,
    }


def _write_all(
    store: Store,
    settings: Settings,
    run: TrainingRun,
    out: Path,
    stages: Stages,
    progress: Callable[[float, str], None],
) -> list[str]:
    progress(82, "Building insights")
    with stages.stage("insights"):
        model = load_classifier(store, settings, run.id)
        found = reports.freeze(store, run.id, model=model)
    progress(88, "Explaining a few comments")
    with stages.stage("explain"):
        written = _explanations(model, run, found, out)
    for number, (key, known) in enumerate(reports.formats().items()):
        progress(90 + 2 * number, f"Writing {known.name}")
        with stages.stage(f"report.{key}"):
            path = out / f"report{known.extension}"
            path.write_bytes(reports.build(store, run.id, key))
        written.append(path)
    return [str(path.resolve()) for path in written]


def _explanations(classifier, run: TrainingRun, found: Insights, out: Path) -> list[Path]:
    """A quote of each of the largest themes and the words that mattered in it, to read and as JSON lines."""
    from core.explain.codec import to_dict
    from core.explain.html import page_html

    first = {quote.theme: quote for quote in reversed(found.quotes)}
    chosen = [
        first[theme.name] for theme in found.themes if theme.name in first and theme.name in run.labels
    ][:EXPLAINED]
    explained = [explain(classifier, quote.text, quote.theme, METHOD) for quote in chosen]
    rows = [
        json.dumps({"id": quote.id} | to_dict(attribution), ensure_ascii=False)
        for quote, attribution in zip(chosen, explained, strict=True)
    ]
    lines, page = out / "explanations.jsonl", out / "explanations.html"
    lines.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    page.write_text(page_html(explained), encoding="utf-8", newline="")
    return [lines, page]


def _times(stages: Stages) -> dict:
    """Process time counts from the start of Python, imports included."""
    wall = sum(
        value for name, value in stages.seconds.items() if "." not in name or name.startswith("report")
    )
    return {
        "seconds": stages.seconds | {"total": round(wall, 3)},
        "cpu_seconds": stages.cpu_seconds | {"total": round(time.process_time(), 3)},
    }
