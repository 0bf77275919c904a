"""The health card of a stored dataset: measured when its rows change, read when a page asks."""

from collections.abc import Sequence

import pandas as pd

from core.domain import BUNDLED_ENCODER, LABEL, LABEL_BREAK
from core.ingest.duplicates import bursts, near_duplicates
from core.ingest.health import Health, HealthTally
from core.store.store import Store
from core.workflow.task import SILENT, Task

CHUNK = 20_000
MOST_COMPARED = 150_000  # rows; beyond, only equal words are grouped


def of_dataset(store: Store, dataset_id: int) -> Health:
    """Raises NotFound."""
    stored = store.datasets.health(dataset_id)
    return Health.from_dict(stored) if stored else measure(store, dataset_id)


def measure(store: Store, dataset_id: int) -> Health:
    """Read every row again and store the card. Raises NotFound."""
    table = with_labels(store, dataset_id, store.datasets.feedback(dataset_id))
    tally = HealthTally()
    for start in range(0, len(table), CHUNK):
        tally.add(table.iloc[start : start + CHUNK])
    found = tally.finish(
        masked=_masked(store, dataset_id), unknown=unknown_shares(table["text"].head(2_000).tolist())
    )
    store.datasets.set_health(dataset_id, found.to_dict())
    return found


def _masked(store: Store, dataset_id: int) -> dict[str, int]:
    """Places by kind in the rows that are there: of a file that was appended some rows were not stored."""
    imports = store.datasets.imports(dataset_id)
    if len(imports) == 1 and imports[0].rows_stored == imports[0].rows_in:
        return dict(imports[0].masked)
    kinds = dict.fromkeys(kind for done in imports for kind in done.masked)
    found = dict.fromkeys(kinds, 0)
    for _, cells in store.datasets.cells(dataset_id) if kinds else ():
        row = "\n".join(cells)
        if "[" in row:
            for kind in kinds:
                found[kind] += row.count(f"[{kind}]")
    return {kind: places for kind, places in found.items() if places}


def with_labels(store: Store, dataset_id: int, table: pd.DataFrame) -> pd.DataFrame:
    """One column LABEL + name for each label set."""
    for label_set in store.labels.sets(dataset_id):
        labels = store.labels.table(label_set.id)
        if label_set.multi:  # joining groups of one would take most of the time
            labels = labels.groupby("feedback_id", as_index=False)["label"].agg(LABEL_BREAK.join)
        labels = labels.set_index("feedback_id")["label"]
        table = table.assign(**{LABEL + label_set.name: table["id"].map(labels).fillna("").astype("str")})
    return table


def unknown_shares(texts: Sequence[str]) -> dict[str, float]:
    """Share of the words and characters that the built-in encoder has no token for."""
    from core.models.coverage import unknown_share

    return {BUNDLED_ENCODER: unknown_share(texts)} if texts else {}


def find_similar(store: Store, dataset_id: int, task: Task = SILENT) -> dict:
    """Group comments that say nearly the same and flag bursts; store the groups and the card.

    Raises NotFound.
    """
    task.progress(5, "Looking for comments that say the same")
    table = store.datasets.feedback(dataset_id)
    groups = near_duplicates(table["text"].tolist(), exact=len(table) > MOST_COMPARED)
    task.progress(80, "Looking for bursts")
    found = bursts(table["text"].tolist(), groups, table["date"], table["author"])
    store.datasets.set_similar(dataset_id, table["id"].to_numpy(), groups)
    card = of_dataset(store, dataset_id).with_similar(groups, found)
    store.datasets.set_health(dataset_id, card.to_dict())
    return {"groups": int(len(set(groups[groups >= 0].tolist()))), "bursts": len(found)}


def similar_groups(store: Store, dataset_id: int, limit: int = 50) -> pd.DataFrame:
    """Comments said more than once, the most frequent first: group, rows, authors, first, last (dates or
    NaT) and the text of the first row."""
    groups = store.datasets.similar(dataset_id)
    sizes = groups["group"].value_counts().head(limit)
    if not len(sizes):
        return pd.DataFrame(columns=["group", "rows", "authors", "first", "last", "text"])
    kept = groups[groups["group"].isin(sizes.index)]
    table = store.datasets.feedback(dataset_id, kept["feedback_id"].tolist())
    table["group"] = table["id"].map(kept.set_index("feedback_id")["group"])
    found = table.groupby("group", sort=False).agg(
        rows=("id", "size"),
        authors=("author", lambda names: names[names != ""].nunique()),
        first=("date", "min"),
        last=("date", "max"),
        text=("text", "first"),
    )
    return found.reset_index().sort_values(["rows", "group"], ascending=[False, True], ignore_index=True)


def rows_of_group(store: Store, dataset_id: int, group: int) -> pd.DataFrame:
    """The feedback table of one group. Raises NotFound."""
    groups = store.datasets.similar(dataset_id)
    return store.datasets.feedback(dataset_id, groups.loc[groups["group"] == group, "feedback_id"].tolist())
