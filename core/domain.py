"""The words of Roadlens as frozen values, and the names of the columns of its tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# ---- tables -------------------------------------------------------------------------------

# The feedback table: one row a comment. `date` is datetime64 without zone (NaT: missing),
# `rating` float (NaN: missing), every other column str ("" : missing). Segment columns follow
# with the prefix SEGMENT, for example "segment:Plan".
FEEDBACK = (
    "id",  # integer key in the store, the evidence id that insights carry
    "row",  # 12 hex characters, stable across imports
    "text",
    "text_hash",  # of the normalised text: equal for comments that say the same words
    "date",
    "rating",
    "author",
    "account",
    "channel",
    "language",  # ISO 639-1 or "unknown"
    "external_id",  # the id in the system the comment comes from
)
SEGMENT = "segment:"
NUMBER = "number:"  # float64 columns after the segments, such as "number:Effort score"
# Only on the way from a file to the store: one str column a label set ("" : none; several labels of a
# multi-label set are joined by LABEL_BREAK), and `cells`, the masked cells of the file as a JSON array.
LABEL = "label:"
LABEL_BREAK = "\x1f"
CELLS = "cells"

ROLES = ("text", "label", "date", "rating", "author", "account", "channel", "language", "id")


# ---- feedback -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """Which column of a file plays which role."""

    text: str
    label: str | None = None
    date: str | None = None
    rating: str | None = None
    author: str | None = None
    account: str | None = None
    channel: str | None = None
    language: str | None = None
    segments: tuple[str, ...] = ()
    id: str | None = None  # the id in the system the file comes from
    more_text: tuple[str, ...] = ()  # joined to `text` by an empty line, in the order of the file
    more_labels: tuple[str, ...] = ()  # each makes a label set of its own
    multi: tuple[str, ...] = ()  # label columns whose cells hold several labels, such as "bug; billing"
    numbers: tuple[str, ...] = ()  # scores kept as numbers

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text, *self.more_text)

    @property
    def labels(self) -> tuple[str, ...]:
        return ((self.label,) if self.label else ()) + self.more_labels


@dataclass(frozen=True)
class Answer:
    """One way to read an ambiguous file."""

    value: str
    words: str  # for the person
    rows: tuple[tuple[str, ...], ...] = ()  # how the file begins when it is read so: names, then rows


@dataclass(frozen=True)
class Question:
    """What only a person can know about a file; nothing is stored before it is answered."""

    key: str  # "encoding", "delimiter", "header", "table", "quotes", "sheet", "dates:<column>" ...
    words: str
    answers: tuple[Answer, ...]  # the likeliest first
    free: bool = False  # another value than those of `answers` may be typed


@dataclass(frozen=True)
class RejectedRow:
    """A row that is kept aside: as it stood in the file, masked once it leaves `core.ingest`."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    id: int
    name: str
    rows: int
    sha256: str  # over all stored rows and labels: changes when the data changes
    sample: bool
    created_at: datetime


@dataclass(frozen=True)
class Rejection:
    """Rows of a file that were not stored, and why."""

    reason: str
    rows: int
    examples: tuple[int, ...]  # line numbers in the file, 1 = header


@dataclass(frozen=True)
class Import:
    id: int
    dataset_id: int
    file_name: str
    sha256: str
    encoding: str
    delimiter: str
    columns: Columns
    rows_in: int
    rows_stored: int
    rejections: tuple[Rejection, ...]
    warnings: tuple[str, ...]
    created_at: datetime
    header: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    masked: Mapping[str, int] = field(default_factory=dict)  # kind of personal data -> places
    rows_updated: int = 0  # of rows_stored: they were in the dataset before and changed

    @property
    def rows_rejected(self) -> int:
        return sum(rejection.rows for rejection in self.rejections)


