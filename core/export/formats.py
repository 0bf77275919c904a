"""The formats a model can leave in."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelError
from core.export import native
from core.export.manifest import write_manifest
from core.models.classifier import TextModel

LABELS, TOKENIZER, SCRIPT = "labels.json", "tokenizer.json", "score_csv.py"
SCRIPT_SOURCE = Path(__file__).resolve().parents[2] / "assets" / "export" / SCRIPT
ENCODERS, OTHERS = ("encoder",), ("tfidf", "bilstm")
Write = Callable[[TextModel, Path, Mapping[str, Path]], None]


@dataclass(frozen=True)
class Format:
    key: str  # also the name of its folder
    name: str
    kinds: tuple[str, ...]  # of models that it can hold
    write_model: Write
    max_difference: float | None  # of any probability from the original's; None: not asked
    agreement: float  # share of rows that must be decided as the original does
    script: bool = False  # score_csv.py runs on it
    by_batch: bool = False  # an answer shifts a little with the texts that are read beside it

    def write(self, model: TextModel, folder: Path, made: Mapping[str, Path] | None = None) -> "Exported":
        """Everything into `folder`, which must not hold anything else. `made`: folders of formats that
        were written of the same model before.

        Raises ModelError when such a model cannot leave in this format.
        """
        check(self, model)
        folder.mkdir(parents=True, exist_ok=True)
        self.write_model(model, folder, made or {})
        about = native.about(model) if model.kind in OTHERS else _write_reading(model, folder)
        if self.script:
            (folder / SCRIPT).write_bytes(SCRIPT_SOURCE.read_bytes())
        write_manifest(folder, {"format": self.key, **about})
        return Exported(self.key, folder, size_mb(folder))


@dataclass(frozen=True)
class Exported:
    format: str
    folder: Path
    size_mb: float


def check(made: Format, model: TextModel) -> None:
    """Raises ModelError, saying which formats the model can leave in."""
    if model.kind not in made.kinds:
        possible = ", ".join(one.key for one in FORMATS.values() if model.kind in one.kinds)
        raise ModelError(
            f"{NAMES.get(model.kind, f'A {model.kind}')} model has no {made.name} form. Choose: {possible}. "
            "Roadlens scores CSV files with it as it is."
        )


def possible_formats(kind: str) -> tuple[Format, ...]:
    """Those a model of this kind can leave in, in the order they are shown."""
    return tuple(one for one in FORMATS.values() if kind in one.kinds)


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _write_reading(model: TextModel, folder: Path) -> dict:
    """tokenizer.json (cuts at the model's limit, pads nothing, does not read the words that the model was
    trained without) and labels.json; returns the latter."""
    from tokenizers import Regex, Tokenizer, normalizers

    tokenizer = Tokenizer.from_str(model.encoder.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_tokens)
    blanks = [
        normalizers.Replace(Regex(pattern), blank)
        for pattern, blank in model.encoder.without.patterns().items()
    ]
    if blanks:
        usual = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = normalizers.Sequence([*blanks, *usual])
    tokenizer.save(str(folder / TOKENIZER))
    about = {
        "labels": list(model.labels),
        "multi": model.multi,
        "max_tokens": model.max_tokens,
        "pad": model.encoder.tokenizer.pad_token_id or 0,
        "without": list(model.encoder.without.words),
    }
    (folder / LABELS).write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return about


# A format's own module loads torch or onnx when it writes, so that a page can show this list at once.


def _onnx(model: TextModel, folder: Path, made: Mapping[str, Path]) -> None:
    from core.export.onnx_files import write_float

    write_float(model, folder, made)


def _onnx_int8(model: TextModel, folder: Path, made: Mapping[str, Path]) -> None:
    from core.export.onnx_files import write_int8

    write_int8(model, folder, made)


def _torchscript(model: TextModel, folder: Path, made: Mapping[str, Path]) -> None:
    from core.export import torchscript

    torchscript.write(model, folder, made)


def _transformers(model: TextModel, folder: Path, made: Mapping[str, Path]) -> None:
    from core.export import transformers_folder

    transformers_folder.write(model, folder, made)


NAMES = {"encoder": "An encoder", "tfidf": "A TF-IDF", "bilstm": "A BiLSTM"}
FORMATS = {
    one.key: one
    for one in (
        Format("onnx", "ONNX", ENCODERS, _onnx, 1e-4, 0.0, script=True),
        Format(
            "onnx-int8",
            "ONNX with 8-bit weights",
            ENCODERS,
            _onnx_int8,
            None,
            0.96,
            script=True,
            by_batch=True,
        ),
        Format("torchscript", "TorchScript", ENCODERS, _torchscript, 1e-4, 0.0),
        Format("transformers", "transformers", ENCODERS, _transformers, 1e-5, 0.0),
        Format("native", "Roadlens", OTHERS, native.write, 1e-6, 0.0),
    )
}
