"""What drives each label of a run's model, over the whole dataset: measured by a job, label by label."""

import csv
import io
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.config import Settings
from core.domain import BILSTM, SEGMENT, TFIDF, Estimate, TrainingRun
from core.errors import CannotTrain
from core.explain import drivers as measuring
from core.explain.drivers import SAMPLE, key, shown
from core.explain.shortcuts import ACCOUNT, named
from core.explain.shortcuts import shortcuts as suspicious
from core.explain.words import units
from core.store.store import Store
from core.workflow import label_drivers
from core.workflow.explanations import finished, load_classifier
from core.workflow.label_drivers import LabelDrivers, content, from_kept, is_fresh
from core.workflow.runs import start_training
from core.workflow.task import SILENT, Task

KIND = "drivers"  # of its job and its findings
ROBUST = 20  # comments of a label that are cut down until it turns
MOST = 60  # words and phrases kept of a label
NAMES_FROM = 5_000  # comments that tell which words are names
ENOUGH_SAID = 3  # of fewer comments with the label, those that carry it are looked at as well
WORDS_SHARE = 0.8  # of the time of a label: words and phrases; the rest is its robustness
DECIDED = 0.5  # of a label where a comment may carry several
# For the forecast, measured on tweets and bank questions with the bundled encoder.
WORDS_A_TOKEN = 0.75
MEASURED_SHARE = 0.6  # of the words of a comment, with phrases: the others are in too few comments
CUTS = 1.6  # texts read for each word of a comment that is cut down
READ_S, LSTM_S, WORDS_S = 0.00025, 0.0001, 0.0001  # of one core, for a token; for a text of TF-IDF


@dataclass(frozen=True)
class Sheet:
    """The comments that a run has read, aligned: (n,) rows and (n, k) bool."""

    feedback: pd.DataFrame
    says: np.ndarray  # what the model gives
    carries: np.ndarray  # what people gave


@dataclass(frozen=True)
class ShortcutWord:
    """A suspicious word over all labels."""

    words: str
    why: str
    label: str  # that it moves farthest
    effect: Estimate  # on it
    others: tuple[str, ...]  # labels that it moves too, strongest first


# ---- the job ------------------------------------------------------------------------------


def measure(
    store: Store, settings: Settings, run_id: int, params: Mapping[str, object], task: Task = SILENT
) -> dict:
    """Of each label (of `params["labels"]`, all without it) that was not measured on these very comments,
    the most frequent first; each is stored as soon as it is done, so that a killed job goes on there.

    Raises NotFound, Damaged, ModelMissing, JobStopped, CannotTrain when the comments change meanwhile.
    """
    run = finished(store, run_id)
    state = store.datasets.get(run.dataset_id).sha256
    task.progress(1, "Reading the comments")
    sheet = read_sheet(store, run)
    wanted = [label for label in _by_size(run, sheet) if label in params.get("labels", run.labels)]
    kept = store.explanations.findings(run.id, KIND)
    left = [label for label in wanted if label not in kept or not is_fresh(kept[label], state)]
    if not left:
        return {"run": run_id, "labels": 0}
    task.progress(2, "Loading the model")
    classifier = load_classifier(store, settings, run_id)
    samples = {label: _sample(run, sheet, label) for label in left}
    bar = _Bar(task, samples, sheet, len(run.labels) - len(left))
    look = _Look(classifier, sheet, _names(sheet, run.labels))
    for label in left:
        begun = time.perf_counter()
        found = look.at(label, samples[label], bar.of(label))
        said = int(sheet.says[:, run.labels.index(label)].sum())
        made = content(len(samples[label]), said, *found, time.perf_counter() - begun)
        if store.datasets.get(run.dataset_id).sha256 != state:
            raise CannotTrain("The comments changed while the labels were measured. Measure them again.")
        store.explanations.keep_finding(run.id, KIND, label, made, state, task.fence)
    return {"run": run_id, "labels": len(left)}