@dataclass(frozen=True)
class LabelSet:
    """One axis of labels of a dataset, such as topic or sentiment."""

    id: int
    dataset_id: int
    name: str
    counts: Mapping[str, int]  # label -> labelled rows, largest first
    multi: bool = False  # a row may carry several of them
    gate: "GateRule | None" = None  # what its models must reach; None: the defaults


# ---- training -----------------------------------------------------------------------------

BUNDLED_ENCODER = "all-MiniLM-L6-v2"
QUICK, BETTER, TFIDF, BILSTM, MAJORITY = "quick", "better", "tfidf", "bilstm", "majority"
MODE_NAMES = {  # for the person
    QUICK: "Quick",
    BETTER: "Better",
    TFIDF: "TF-IDF",
    BILSTM: "BiLSTM",
    MAJORITY: "Most frequent label",
}
TRAIN, VALIDATION, TEST = "train", "validation", "test"
STRATIFIED, GROUPED, BY_TIME, KFOLD = "stratified", "grouped", "time", "kfold"
NOT_JUDGED, NOT_MEASURED = "Not judged: ", " (not measured, train again)"  # begin, end a GateResult.name
BEYOND_CHANCE = "Calibration error beyond chance"  # a GateResult.name: what is left of it


@dataclass(frozen=True)
class TrainingOptions:
    mode: str = QUICK
    encoder: str = BUNDLED_ENCODER
    seed: int = 0
    epochs: int = 3  # Better and BiLSTM
    max_tokens: int = 128
    body_rate: float = 0.0  # learning rate of the encoder, Better only; 0: by the width of its vectors
    head_rate: float = 1e-2
    batch_tokens: int = 1024
    split: str = STRATIFIED  # stratified, grouped, time, kfold:K or kfold:KxR (K folds, R times)
    split_seed: int = 0  # apart from `seed`: other weights are judged on the same held-out rows
    test_dataset: int = 0  # judge on the labelled rows of this dataset; 0: on held-out rows of its own
    balance: str = "none"  # weights (rare labels weigh more) or sampling (they are drawn more often)
    patience: int = 0  # epochs without a better validation score before it stops; 0: all epochs
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    frozen_layers: int = 0  # lowest layers, and the embeddings, that stay as they are
    adapter_rank: int = 0  # low-rank adapters (LoRA) of this rank; 0: all weights
    augment: float = 0.0  # share of training rows that get one changed copy
    token_masking: float = 0.1  # share of the tokens that each step of Better does not see
    averaging: float = 0.5  # memory of the mean of Better's weights, share of all steps; 0: no mean
    bilstm: bool = False  # a BiLSTM among the baselines
    quick: bool = False  # Quick among the baselines of TF-IDF; it stands beside every other model anyway
    vectors: str = ""  # id of an uploaded file of word vectors for the BiLSTM; "": learned
    without: tuple[str, ...] = ()  # words taken out of every text before training
    trial_of: int = 0  # the run whose tuning tried these settings


@dataclass(frozen=True)
class LabelScore:
    """One label on the held-out rows; ranges are 90 %."""

    label: str
    precision: float  # found rows over all rows called so
    recall: float  # found rows over all rows of the label
    f1: float
    support: int  # held-out rows with this label
    precision_range: tuple[float, float] | None = None  # None: measured before ranges were stored
    recall_range: tuple[float, float] | None = None
    f1_range: tuple[float, float] | None = None
    auc: float | None = None  # area under the ROC curve, this label against the rest; None: undefined
    average_precision: float | None = None  # area under the precision-recall curve

    @property
    def never_said(self) -> bool:
        """The model gave it to no held-out row: its precision could be anything."""
        return self.precision == 0 and self.precision_range == (0.0, 1.0)


