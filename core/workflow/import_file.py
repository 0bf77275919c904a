"""One file from bytes to rows in the store, in this process: survey it, clean it chunk by chunk, stage
the rows, publish them. `importing.py` runs this in a child with limits."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path

import pandas as pd

from core.config import Settings
from core.domain import LABEL, Columns, Question, Rejection
from core.errors import BadFile
from core.ingest.cleaning import Cleaner
from core.ingest.column_roles import check_columns, preview_roles
from core.ingest.columns import guess_columns
from core.ingest.health import HealthTally
from core.ingest.presets import source_of
from core.ingest.private_cells import Privacy
from core.ingest.raw import Limits, RawChunk, TableFile
from core.ingest.survey import Plan, survey
from core.ingest.table_file import open_table
from core.store.staging import Counts, FileFacts
from core.store.store import Store
from core.workflow.leftovers import at_work
from core.workflow.secret import author_secret
from core.workflow.task import SILENT, Task

STARS = "sentiment from rating"
FIRST_ROWS = 20
SHOWN_CHARS = 300
PATTERN = "pattern:"  # answers "pattern:<kind>" = regex: ids of the user's own that are masked
STAGED, STORED, ASK, CHECKED = "staged", "stored", "ask", "checked"


@dataclass(frozen=True)
class Order:
    """What a person wants of one file."""

    file_name: str
    sha256: str  # of the file's bytes
    columns: Columns
    answers: Mapping[str, str] = field(default_factory=dict)
    name: str = "Feedback"  # of a new dataset
    dataset_id: int | None = None  # append to this one
    sample: bool = False
    dry_run: bool = False
    assume: bool = False  # take the likeliest answer to each question, with a warning


@dataclass(frozen=True)
class Outcome:
    """What became of an order."""

    status: str  # ask, staged (an append waits for a word), stored, checked (a dry run)
    encoding: str = ""
    delimiter: str = ""
    header: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    rows_in: int = 0
    rows_stored: int = 0
    rejections: tuple[Rejection, ...] = ()
    warnings: tuple[str, ...] = ()
    masked: Mapping[str, int] = field(default_factory=dict)
    staged: int | None = None
    counts: Counts | None = None  # of an append
    import_id: int | None = None
    dataset_id: int | None = None


@dataclass(frozen=True)
class Look:
    """What was found in a file, before anything is stored."""

    format: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    answers: Mapping[str, str]  # given or assumed
    questions: tuple[Question, ...]  # open ones; with any, what follows is not there yet
    warnings: tuple[str, ...]
    rows_in: int = 0
    rejections: tuple[Rejection, ...] = ()
    columns: Columns | None = None
    source: str = ""  # the known export it looks like
    first_rows: tuple[tuple[str, ...], ...] = ()
    roles: tuple[tuple[str, str, str, float], ...] = ()  # column, role, examples, share filled
    scale: str = ""  # of the ratings, such as "1-5"


def look_at(
    source: Path | bytes,
    settings: Settings,
    answers: Mapping[str, str],
    columns: Columns | None = None,
) -> Look:
    """Read the whole file once, keep nothing. Raises BadFile."""
    table = open_table(source, limits(settings), reading_answers(answers))
    found = Look(
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=table.header,
        answers={**answers, **table.answers},
        questions=table.questions,
        warnings=table.warnings,
    )
    if found.questions:
        return found
    first, chunks = _first(table)
    columns = columns or guess_columns(first.frame)
    plan = survey(chunks, columns, answers)
    return replace(
        found,
        questions=plan.questions,
        warnings=(*table.warnings, *plan.warnings),
        rows_in=plan.rows_in,
        rejections=plan.rejections,
        columns=columns,
        source=source_of(table.header),
        first_rows=_shown(first.frame),
        roles=tuple(preview_roles(first.frame, columns).itertuples(index=False, name=None)),
        scale=scale_text(plan),
    )


def _first(table: TableFile) -> tuple[RawChunk, Iterator[RawChunk]]:
    chunks = table.chunks()
    first = next(chunks, None)
    if first is None:
        raise BadFile("The file has column names but no rows below them. Export it again with its rows.")
    return first, chain([first], chunks)


def _shown(frame: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    head = frame.head(FIRST_ROWS)
    return tuple(tuple(cell[:SHOWN_CHARS] for cell in row) for row in head.itertuples(index=False, name=None))


def scale_text(plan: Plan) -> str:
    return "" if plan.scale is None else f"{plan.scale[0]:g}-{plan.scale[1]:g}"


def import_here(
    store: Store, settings: Settings, source: Path | bytes, order: Order, task: Task = SILENT
) -> Outcome:
    """Raises BadFile, StoreError; Cancelled and LeaseLost from the task."""
    task.progress(1, "Reading the file")
    table = open_table(source, limits(settings), reading_answers(order.answers))
    answers = {**order.answers, **table.answers}
    if table.questions:
        if order.assume:
            return import_here(store, settings, source, _assuming(order, table.questions), task)
        return _asked(table, answers, table.questions, table.warnings)
    first, chunks = _first(table)
    check_columns(first.frame, order.columns)
    plan = survey(chunks, order.columns, answers)
    if plan.questions:
        if order.assume:
            return import_here(store, settings, source, _assuming(order, plan.questions), task)
        return _asked(table, answers, plan.questions, (*table.warnings, *plan.warnings))
    work = _Import(store, settings, table, order, plan, answers, task)
    return work.check() if order.dry_run else work.store_rows()


def _assuming(order: Order, questions: Sequence[Question]) -> Order:
    taken = {question.key: question.answers[0].value for question in questions}
    if set(taken) <= set(order.answers):
        raise BadFile(f"{questions[0].words} Answer this on the Feedback page.")
    return replace(order, answers={**order.answers, **taken})


def _asked(
    table: TableFile, answers: Mapping[str, str], questions: tuple[Question, ...], warnings: tuple[str, ...]
) -> Outcome:
    return Outcome(
        ASK, table.encoding, table.delimiter, table.header, answers, questions=questions, warnings=warnings
    )


class _Import:
    """The second pass over a file whose questions are answered."""

    def __init__(  # noqa: PLR0917
        self,
        store: Store,
        settings: Settings,
        table: TableFile,
        order: Order,
        plan: Plan,
        answers: Mapping[str, str],
        task: Task,
    ) -> None:
        self.store, self.settings, self.table, self.order = store, settings, table, order
        self.plan, self.answers, self.task = plan, answers, task
        self.columns = order.columns
        self.stars = _stars_scale(plan, order.columns)
        self.cleaner = Cleaner(table.header, order.columns, plan, privacy(settings, order.answers))
        self.tally = HealthTally()
        self.rows = 0
        self.sample: list[str] = []

    def check(self) -> Outcome:
        """All the work but the storing."""
        for _ in self._chunks():
            pass
        return replace(self._outcome(CHECKED), rows_stored=self.rows)

    def store_rows(self) -> Outcome:
        with at_work(self.settings):
            return self._store_rows()

    def _store_rows(self) -> Outcome:
        staging, fence = self.store.staging, self.task.fence
        facts = FileFacts(
            file_name=self.order.file_name[:200],
            sha256=self.order.sha256,
            encoding=self.table.encoding,
            delimiter=self.table.delimiter,
            header=self.table.header,
            columns=self.columns,
            answers=dict(self.answers),
        )
        name = self.order.name.strip()[:120] or "Feedback"
        staged = staging.begin(facts, name, sample=self.order.sample, fence=fence)
        try:
            for cleaned, rejected in self._chunks():
                staging.add(staged, cleaned, rejected, fence=fence)
            outcome = self._outcome(STAGED)
            staging.finish(
                staged,
                outcome.rows_in,
                outcome.rejections,
                outcome.warnings,
                outcome.masked,
                multi=self.columns.multi,
                fence=fence,
            )
            return self._publish(staged, outcome)
        except BaseException:
            staging.drop(staged)
            raise

    def _publish(self, staged: int, outcome: Outcome) -> Outcome:
        if self.order.dataset_id is not None:
            self.task.progress(90, "Comparing with the rows that are there")
            counts = self.store.staging.counts(staged, self.order.dataset_id)
            return replace(outcome, staged=staged, counts=counts, rows_stored=self.rows)
        self.task.progress(95, "Writing the health card")
        from core.workflow.health import unknown_shares

        health = self.tally.finish(masked=outcome.masked, unknown=unknown_shares(self.sample))
        done = self.store.staging.publish(staged, health.to_dict(), fence=self.task.fence)
        return replace(
            outcome,
            status=STORED,
            rows_in=done.rows_in,
            rows_stored=done.rows_stored,
            rejections=done.rejections,
            import_id=done.id,
            dataset_id=done.dataset_id,
        )

    def _chunks(self) -> Iterator[tuple[pd.DataFrame, list]]:
        for chunk in self.table.chunks():
            cleaned, rejected = self.cleaner.add(chunk)
            if self.stars:
                cleaned = cleaned.assign(**{LABEL + STARS: sentiment(cleaned["rating"], self.stars)})
            self.rows += len(cleaned)
            self.tally.add(cleaned)
            self.sample += cleaned["text"].head(200).tolist() if len(self.sample) < 2_000 else []
            yield cleaned, rejected
            done = self.cleaner.rows_in
            self.task.progress(
                5 + 80 * done / max(self.plan.rows_in, 1),
                f"Cleaning, masking and storing: {done:,} of {self.plan.rows_in:,} rows",
            )
        if not self.rows:
            raise BadFile("No row of this file has text in the chosen column. Choose another text column.")

    def _outcome(self, status: str) -> Outcome:
        notes = (_stars_note(self.stars),) if self.stars else ()
        return Outcome(
            status=status,
            encoding=self.table.encoding,
            delimiter=self.table.delimiter,
            header=self.table.header,
            answers=self.answers,
            rows_in=self.cleaner.rows_in,
            rejections=self.cleaner.rejections,
            warnings=(*self.table.warnings, *self.cleaner.warnings, *_masked(self.cleaner.masked), *notes),
            masked=dict(self.cleaner.masked),
        )


def _masked(masked: Mapping[str, int]) -> tuple[str, ...]:
    """What was taken out of the texts, in a sentence; names of people are not found."""
    found = ", ".join(f"{count:,} {kind}" for kind, count in masked.items() if count)
    return (f"Masked before storing: {found}. Names of people are not recognised.",) if found else ()


def _stars_scale(plan: Plan, columns: Columns) -> tuple[float, float] | None:
    """Without a label column the rating serves as sentiment."""
    return plan.scale if columns.rating and not columns.labels else None


def sentiment(rating: pd.Series, scale: tuple[float, float]) -> pd.Series:
    """negative, neutral or positive by the low, middle and high part of the scale; "" without a rating."""
    low, high = scale
    part = (rating - low) / (high - low)
    label = pd.Series("neutral", index=rating.index).mask(part < 0.4, "negative").mask(part > 0.6, "positive")
    return label.where(rating.between(low, high), "").astype("str")


def _stars_note(scale: tuple[float, float]) -> str:
    low, high = scale
    return (
        f"No label column was chosen, so the rating serves as label set '{STARS}': "
        f"the lower end of {low:g} to {high:g} counts as negative, the upper end as positive."
    )


def limits(settings: Settings) -> Limits:
    return Limits(
        max_bytes=settings.max_upload_mb * 2**20,
        max_rows=settings.max_rows,
        max_cell_chars=settings.max_cell_chars,
        max_columns=settings.max_columns,
    )


def reading_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Those that concern how the file is read, not what is masked in it."""
    return {
        key: value for key, value in answers.items() if not key.startswith(PATTERN) and key not in MASKING
    }


MASKING = ("region", "handles")


def privacy(settings: Settings, answers: Mapping[str, str]) -> Privacy:
    patterns = tuple(
        (key.removeprefix(PATTERN), value) for key, value in answers.items() if key.startswith(PATTERN)
    )
    return Privacy(
        secret=author_secret(settings),
        handles=answers.get("handles", "mask") != "keep",
        region=answers.get("region", settings.phone_region),
        patterns=patterns,
    )


def sha256_of(source: Path | bytes) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def to_json(value: object) -> dict:
    """Order, Outcome or Look as JSON-ready dict."""
    return asdict(value)
