"""The model card in Markdown (Mitchell et al. 2019): what a model is, how good, and what it is not for."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from core.domain import (
    BETTER,
    BILSTM,
    MODE_NAMES,
    NOT_JUDGED,
    NOT_MEASURED,
    QUICK,
    TFIDF,
    Dataset,
    GateResult,
    Import,
    LabelSet,
    Scores,
    Slice,
    TrainingRun,
)
from core.export.bundle import Line
from core.export.formats import FORMATS

# Marks of Markdown and of links that some readers make of plain words.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:@$=])")
LONGEST = 120  # characters of a name
MOST_SLICES, IMPORTS, MOST_LANGUAGES = 20, 20, 8
NOT_FOR = (
    "Decisions about single people: hiring, credit, access, discipline.",
    "Texts unlike those it learned from: other products, languages or channels, before they were checked.",
    "Emergencies and safety: a comment that must not be missed needs a person.",
)
MODES = {  # way of training -> what it is
    QUICK: "Quick: a logistic regression on the vectors of an encoder that stays as it is.",
    BETTER: "Better: an encoder that was fine-tuned as a whole.",
    TFIDF: "TF-IDF: a logistic regression on counts of words. It has no encoder.",
    BILSTM: "BiLSTM: a recurrent network over words that was trained from nothing. It has no encoder.",
}
MEASURED = {  # field of Scores -> how the table of models calls it
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "balanced_accuracy": "Balanced accuracy",
    "weighted_f1": "Weighted F1",
    "macro_auc": "AUC",
}
ENCODED, STEPWISE = (QUICK, BETTER), (BETTER, BILSTM)
USED_BY = {  # setting -> the ways of training that it means something to; those not named: all
    "encoder": ENCODED,
    "max_tokens": (*ENCODED, BILSTM),
    "vectors": (BILSTM,),
    "quick": (TFIDF,),
    **dict.fromkeys(("epochs", "batch_tokens", "patience", "weight_decay", "label_smoothing"), STEPWISE),
    **dict.fromkeys(("body_rate", "head_rate", "frozen_layers", "adapter_rank"), (BETTER,)),
    **dict.fromkeys(("augment", "token_masking", "averaging"), (BETTER,)),
}
SETTING_NAMES = {  # field -> in words
    "mode": "Way of training",
    "encoder": "Encoder",
    "seed": "Seed",
    "epochs": "Epochs",
    "max_tokens": "Longest text in tokens",
    "body_rate": "Learning rate of the encoder",
    "head_rate": "Learning rate of the head",
    "batch_tokens": "Tokens of a batch at most",
    "split": "Way of holding comments out",
    "split_seed": "Seed of the holding out",
    "test_dataset": "Judged on the dataset with the number",
    "balance": "Skewed labels",
    "patience": "Epochs without a better one before it stops",
    "weight_decay": "Weight decay",
    "label_smoothing": "Label smoothing",
    "frozen_layers": "Lowest layers that stay as they are",
    "adapter_rank": "Rank of low-rank adapters",
    "augment": "Share of comments with a changed copy",
    "token_masking": "Share of tokens hidden in each step",
    "averaging": "Mean of the weights over so much of all steps",
    "bilstm": "A BiLSTM stands beside it",
    "quick": "Quick stands beside it",
    "vectors": "File of word vectors",
    "without": "Words taken out",
    "trial_of": "Tried by the tuning of run",
}
TOLD_BY = {  # field -> the fact of a run that tells it, with what came of it
    "seed": "Seed",
    "epochs": "Epochs",
    "max_tokens": "Longest text",
    "body_rate": "Learning rates",
    "head_rate": "Learning rates",
    "batch_tokens": "Batches",
    "balance": "Skewed labels",
    "patience": "Stops early",
    "weight_decay": "Optimiser",
    "label_smoothing": "Label smoothing",
    "frozen_layers": "Weights trained",
    "adapter_rank": "Weights trained",
    "augment": "Changed copies",
    "token_masking": "Hidden words",
    "averaging": "Answers with",
}
ONLY_WHERE_SET = ("trial_of", "test_dataset")  # 0: there is none
UNKNOWN_SHARE = "unknown_share"  # the one fact with a name for programs
SHIFTS = (
    "With 8-bit weights an answer shifts a little with the comments that are read beside it; the comparison "
    "counts the worse of all at once and one by one."
)
PRIVACY = (
    "Names of people inside a text are not found by the masking and may be in the training comments.",
    "The weights may remember pieces of rare comments, and TF-IDF and BiLSTM hold words of them as they are. "
    "Share the model as you would share the comments.",
)


def model_card(
    run: TrainingRun,
    dataset: Dataset,
    label_set: LabelSet,
    gate_results: Sequence[GateResult] = (),
    masked: Mapping[str, int] | None = None,
    exports: Sequence[Line] = (),
    imports: Sequence[Import] = (),
    dates: tuple[str, str] | None = None,
    languages: Mapping[str, int] | None = None,
) -> str:
    """`masked`: kind of personal data -> places; `dates`: first and last day of the comments; `languages`:
    name -> comments it learned from. All that is not known of an old run is said to be so."""
    parts = (
        ("What it is", _what(run, label_set)),
        ("Data", _data(run, dataset, label_set, imports, dates, languages)),
        ("How good it is", _scores(run)),
        ("Where it is worse", _slices(run)),
        ("Confidence", _calibration(run)),
        ("Good enough?", _gate(gate_results)),
        ("Limits", _limits(run)),
        ("Not for", _items(NOT_FOR)),
        ("Privacy", _privacy(masked)),
        ("Formats", _exports(exports)),
        ("Settings and versions", _settings(run)),
    )
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in parts)
    return f"# Model card: {escaped(label_set.name)} of {escaped(dataset.name)}\n\n{body}\n"


def escaped(value: object) -> str:
    """One line of text that no reader of Markdown takes for markup, a link or a table."""
    seen = "".join(
        " " if letter.isspace() else letter
        for letter in str(value)
        if letter.isspace() or unicodedata.category(letter)[0] != "C"
    )
    line = " ".join(seen.split())
    line = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    plain = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", plain) or "(no name)"


def _what(run: TrainingRun, label_set: LabelSet) -> str:
    several = "any number of" if label_set.multi else "exactly one of"
    mode = run.options.mode
    lines = [
        f"Gives each comment {several} {len(run.labels)} labels.",
        f"Way of training: {MODES.get(mode, escaped(mode))}",
    ]
    if mode in ENCODED:
        lines.append(f"Encoder: {escaped(run.options.encoder)}, whose own licence holds for its weights.")
    lines.append(f"Run {run.id}, finished {_day(run)}, on {escaped(run.device or 'an unknown device')}.")
    return _items(lines)


def _data(  # noqa: PLR0917
    run: TrainingRun,
    dataset: Dataset,
    label_set: LabelSet,
    imports: Sequence[Import],
    dates: tuple[str, str] | None,
    languages: Mapping[str, int] | None,
) -> str:
    evaluation = run.evaluation
    lines = [f"{dataset.rows:,} comments, {sum(label_set.counts.values()):,} labels given by people."]
    lines.append(f"From {escaped(dates[0])} to {escaped(dates[1])}." if dates else "Dates: not recorded.")
    if evaluation:
        lines.append(f"Learned from {evaluation.train:,}, chosen on {evaluation.validation:,} comments.")
        lines += [f"Held out: {escaped_sentence(evaluation.split)}"] if evaluation.split else []
    lines += [_languages(languages)] if languages else []
    lines += _text_columns(imports)
    for one in imports[:IMPORTS]:
        lines.append(f"File {escaped(one.file_name)}: {one.rows_stored:,} of {one.rows_in:,} rows stored.")
    if len(imports) > IMPORTS:
        lines.append(f"And {len(imports) - IMPORTS:,} more files.")
    counts = [(escaped(label), f"{count:,}") for label, count in label_set.counts.items()]
    return _items(lines) + "\n\n" + _table(("Label", "Labelled comments"), counts)


def _languages(languages: Mapping[str, int]) -> str:
    total = sum(languages.values())
    by_size = sorted(languages.items(), key=lambda item: -item[1])
    shares = [f"{escaped(name)} {count / total:.1%}" for name, count in by_size[:MOST_LANGUAGES]]
    rest = sum(count for _, count in by_size[MOST_LANGUAGES:])
    shares += [f"others {rest / total:.1%}"] if rest else []
    return f"Languages of the comments it learned from: {', '.join(shares)}."


def _text_columns(imports: Sequence[Import]) -> list[str]:
    """Where a comment stands in several columns, whoever scores a file has to name them all."""
    found = dict.fromkeys(one.columns.texts for one in imports if len(one.columns.texts) > 1)
    return [
        f"A comment is what stands in the columns {' and '.join(map(escaped, names))}, joined in the order "
        "of the file with an empty line between them. Name them all after \\-\\-text to score a file."
        for names in list(found)[:IMPORTS]
    ]


def _scores(run: TrainingRun) -> str:
    if run.model is None:
        return "Not measured."
    beside = run.evaluation.baselines if run.evaluation else ()
    others = beside or ((run.baseline,) if run.baseline else ())
    overall = [_overall(scores) for scores in (run.model, *others)]
    labels = [
        (
            escaped(one.label),
            "never said" if one.never_said else _range(one.precision, one.precision_range),
            _range(one.recall, one.recall_range),
            _range(one.f1, one.f1_range),
            f"{one.support:,}",
        )
        for one in run.model.per_label
    ]
    head = f"On {run.model.n:,} held-out comments, with 90% ranges; the first line is this model."
    if run.model.by_person:
        head += " The ranges take the comments of one person together: they are not independent."
    first = _table(("Model", *MEASURED.values()), overall)
    return f"{head}\n\n{first}\n\n" + _table(("Label", "Precision", "Recall", "F1", "Held out"), labels)


def _overall(scores: Scores) -> tuple[str, ...]:
    return (
        escaped(MODE_NAMES.get(scores.name, scores.name)),
        *(_range(getattr(scores, field), scores.ranges.get(field)) for field in MEASURED),
    )


def _range(value: float | None, ends: tuple[float, float] | None) -> str:
    if value is None:
        return "not measured"
    if ends is None or ends[0] == ends[1]:  # what cannot vary needs no range
        return f"{value:.3f}"
    return f"{value:.3f} ({ends[0]:.3f} to {ends[1]:.3f})"


def _slices(run: TrainingRun) -> str:
    found = run.evaluation.slices if run.evaluation else ()
    if not found:
        return "Not measured by segment, language, length or month."
    if any(one.worse or one.worst for one in found):
        said = f"{len(found)} groups of comments were compared."
    else:
        said = f"{len(found)} groups of comments were compared; none is clearly worse than the others."
    ranked = sorted(found, key=lambda one: (not one.worst, not one.worse, one.accuracy.mid))
    rows = [_slice(one) for one in ranked[:MOST_SLICES]]
    more = f" Here the lowest {MOST_SLICES}." if len(ranked) > MOST_SLICES else ""
    return f"{said}{more}\n\n" + _table(("Group", "Accuracy", "Macro F1", "Held out", ""), rows)


def _slice(one: Slice) -> tuple[str, ...]:
    return (
        f"{escaped(one.column)} = {escaped(one.value)}",
        _range(one.accuracy.mid, (one.accuracy.low, one.accuracy.high)),
        f"{one.macro_f1:.3f}",
        f"{one.accuracy.n:,}",
        "the worst" if one.worst else "clearly worse" if one.worse else "",
    )


def _calibration(run: TrainingRun) -> str:
    known = run.calibration
    if not {"ece_before", "ece_after"} <= known.keys():
        return "Calibration: not measured."
    found = (
        f"Probabilities are off by {known['ece_after']:.3f} on average (expected calibration error on "
        f"held-out comments), {known['ece_before']:.3f} before the calibration, which every format contains."
    )
    if run.model is None or run.model.calibration_chance is None:
        return found
    return (
        f"{found} On {run.model.n:,} comments even exact probabilities would look off by "
        f"{run.model.calibration_chance:.3f}."
    )


def _gate(results: Sequence[GateResult]) -> str:
    if not results:
        return "Not checked against a gate."
    judged = [one for one in results if not one.name.startswith(NOT_JUDGED)]
    sentences = [f"{escaped_sentence(one.name)}." for one in results if one not in judged]
    table = _table(("What", "Reached", "Asked", "Passed"), [_gate_row(one) for one in judged])
    return table + (f"\n\n{_items(sentences)}" if sentences else "")


def _gate_row(one: GateResult) -> tuple[str, ...]:
    measured = not one.name.endswith(NOT_MEASURED)
    return (
        escaped(one.name.removesuffix(NOT_MEASURED)),
        _range(one.value, one.range) if measured else "not measured, train again",
        f"{'at least' if one.at_least else 'at most'} {one.bound:.3f}",
        "yes" if one.passed else "no",
    )


def _limits(run: TrainingRun) -> str:
    evaluation = run.evaluation
    lines = [_reads(run)]
    if run.options.without:
        words = ", ".join(run.options.without)
        who = (
            "Roadlens and the tokenizer.json beside it leave"
            if run.options.mode in ENCODED
            else "Roadlens leaves"
        )
        lines.append(
            f"Trained without these words: {escaped_sentence(words)}. It does not read them: {who} them out."
        )
    found = [*run.warnings]
    if evaluation:
        found += [leak.words for leak in evaluation.leaks]
        found += evaluation.knows
    lines += [escaped_sentence(words) for words in found]
    lines.append("Words, products and complaints that appeared after the training are unknown to it.")
    return _items(lines)


def _reads(run: TrainingRun) -> str:
    """An old run does not say whether its encoder reads less than it was asked to."""
    if run.options.mode == TFIDF:
        return "All of a text is read, but the order of its words beyond pairs of them is not."
    units = "tokens" if run.options.mode in ENCODED else "words and signs"
    known = run.evaluation.facts if run.evaluation else {}
    limit = known.get("Longest text", f"{run.options.max_tokens:,} {units}")
    return f"Of a longer text only the beginning is read: {escaped_sentence(limit)}."


def escaped_sentence(value: object) -> str:
    """Sentences of ours may name labels and files: escaped word by word, however long they are."""
    return " ".join(escaped(word) for word in str(value).split())


def _privacy(masked: Mapping[str, int] | None) -> str:
    if masked is None:
        first = "How much personal data was masked is not recorded."
    elif not masked:
        first = "No personal data was found to mask."
    else:
        kinds = ", ".join(f"{escaped(kind)} ({count:,})" for kind, count in masked.items())
        first = f"Masked before the comments were stored: {kinds}."
    return _items((first, *PRIVACY))


def _exports(lines: Sequence[Line]) -> str:
    if not lines:
        return "None was written."
    rows = [
        (
            line.measured.name,
            f"{line.measured.size_mb:.1f}",
            f"{line.measured.cpu_ms_per_row:.2f}",
            "-" if line.parity is None else f"{line.parity.agreement:.0%} of {line.parity.rows}",
            "-" if line.parity is None else f"{line.parity.max_difference:.1e}",
        )
        for line in lines
    ]
    names = ("Format", "MB", "CPU ms a comment", "Decides alike", "Largest difference of a probability")
    written = {line.measured.name for line in lines}
    shifting = any(one.by_batch for one in FORMATS.values() if one.key in written)
    return _table(names, rows) + (f"\n\n{SHIFTS}" if shifting else "")


def _settings(run: TrainingRun) -> str:
    facts = run.evaluation.facts if run.evaluation else {}
    fields = run.options.__dataclass_fields__
    used = [name for name in fields if means_something(name, run) and not _told(name, run, facts)]
    rows = [(SETTING_NAMES.get(name, name), _value(getattr(run.options, name))) for name in used]
    rows += [_fact(name, value) for name, value in facts.items()]
    rows += [(f"Version of {name}", version) for name, version in run.versions.items()]
    rows += [("SHA-256 of the data", run.data_sha256), ("SHA-256 of the run", run.manifest_sha256)]
    shown = [(escaped(name), escaped_sentence(value)) for name, value in rows if value not in ("", None)]
    return _table(("Setting", "Value"), shown)


def _told(setting: str, run: TrainingRun, facts: Mapping[str, object]) -> bool:
    """Whether a fact tells it better, of the model itself and not of the BiLSTM beside it; or there is
    nothing to tell."""
    if setting in ONLY_WHERE_SET:
        return not getattr(run.options, setting)
    of_model = run.options.mode in USED_BY.get(setting, (run.options.mode,))
    return of_model and TOLD_BY.get(setting) in facts


def _value(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else value


def _fact(name: str, value: object) -> tuple[str, object]:
    if name == UNKNOWN_SHARE:
        return "Share of the text that the encoder does not know", f"{float(value):.1%}"
    return name, value


def means_something(setting: str, run: TrainingRun) -> bool:
    """To the model, or to the BiLSTM that was trained beside it."""
    users = USED_BY.get(setting)
    beside = run.options.bilstm and BILSTM in (users or ())
    return users is None or run.options.mode in users or beside


def _day(run: TrainingRun) -> str:
    return run.finished_at.date().isoformat() if run.finished_at else "at a time that was not recorded"


def _items(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(names), " | ".join("---" for _ in names), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