def _names(sheet: Sheet, labels: Sequence[str]) -> frozenset[str]:
    """Words that look like names; a word of a label, such as "cancelled" of "Cancelled Flight", is a reason
    for it however people write it."""
    of_labels = {key(word) for label in labels for word in re.split(r"[\s_/-]+", label)}
    return named(_some(sheet.feedback["text"].tolist())) - of_labels


class _Bar:
    """Progress over all labels, each by the words of its comments."""

    def __init__(self, task: Task, samples: Mapping[str, np.ndarray], sheet: Sheet, before: int):
        texts = sheet.feedback["text"]
        self.task, self.before = task, before
        self.sizes = {
            label: 1 + sum(len(text.split()) for text in texts.iloc[rows]) for label, rows in samples.items()
        }

    def of(self, label: str) -> Callable[[float, str], None]:
        """Takes a share of the label's work, 0 to 1, and what is done."""
        names = list(self.sizes)
        number = names.index(label)
        total = sum(self.sizes.values())
        done = sum(self.sizes[name] for name in names[:number])
        place = f"Label {self.before + number + 1} of {self.before + len(names)}, {label[:80]}"

        def report(share: float, words: str) -> None:
            self.task.progress(2 + 97 * (done + share * self.sizes[label]) / total, f"{place}: {words}")

        return report


@dataclass
class _Look:
    """One label after another with the same model."""

    classifier: object
    sheet: Sheet
    names: frozenset[str]

    def __post_init__(self):
        self.values = _values(self.sheet.feedback)

    def at(self, label: str, rows: np.ndarray, report: Callable[[float, str], None]) -> tuple:
        """(drivers, shortcuts, robustness)."""
        table = self.sheet.feedback.iloc[rows]
        texts = table["text"].tolist()

        def on_words(done: int, total: int) -> None:
            report(WORDS_SHARE * done / total, "leaving out one word at a time")

        found = measuring.effects(self.classifier, texts, label, on_words)
        made = measuring.drivers(found, table["id"].tolist(), _segments(table), _months(table), most=MOST)
        flagged = suspicious(made, (), self.values, self.names)
        return made, flagged, self._robustness(label, texts, report)

    def _robustness(self, label: str, texts: Sequence[str], report: Callable[[float, str], None]):
        from core.explain.editing import robustness

        def on_comment(done: int, total: int) -> None:
            report(WORDS_SHARE + (1 - WORDS_SHARE) * done / total, "looking how little turns it")

        some = np.linspace(0, len(texts) - 1, min(ROBUST, len(texts))).round().astype(int)
        return next(
            iter(robustness(self.classifier, [texts[row] for row in some], on_comment, [label])), None
        )


def read_sheet(store: Store, run: TrainingRun) -> Sheet:
    """The comments that the run has predicted."""
    ids, probabilities = store.predictions.table(run.id)
    feedback = store.datasets.feedback(run.dataset_id)
    feedback = feedback[feedback["id"].isin(ids)].reset_index(drop=True)
    place = np.searchsorted(ids, feedback["id"].to_numpy(np.int64))
    chosen = probabilities[place] if len(ids) else np.zeros((0, len(run.labels)))
    if store.labels.get(run.label_set_id).multi:
        says = chosen >= DECIDED
    else:
        says = np.arange(len(run.labels)) == chosen.argmax(axis=1)[:, None]
    return Sheet(feedback, says, _given(store, run, feedback["id"]))


def _given(store: Store, run: TrainingRun, ids: pd.Series) -> np.ndarray:
    table = store.labels.table(run.label_set_id)
    given = np.zeros((len(ids), len(run.labels)), dtype=bool)
    place = pd.Series(np.arange(len(ids)), index=ids.to_numpy())
    number = {label: k for k, label in enumerate(run.labels)}
    table = table[table["feedback_id"].isin(ids) & table["label"].isin(run.labels)]
    given[place[table["feedback_id"]].to_numpy(), table["label"].map(number).to_numpy(np.int64)] = True
    return given


def _by_size(run: TrainingRun, sheet: Sheet) -> list[str]:
    counts = sheet.says.sum(axis=0)
    return sorted(run.labels, key=lambda label: (-counts[run.labels.index(label)], label))


