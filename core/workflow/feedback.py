"""Files that are imported in one call and in this process: the sample, and those of the command line."""

from collections.abc import Mapping
from pathlib import Path

from core.config import Settings
from core.domain import Columns, Dataset, Import
from core.errors import BadFile
from core.store.store import Store
from core.workflow.import_file import Order, import_here, sha256_of
from core.workflow.task import SILENT, Task

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample" / "feedback.csv"
SAMPLE_COLUMNS = Columns(
    text="comment",
    label="topic",
    date="date",
    rating="rating",
    author="author",
    account="account",
    channel="channel",
    segments=("plan", "region"),
)
SAMPLE_NAME = "Sample: a helpdesk product"


def load_sample(store: Store, settings: Settings) -> Dataset:
    """The project's own sample as a dataset; pressing twice gives the same one."""
    order = Order(SAMPLE.name, sha256_of(SAMPLE), SAMPLE_COLUMNS, name=SAMPLE_NAME, sample=True, assume=True)
    return store.datasets.get(_stored(store, settings, SAMPLE, order).dataset_id)


def import_bytes(  # noqa: PLR0917
    store: Store,
    settings: Settings,
    data: bytes,
    file_name: str,
    columns: Columns,
    name: str,
    task: Task = SILENT,
    answers: Mapping[str, str] | None = None,
) -> Import:
    """A file as a new dataset; what only a person could know about it and `answers` lacks is assumed, with
    a warning.

    Raises BadFile.
    """
    order = Order(file_name, sha256_of(data), columns, answers or {}, name=name, assume=True)
    return _stored(store, settings, data, order, task)


def _stored(
    store: Store, settings: Settings, source: Path | bytes, order: Order, task: Task = SILENT
) -> Import:
    outcome = import_here(store, settings, source, order, task)
    if outcome.import_id is None:
        raise BadFile(f"The file could not be stored: {outcome.status}. Import it on the Feedback page.")
    return store.datasets.import_of(outcome.import_id)
