"""From an uploaded file to stored feedback, and back."""

import gzip
import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from core.config import Settings
from core.domain import Columns, Dataset, Import, Rejection
from core.errors import BadColumns, BadFile, NotFound, StoreError, TooLarge
from core.ingest.cleaning import Cleaned, clean
from core.ingest.columns import check_columns, guess_columns, preview_roles
from core.ingest.csv_file import Limits, RawTable, read_csv
from core.ingest.health import Health, health
from core.store.store import Store
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
STARS = "sentiment from rating"
SCALES = ((0.0, 1.0), (1.0, 5.0), (0.0, 5.0), (1.0, 7.0), (0.0, 10.0), (0.0, 100.0))
ON_SCALE = 0.98  # a typing error must not stretch the scale
UPLOAD_DAYS = 1
UPLOAD_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Preview:
    """What was found in a file, before anything is stored."""

    upload: str  # id of the file on disk: the SHA-256 of its bytes
    file_name: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows_in: int
    rejections: tuple[Rejection, ...]
    warnings: tuple[str, ...]
    columns: Columns  # guessed
    first_rows: pd.DataFrame
    roles: pd.DataFrame


def keep_upload(settings: Settings, data: bytes) -> str:
    """Copy the bytes to disk at once, compressed, under their own hash. Returns the upload's id.

    Raises TooLarge, or StoreError when the disk takes no more.
    """
    if len(data) > settings.max_upload_mb * 2**20:
        raise TooLarge(
            f"The file has {len(data) / 2**20:,.0f} MB; the limit is {settings.max_upload_mb} MB. "
            "Split it, or raise ROADLENS_MAX_UPLOAD_MB."
        )
    forget_old_uploads(settings)
    upload = hashlib.sha256(data).hexdigest()
    path = _upload_path(settings, upload)
    temporary = path.with_name(f".{upload}.{secrets.token_hex(4)}")
    try:
        with suppress(FileNotFoundError):
            os.utime(path)  # its day begins again
            return upload
        temporary.touch(mode=0o600)
        temporary.write_bytes(gzip.compress(data, compresslevel=1))
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            f"The file could not be kept ({error.strerror}). Free some disk space and try again."
        ) from error
    return upload


def preview(settings: Settings, upload: str, file_name: str) -> Preview:
    """Encoding, delimiter, columns and the first rows of a kept upload. Raises BadFile."""
    raw = _read(settings, upload)
    columns = guess_columns(raw.frame)
    return Preview(
        upload=upload,
        file_name=file_name,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        header=raw.header,
        rows_in=raw.rows_in,
        rejections=raw.rejections,
        warnings=raw.warnings,
        columns=columns,
        first_rows=raw.frame.head(20),
        roles=preview_roles(raw.frame, columns),
    )


def import_upload(
    store: Store,
    settings: Settings,
    upload: str,
    file_name: str,
    columns: Columns,
    name: str,
    task: Task = SILENT,
) -> Import:
    """Store a kept upload as a new dataset and remove the unmasked copy. Raises BadFile."""
    task.progress(5, "Reading the file")
    raw = _read(settings, upload)
    done = _import(store, settings, raw, upload, file_name, columns, name, task=task)
    task.progress(100, "Stored")
    _upload_path(settings, upload).unlink(missing_ok=True)
    return done


def import_bytes(
    store: Store, settings: Settings, data: bytes, file_name: str, columns: Columns, name: str
) -> Import:
    """The same without the stop on disk, for the command line."""
    sha256 = hashlib.sha256(data).hexdigest()
    return _import(store, settings, read_csv(data, limits(settings)), sha256, file_name, columns, name)


def load_sample(store: Store, settings: Settings) -> Dataset:
    """The project's own sample as a dataset; pressing twice gives the same one."""
    data = SAMPLE.read_bytes()
    raw = read_csv(data, limits(settings))
    sha256 = hashlib.sha256(data).hexdigest()
    done = _import(store, settings, raw, sha256, SAMPLE.name, SAMPLE_COLUMNS, SAMPLE_NAME, sample=True)
    return store.datasets.get(done.dataset_id)


