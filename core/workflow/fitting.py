"""The fits of one run: its model and what is measured beside it, once or fold by fold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.config import Settings
from core.domain import BETTER, BILSTM, MAJORITY, QUICK, TrainingRun
from core.models import memory
from core.store.held_out import MODEL, RAW, Answers
from core.store.store import Store
from core.workflow import estimate, runs, vectors
from core.workflow.live import Course, LiveCurve
from core.workflow.room import check_room, needed_mb
from core.workflow.selection import Selection
from core.workflow.task import Stages, Task

ENCODED = (QUICK, BETTER)
UNKNOWN_WARNING = 0.05  # share of tokens the encoder does not know


@dataclass
class Heard:
    """What models said of rows they had not seen, gathered fold by fold."""

    parts: dict[str, list[tuple]] = field(default_factory=dict)

    def add(self, name: str, ids: np.ndarray, probabilities: np.ndarray, repeat: int, fold: int) -> None:
        where = np.full(len(ids), repeat), np.full(len(ids), fold)
        self.parts.setdefault(name, []).append((ids, *where, probabilities))

    def answers(self) -> dict[str, Answers]:
        found = {}
        for name, parts in self.parts.items():
            ids, repeat, fold, probabilities = (
                np.concatenate([part[place] for part in parts]) for place in range(4)
            )
            order = np.lexsort((ids, repeat))
            found[name] = Answers(
                ids[order], repeat[order], fold[order], probabilities[order].astype(np.float32)
            )
        return found


@dataclass(frozen=True)
class Fitted:
    trained: object  # core.training.modes.Trained, of all rows that it may learn from
    probabilities: np.ndarray  # (own rows, k) float32, calibrated
    heard: dict[str, Answers]
    train_right: float  # share of the rows it learned from that it gets right
    unknown_share: float = 0.0  # of the tokens, for the encoder
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)  # what it took


@dataclass(frozen=True)
class Fitting:
    """One run at work; `pct` 0..100 of it lies between `start` and `end` of the whole job."""

    store: Store
    settings: Settings
    run: TrainingRun
    selection: Selection
    folder: Path
    device: object
    stages: Stages
    task: Task
    start: float = 3.0
    end: float = 96.0

    def fit(self) -> Fitted:
        """Raises CannotTrain, ModelError or JobStopped."""
        from core.models.peak import Peak

        peak, rounds = Peak(self.device, self._on_device()), self._rounds()
        course = self._course(len(rounds) - 1, peak)
        facts = self._foreseen()
        material, unknown = self._material(course)
        heard = Heard()
        trained = None
        for repeat, fold, parts in rounds:
            train, validation, test = (
                np.flatnonzero(parts == part) for part in ("train", "validation", "test")
            )
            trained = self._one(material, train, validation, test, (repeat, fold), course, heard)
        with self.stages.stage("predict"):
            course.enter(estimate.PREDICT)
            everything = np.arange(self.selection.own)
            probabilities = trained.answers.both(everything)[0]
        learned = np.flatnonzero(np.isin(rounds[-1][2], ("train", "validation")))
        learned = learned[learned < self.selection.own]
        right = self._right(probabilities[learned], learned)
        return Fitted(
            trained,
            probabilities.astype(np.float32),
            heard.answers(),
            right,
            unknown,
            unknown_warnings(self.run.options.encoder, unknown),
            facts | self._measured(peak),
        )

    def _course(self, folds: int, peak) -> Course:
        """`peak`: a core.models.peak.Peak."""
        selection = self.selection
        amount = estimate.Amount(
            len(selection.feedback),
            int((selection.parts != "").sum()),
            len(selection.labels),
            selection.feedback["text"].str.len().tolist(),
        )
        device = "GPU" if self.device.on_gpu else "CPU"
        work = estimate.work(amount, self.run.options, device, folds)
        return Course(self.task, work, self.start, self.end, peak.mb)

    def _on_device(self) -> bool:
        """Whether anything of it is done there: words are counted on the CPU wherever there is a GPU."""
        options = self.run.options
        return runs.reads(options) or BILSTM in (options.mode, *runs.beside(options))

    def _foreseen(self) -> dict[str, object]:
        """What was expected of this run, to stand beside what it took."""
        run, store = self.run, self.store
        dataset, label_set = store.datasets.get(run.dataset_id), store.labels.get(run.label_set_id)
        found = estimate.estimate(store, self.settings, dataset, label_set, run.options)
        return {estimate.SECONDS: round(found.seconds), estimate.FORESEEN: round(found.memory_mb)}

    def _measured(self, peak) -> dict[str, object]:
        from core.models.device import threads_used

        bf16 = self.device.bf16 and self.run.options.mode in (QUICK, BETTER)
        return {
            estimate.MEMORY: round(peak.mb()),
            "Threads": threads_used(),
            "Precision": "bfloat16" if bf16 else "float32",
        }

    def _right(self, probabilities: np.ndarray, rows: np.ndarray) -> float:
        from core.evaluation.held_out import decide

        decided = decide(probabilities, self.selection.multi)
        return (
            float((decided == self.selection.truth[rows]).all(axis=1).mean()) if len(rows) else float("nan")
        )

    def _rounds(self) -> list[tuple[int, int, np.ndarray]]:
        """(repeat, fold, parts of all rows): the folds first, last the round whose model stays; no two
        have the same numbers, by which they find the state they left on the disk."""
        from core.training.split import fold_parts

        selection = self.selection
        rounds = []
        for repeat, folds in enumerate(selection.split.folds):
            for fold in sorted(set(folds[folds >= 0].tolist())):
                parts = np.full(len(selection.parts), "", dtype=object)
                parts[selection.labelled] = fold_parts(
                    selection.split, repeat, fold, self.run.options.split_seed
                )
                rounds.append((repeat, fold, parts))
        return [*rounds, (len(selection.split.folds), 0, selection.parts)]

    def _material(self, course: Course):
        """The rows as numbers, and the share of the tokens of labelled ones that the encoder of the model
        does not know (up to 2,000 rows looked at)."""
        from core.training.material import Material

        selection, options = self.selection, self.run.options
        texts = selection.texts
        encoder, read, unknown = None, None, 0.0
        if runs.reads(options):
            from core.models.catalog import open_encoder

            self.task.progress(self.start - 1, "Loading the encoder")
            with self.stages.stage("load"):
                encoder = self._open(open_encoder)
                shape = memory.shape_of(encoder.model.config.to_dict())
                check_room(self.folder, needed_mb(options, shape, len(self._rounds()) - 1))
                if options.mode in ENCODED:
                    labelled = [texts[row] for row in selection.labelled]
                    unknown = encoder.unknown_share(labelled[:: max(1, len(labelled) // 2000)])
            with self.stages.stage("embed"):
                course.enter(estimate.READ)
                read = self._read(encoder, texts, course.as_task())
        opened = [encoder]  # the first fit takes the one that is there, each later one a fresh one

        def fresh():
            from core.models.catalog import open_encoder

            return opened.pop() if opened and opened[0] is not None else self._open(open_encoder)

        material = Material(texts, selection.truth, selection.labels, selection.multi, options, read, fresh)
        return material, unknown

    def _read(self, encoder, texts: list[str], task: Task) -> np.ndarray:
        """(texts, size) vectors. Where Quick only stands beside the model, the rows that it learns from or is
        judged on are read, the others stay 0: it predicts nothing else."""
        if self.run.options.mode in ENCODED:
            return vectors.embed(self.store, encoder, texts, task, 0, 100)
        used = np.flatnonzero(self.selection.parts != "")
        some = [texts[row] for row in used]
        read = np.zeros((len(texts), encoder.size), dtype=np.float32)
        read[used] = vectors.embed(self.store, encoder, some, task, 0, 100)
        return read

    def _open(self, open_encoder: Callable):
        options = self.run.options
        found = open_encoder(options.encoder, self.device, options.max_tokens, self.settings.hub_timeout_s)
        return found.reading_without(options.without)

    def _one(self, material, train, validation, test, where, course: Course, heard: Heard):
        """Fit the model and its baselines on one division of the rows."""
        from core.training import modes

        options = self.run.options
        # Its own model is the last, so that its weights stay.
        order = [*(runs.beside(options) if len(test) else ()), options.mode]
        trained = None
        ids = self.selection.ids[test]
        for mode in order:
            course.enter(QUICK if mode == BETTER else mode)
            tools = self._tools(modes.Tools, mode, where, course)
            with self.stages.stage("fine_tune" if mode == BETTER else mode):
                found = modes.fit(mode, material, train, validation, tools)
            self._listen(found, mode, test, ids, where, heard)
            if mode == options.mode:
                trained = found
        if len(test):
            constant = modes.majority(material, np.concatenate([train, validation]))
            heard.add(MAJORITY, ids, constant.both(test)[0], *where)
        return trained

    def _listen(self, found, mode: str, test: np.ndarray, ids: np.ndarray, where, heard: Heard) -> None:
        if not len(test):
            return
        calibrated, raw = found.answers.both(test)
        if mode == self.run.options.mode:
            heard.add(MODEL, ids, calibrated, *where)
            heard.add(RAW, ids, raw, *where)
        else:
            heard.add(mode, ids, calibrated, *where)
        for other in found.beside:
            heard.add(other.name, ids, other.both(test)[0], *where)

    def _tools(self, tools_class, mode: str, where, course: Course):
        repeat, fold = where
        live = LiveCurve(
            self.store,
            self.run,
            course,
            mode,
            self.stages,
            "Training the BiLSTM" if mode == BILSTM else "",
        )
        name = "training" if mode == self.run.options.mode else f"training-{mode}"
        if self.selection.in_folds:
            name = f"{name}-{repeat}-{fold}"

        def on_read(done: int, total: int) -> None:
            reading = (estimate.TEST, estimate.PREDICT)
            if mode == BETTER and course.kind not in reading:
                course.enter(estimate.TEST)
            share = done / max(1, total) if course.kind in reading else 1.0
            course.at(share, f"Predicting comments: {done:,} of {total:,}")

        return tools_class(
            self.folder / name,
            self.settings.save_every_s,
            course.at,
            live.on_step,
            on_read,
            vectors.path_of(self.settings, self.run.options.vectors),
            self.device,
        )


def unknown_warnings(encoder: str, share: float) -> tuple[str, ...]:
    """A plain sentence when the encoder cannot read much of the text."""
    if share <= UNKNOWN_WARNING:
        return ()
    return (
        f"The encoder {encoder} does not know {share:.0%} of the words and characters of the labelled "
        "comments. A multilingual encoder (see Advanced), or TF-IDF, which learns its own words, may "
        "do better.",
    )