@dataclass(frozen=True)
class Scores:
    """One model on the held-out rows of a run."""

    name: str
    accuracy: float  # several labels a row: share of rows whose labels are all right and none too many
    macro_f1: float
    balanced_accuracy: float
    per_label: tuple[LabelScore, ...]
    confusion: tuple[tuple[int, ...], ...]  # [true][predicted], in the order of the labels; () for multi
    n: int
    weighted_f1: float | None = None
    macro_auc: float | None = None
    calibration_error: float | None = None  # expected calibration error of its probabilities
    calibration_chance: float | None = None  # what exact probabilities would show on these rows; None: old
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # field name -> 90 % range
    multi: bool = False
    by_person: bool = False  # the ranges take the comments of one person together


@dataclass(frozen=True)
class Leak:
    """A reason to trust the held-out figures less."""

    kind: str  # copies, label_words, test_above_train, few_rows, one_sided
    words: str  # for the person: what was found, what it means, what to do
    rows: int
    ids: tuple[int, ...] = ()  # examples


@dataclass(frozen=True)
class Slice:
    """The held-out rows with one value of one column."""

    column: str
    value: str
    accuracy: "Estimate"
    macro_f1: float
    worse: bool  # clearly below the other rows (exact test, false discovery rate 10 %)
    worst: bool  # the one to look at first
    ids: tuple[int, ...]


@dataclass(frozen=True)
class LearningPoint:
    labels: int  # labelled rows learned from
    macro_f1: "Estimate"
    forecast: bool = False  # not measured: where the curve goes


@dataclass(frozen=True)
class Evaluation:
    """What a run's held-out rows say beside the scores of its model."""

    split: str = ""  # one sentence
    train: int = 0  # rows learned from
    validation: int = 0
    validation_f1: float | None = None  # what tuning compares: the held-out rows stay untouched
    baselines: tuple[Scores, ...] = ()  # on the same held-out rows, in the order they are shown
    leaks: tuple[Leak, ...] = ()
    slices: tuple[Slice, ...] = ()
    learning: tuple[LearningPoint, ...] = ()
    knows: tuple[str, ...] = ()  # what so many labels can and cannot tell
    facts: Mapping[str, object] = field(default_factory=dict)  # settings used, printed in the model card


@dataclass(frozen=True)
class GateRule:
    """What a model must reach to be good enough for one label set."""

    macro_f1: float = 0.80
    recall: float = 0.60  # of every label
    calibration_error: float = 0.05


@dataclass(frozen=True)
class GateResult:
    name: str  # Macro F1, Recall of <label>, BEYOND_CHANCE, or a sentence on what nothing judges
    value: float
    bound: float
    at_least: bool  # False: at most
    passed: bool
    range: tuple[float, float] | None = None  # 90 % range of the value; None: not known, or an older result


@dataclass(frozen=True)
class Promotion:
    """A model that was put to work for its label set; the newest one counts, the others are history."""

    id: int
    label_set_id: int
    run_id: int
    results: tuple[GateResult, ...]
    passed: bool
    note: str
    created_at: datetime


@dataclass(frozen=True)
class CurvePoint:
    """What the page draws while a training goes on."""

    step: int
    epoch: float
    loss: float | None = None
    macro_f1: float | None = None  # on the validation rows
    accuracy: float | None = None


@dataclass(frozen=True)
class TrainingRun:
    id: int
    dataset_id: int
    label_set_id: int
    job_id: int | None
    status: str  # queued, running, paused, done, failed, cancelled
    options: TrainingOptions
    labels: tuple[str, ...]
    data_sha256: str
    device: str
    versions: Mapping[str, str]
    seconds: Mapping[str, float]  # stage -> wall seconds
    cpu_seconds: Mapping[str, float]
    model: Scores | None
    baseline: Scores | None
    calibration: Mapping[str, float]  # ece_before, ece_after, temperature
    curve: tuple[CurvePoint, ...]
    warnings: tuple[str, ...]
    checkpoint: str  # folder name under the runs folder, "" until it is there
    manifest_sha256: str
    error: str
    created_at: datetime
    finished_at: datetime | None
    evaluation: Evaluation | None = None  # None: trained before it was measured, or not done

    @property
    def recommended(self) -> str:
        """The better of model and baseline by macro F1 on the same held-out rows."""
        if self.model is None or self.baseline is None:
            return "model"
        return "model" if self.model.macro_f1 >= self.baseline.macro_f1 else "baseline"

    @property
    def winner(self) -> Scores | None:
        """The best by macro F1 of the model and all that was measured beside it; the model on a tie."""
        beside = self.evaluation.baselines if self.evaluation else ()
        measured = [scores for scores in (self.model, self.baseline, *beside) if scores is not None]
        return max(measured, key=lambda scores: scores.macro_f1, default=None)