def _import(
    store: Store,
    settings: Settings,
    raw: RawTable,
    sha256: str,
    file_name: str,
    columns: Columns,
    name: str,
    sample: bool = False,
    task: Task = SILENT,
) -> Import:
    check_columns(raw.frame, columns)
    task.progress(15, f"Cleaning, masking and finding the language of {raw.rows_in:,} rows")
    cleaned = clean(raw, columns, secret=author_secret(settings), region=settings.phone_region)
    if not len(cleaned.table):
        raise BadFile("No row of this file has text in the chosen column. Choose another text column.")
    cleaned, label_set, notes = _with_labels(cleaned, columns)
    task.progress(75, f"Storing {len(cleaned.table):,} comments")
    return store.datasets.add_import(
        name=name.strip()[:120] or "Feedback",
        file_name=file_name[:200],
        sha256=sha256,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        columns=columns,
        rows_in=raw.rows_in,
        table=cleaned.table,
        rejections=cleaned.rejections,
        warnings=(*cleaned.warnings, *_masked(cleaned), *notes),
        label_set_name=label_set,
        sample=sample,
    )


def _masked(cleaned: Cleaned) -> tuple[str, ...]:
    """What was taken out of the texts, in a sentence; names of people are not found."""
    found = ", ".join(f"{count:,} {kind}" for kind, count in cleaned.masked.items() if count)
    return (f"Masked before storing: {found}. Names of people are not recognised.",) if found else ()


def _with_labels(cleaned: Cleaned, columns: Columns) -> tuple[Cleaned, str | None, tuple[str, ...]]:
    """The label column, or without one the rating as sentiment: low, middle and high part of its scale."""
    if columns.label:
        return cleaned, columns.label, ()
    rating = cleaned.table["rating"]
    scale = rating_scale(rating)
    if not columns.rating or scale is None:
        return cleaned, None, ()
    low, high = scale
    part = (rating - low) / (high - low)
    label = pd.Series("neutral", index=rating.index).mask(part < 0.4, "negative").mask(part > 0.6, "positive")
    table = cleaned.table.assign(label=label.where(rating.between(low, high), ""))
    note = (
        f"No label column was chosen, so the rating serves as label set '{STARS}': "
        f"the lower end of {low:g} to {high:g} counts as negative, the upper end as positive."
    )
    return replace(cleaned, table=table), STARS, (note,)


def rating_scale(rating: pd.Series) -> tuple[float, float] | None:
    """The smallest known scale that holds nearly all ratings, whichever of its values occur; None when
    fewer than two different ratings or no scale fits."""
    known = rating.dropna()
    if known.nunique() < 2:
        return None
    fitting = (scale for scale in SCALES if known.between(*scale).mean() >= ON_SCALE)
    return next(fitting, None)


def health_of(store: Store, dataset_id: int) -> Health:
    """The health card of a stored dataset."""
    table = store.datasets.feedback(dataset_id)
    sets = store.labels.sets(dataset_id)
    if sets:
        labels = store.labels.table(sets[0].id).set_index("feedback_id")["label"]
        table = table.assign(label=table["id"].map(labels).fillna(""))
    return health(table)


def limits(settings: Settings) -> Limits:
    return Limits(
        max_bytes=settings.max_upload_mb * 2**20,
        max_rows=settings.max_rows,
        max_cell_chars=settings.max_cell_chars,
        max_columns=settings.max_columns,
    )


def author_secret(settings: Settings) -> bytes:
    """The key that turns authors into pseudonyms; made once, never leaves the data folder."""
    path = settings.data_dir / "author.key"
    if not path.exists():
        temporary = path.with_name(f".author.{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        with temporary.open("wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes()


def drop_upload(settings: Settings, upload: str) -> None:
    """The person chose another file: the unmasked copy goes at once."""
    _upload_path(settings, upload).unlink(missing_ok=True)


def forget_old_uploads(settings: Settings) -> None:
    """Files that were uploaded and never imported hold unmasked text: they go after a day."""
    for path in settings.uploads_dir.glob("*"):  # a killed process may have left an unfinished one
        with suppress(FileNotFoundError):  # another process was faster
            if time.time() - path.stat().st_mtime > UPLOAD_DAYS * 86_400:
                path.unlink()


def _read(settings: Settings, upload: str) -> RawTable:
    try:
        data = gzip.decompress(_upload_path(settings, upload).read_bytes())
    except (FileNotFoundError, EOFError, gzip.BadGzipFile):
        raise NotFound("This upload is no longer kept. Choose the file again.") from None
    return read_csv(data, limits(settings))


def _upload_path(settings: Settings, upload: str) -> Path:
    if not UPLOAD_ID.fullmatch(upload):
        raise BadColumns("This upload does not exist. Choose the file again.")
    return settings.uploads_dir / f"{upload}.gz"