def _sample(run: TrainingRun, sheet: Sheet, label: str) -> np.ndarray:
    k = run.labels.index(label)
    said = sheet.says[:, k]
    return measuring.sampled(said if said.sum() >= ENOUGH_SAID else said | sheet.carries[:, k])


def _some(texts: Sequence[str]) -> list[str]:
    """Evenly over all of them."""
    return list(texts[:: max(1, -(-len(texts) // NAMES_FROM))])


def _values(feedback: pd.DataFrame) -> dict[str, list[str]]:
    """Of accounts and segments, that a word of a comment may be one of."""
    columns = {ACCOUNT: feedback["account"]}
    columns |= {name.removeprefix(SEGMENT): feedback[name] for name in feedback if name.startswith(SEGMENT)}
    return {name: column[column.fillna("") != ""].unique().tolist() for name, column in columns.items()}


def _segments(table: pd.DataFrame) -> dict[str, list[str]]:
    """By column with at least two values; "" where it has none."""
    columns = {name.removeprefix(SEGMENT): table[name] for name in table if name.startswith(SEGMENT)}
    language = table["language"].replace("unknown", "")
    columns |= {"Channel": table["channel"], "Language": language, "Rating": _bands(table["rating"])}
    cells = {name: column.fillna("").astype(str).tolist() for name, column in columns.items()}
    return {name: values for name, values in cells.items() if len({*values} - {""}) > 1}


def _bands(ratings: pd.Series) -> pd.Series:
    """Low, middle and high: of stars 1 to 2, 3, 4 to 5; of ten points up to 6, 7 to 8, 9 to 10."""
    top = ratings.max()
    low, high = (2.5, 3.5) if not top > 5 else (6.5, 8.5) if top <= 10 else (top / 3, 2 * top / 3)
    names = np.select([ratings <= low, ratings < high], ["low", "middle"], "high")
    return pd.Series(np.where(ratings.isna(), "", names), index=ratings.index)


def _months(table: pd.DataFrame) -> list[str]:
    """ "2026-03", "" without a date; none at all where no two months differ."""
    months = table["date"].dt.strftime("%Y-%m").fillna("").tolist()
    return months if len({*months} - {""}) > 1 else []


# ---- what was found -----------------------------------------------------------------------


def stored(store: Store, run: TrainingRun) -> Mapping[str, LabelDrivers]:
    """By label, in the order of the model's labels; labels that were not measured are left out."""
    state = store.datasets.get(run.dataset_id).sha256
    kept = store.explanations.findings(run.id, KIND)
    return {label: from_kept(label, kept[label], state) for label in run.labels if label in kept}


def shortcuts(store: Store, run: TrainingRun) -> tuple[ShortcutWord, ...]:
    """The suspicious words over all labels, strongest first; see `listed`."""
    return listed(stored(store, run))


def listed(found: Mapping[str, LabelDrivers]) -> tuple[ShortcutWord, ...]:
    """Each word once, with the label that it moves farthest; a phrase only where none of its words is
    suspicious by itself."""
    by_words: dict[str, list[tuple[str, label_drivers.Suspect]]] = {}
    for label, each in found.items():
        for suspect in each.suspects:
            by_words.setdefault(suspect.words, []).append((label, suspect))
    made = []
    for words, moved in by_words.items():
        if " " in words and any(part in by_words for part in words.split(" ")):
            continue
        moved.sort(key=lambda pair: -abs(pair[1].effect.mid))
        label, first = moved[0]
        made.append(ShortcutWord(words, first.why, label, first.effect, tuple(name for name, _ in moved[1:])))
    return tuple(sorted(made, key=lambda word: (-abs(word.effect.mid), word.words)))


def train_without(store: Store, settings: Settings, run: TrainingRun, words: Sequence[str]) -> TrainingRun:
    """Queue the run's own training once more with these words taken out of every comment as well.

    Raises CannotTrain, UnsafeModel, ModelMissing.
    """
    without = tuple(dict.fromkeys((*run.options.without, *words)))
    options = replace(run.options, without=without, trial_of=0)
    started, _ = start_training(store, settings, run.dataset_id, run.label_set_id, options)
    return started


def comments_with(store: Store, run: TrainingRun, words: str) -> tuple[int, ...]:
    """Ids of all comments of the dataset with a word or phrase as `Driver.words` spells it, ascending."""
    table = store.datasets.feedback(run.dataset_id, None)
    parts = words.split(" ")
    lower = table["text"].str.normalize("NFC").str.lower()
    may = np.ones(len(table), dtype=bool)
    for part in parts:
        may &= lower.str.contains(part, regex=False).to_numpy(bool)
    found = table[may]
    ids = [number for number, text in zip(found["id"], found["text"], strict=True) if _has(text, words)]
    return tuple(sorted(map(int, ids)))


def _has(text: str, words: str) -> bool:
    keys = [key(text[start:end]) for start, end in units(text)]
    size = range(1, measuring.LONGEST_PHRASE + 1)
    return any(shown(" ".join(keys[at : at + count])) == words for count in size for at in range(len(keys)))


# ---- how long, and as a file --------------------------------------------------------------


@dataclass(frozen=True)
class Forecast:
    labels: int  # still to be measured
    comments: int
    variants: int  # texts that the model reads
    seconds: float


def forecast(store: Store, settings: Settings, run: TrainingRun) -> Forecast:
    """From the comments of each label and their length, or from how long the labels before took."""
    from core.workflow import estimate

    found = stored(store, run)
    counts = _said_counts(store, run)
    left = [label for label in run.labels if label not in found or not found[label].fresh]
    comments = sum(counts.get(label, 0) for label in left)
    dataset = store.datasets.get(run.dataset_id)
    tokens = estimate.mean_tokens(store, dataset, run.options.max_tokens)
    words = max(1.0, tokens * WORDS_A_TOKEN)
    robust = sum(min(ROBUST, counts.get(label, 0)) for label in left)
    variants = round(comments * words * MEASURED_SHARE + robust * words * CUTS)
    known = [(each.comments, each.seconds) for each in found.values() if each.comments]
    if known:
        pace = sum(seconds for _, seconds in known) / sum(many for many, _ in known)
        return Forecast(len(left), comments, variants, pace * comments)
    shape = estimate.encoder_shape(run.options.encoder)
    size = shape.layers * shape.layer_weights / estimate.BUNDLED_WEIGHTS
    pace = {TFIDF: WORDS_S, BILSTM: tokens * LSTM_S}.get(run.options.mode, tokens * READ_S * size)
    return Forecast(len(left), comments, variants, 3 + variants * pace * _speed(settings))


def _said_counts(store: Store, run: TrainingRun) -> dict[str, int]:
    """Comments to look at by label, at most SAMPLE each."""
    _, probabilities = store.predictions.table(run.id)
    if store.labels.get(run.label_set_id).multi:
        says = (probabilities >= DECIDED).sum(axis=0)
    else:
        best = probabilities.argmax(axis=1) if len(probabilities) else np.zeros(0, dtype=int)
        says = np.bincount(best, minlength=len(run.labels))
    return dict(zip(run.labels, np.minimum(says, SAMPLE).tolist(), strict=False))


def _speed(settings: Settings) -> float:
    from core.workflow import estimate

    return estimate.GPU if estimate.device_here(settings) == "GPU" else 1.0


COLUMNS = ("label", "words", "points", "low", "high", "comments", "clear", "suspicious because it")


def csv_bytes(found: Mapping[str, LabelDrivers]) -> bytes:
    """A line a label and word, effects in points of confidence; UTF-8 with mark, no cell is a formula."""
    from core.reports.safe import safe_cell

    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for label, each in found.items():
        why = {suspect.words: suspect.why for suspect in each.suspects}
        for driver in each.drivers:
            ends = [
                round(100 * value, 2) for value in (driver.effect.mid, driver.effect.low, driver.effect.high)
            ]
            clear = "yes" if driver.clear else "no"
            cells = [label, driver.words, *ends, driver.effect.n, clear, why.get(driver.words, "")]
            writer.writerow([safe_cell(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")