@dataclass(frozen=True)
class Job:
    id: int
    kind: str
    params: Mapping[str, object]
    state: str  # queued, running, paused, done, failed, cancelled
    owner: str
    attempt: int
    pct: float  # 0..100
    message: str
    error: str
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: Mapping[str, object] | None = None  # what its function returned
    pause_requested: bool = False


# ---- explanation --------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A piece of a text with its weight; `text[start:end]` in code points of the original."""

    start: int
    end: int
    weight: float
    mark: str = ""  # "", "unread" (the model has no token for it), "cut" (past the limit)


@dataclass(frozen=True)
class Attribution:
    """The weight of each word of a text for one label."""

    text: str
    spans: tuple[Span, ...]  # words in text order; what lies between them is white space
    label: str
    method: str
    unit: str  # what one unit of weight means, in words
    probability: float
    against: str = ""  # the label it is compared with; "": all others
    completeness: float | None = None  # what the weights miss, as a share; None: they need not add up


@dataclass(frozen=True)
class Token:
    text: str  # as the model's vocabulary spells it
    start: int  # in the original text; start == end for special tokens
    end: int
    special: bool


# ---- insights -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """A number with its 90 % range, the rows behind it and whether a person checked it."""

    mid: float
    low: float
    high: float
    n: int
    method: str
    unit: str = "share"  # share (0..1) or rating (points of the scale)
    checked: bool = False


@dataclass(frozen=True)
class Theme:
    name: str
    share: Estimate
    rating: Estimate | None
    ids: tuple[int, ...]  # feedback ids assigned to this theme, the evidence


@dataclass(frozen=True)
class TrendPoint:
    start: str  # ISO date of the first day of the period
    share: Estimate
    total: int  # all rows of that period
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Trend:
    theme: str
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True)
class Mover:
    """Change of a theme's share from the first to the last third of the periods."""

    theme: str
    before: Estimate
    after: Estimate
    change: Estimate  # range holds for all themes together, so the largest mover is no accident
    clear: bool  # the range of the change excludes 0, with enough rows on both sides


@dataclass(frozen=True)
class SegmentCell:
    """The share of a theme inside one value of one segment column."""

    segment: str
    value: str
    theme: str
    share: Estimate
    total: int  # rows of that segment value
    over: bool  # clearly more than elsewhere (exact test, false discovery rate 10 %)
    small: bool  # too few rows to show a number
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Quote:
    """A verbatim stored row."""

    id: int
    text: str
    theme: str
    probability: float
    context: str  # date, channel, segments; never the author
    spans: tuple[Span, ...] = ()  # points of confidence in the theme by word; (): not measured


@dataclass(frozen=True)
class Insights:
    """What one finished run says about its dataset. Numbers depend on the run alone."""

    run_id: int
    dataset: str
    label_set: str
    rows: int
    labelled: int
    first_date: str
    last_date: str
    period: str  # "day", "week", "month" or "" when there is no trend
    counting: str  # the sentence on how shares were counted
    themes: tuple[Theme, ...]  # largest share first
    trends: tuple[Trend, ...]
    segments: tuple[SegmentCell, ...]
    quotes: tuple[Quote, ...]
    notes: tuple[str, ...]  # one honest line for each thing that is missing
    settings: Mapping[str, object] = field(default_factory=dict)
    movers: tuple[Mover, ...] = ()  # largest change first
