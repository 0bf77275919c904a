"""The process that touches an accounts file nobody has checked yet, with limits of memory and time."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from core.config import Settings
from core.jobs.limited import serve
from core.store.store import open_store
from core.workflow.accounts_file import attach_here, preview_here, to_account_columns


def answer(request: dict, progress: Callable[[float, str], None]) -> dict:
    settings = Settings(**request["settings"])
    source = Path(request["path"])
    store = open_store(settings.url, settings.data_dir)
    columns, dataset_id = to_account_columns(request["columns"]), request["dataset"]
    if request["verb"] == "preview":
        return asdict(preview_here(store, settings, dataset_id, source, columns, request["answers"]))
    name, answers = request["file_name"], request["answers"]
    warnings = attach_here(store, settings, dataset_id, source, name, columns, answers)
    return {"warnings": list(warnings)}


if __name__ == "__main__":
    serve(answer)
