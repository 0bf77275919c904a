"""The process that touches a file nobody has checked yet: `python -m core.workflow.import_child`.

It gets a request on standard input and limits of memory and time from whoever starts it.
"""

from collections.abc import Callable

from core.config import Settings
from core.domain import Columns
from core.errors import NotFound
from core.jobs.limited import serve
from core.store.store import open_store
from core.workflow.import_file import Order, import_here, look_at, sha256_of, to_json
from core.workflow.task import Task
from core.workflow.uploads import upload_file


def answer(request: dict, progress: Callable[[float, str], None]) -> dict:
    settings = Settings(**request["settings"])
    source = upload_file(settings, request["upload"])
    if sha256_of(source) != request["upload"]:
        raise NotFound("The kept copy of this upload is damaged. Choose the file again.")
    if request["verb"] == "look":
        columns = to_columns(request["columns"]) if request["columns"] else None
        return to_json(look_at(source, settings, request["answers"], columns))
    order = request["order"]
    order = Order(**{**order, "columns": to_columns(order["columns"])})
    fence = tuple(request["fence"]) if request["fence"] else None
    store = open_store(settings.url, settings.data_dir)
    return to_json(import_here(store, settings, source, order, Task(progress, fence)))


def to_columns(stored: dict) -> Columns:
    """JSON has lists where Columns has tuples."""
    return Columns(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    )


if __name__ == "__main__":
    serve(answer)
