"""The stored comments as files for other programs."""

from core.reports.comments import COMMENT_FORMATS, CommentFormat, all_names, csv_bytes
from core.store.store import Store
from core.workflow.importing import rejected_rows


def formats() -> dict[str, CommentFormat]:
    return COMMENT_FORMATS


def comments_file(store: Store, dataset_id: int, kind: str) -> bytes:
    """All rows of a dataset, masked as they are stored. Raises NotFound, AppError."""
    names = all_names(done.header for done in store.datasets.imports(dataset_id))
    return COMMENT_FORMATS[kind].build(names, store.datasets.cells(dataset_id))


def rejected_csv(store: Store, import_id: int) -> bytes:
    """The rows of a file that were kept aside: line, reason, cells. Raises NotFound."""
    table = rejected_rows(store, import_id).astype("str")
    names = tuple(table.columns)
    return csv_bytes(names, ((names, row) for row in table.itertuples(index=False, name=None)))
