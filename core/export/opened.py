"""An exported model read back and asked, by the runtime of its format."""

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import AppError, Damaged, UnsafeModel
from core.export.formats import FORMATS, LABELS, OTHERS, TOKENIZER
from core.export.manifest import MANIFEST, damage, read_manifest
from core.models.batches import sorted_batches
from core.models.classifier import Calibration, OnBatch, Platt, TextModel
from core.models.without import Without

BATCH_TOKENS = 1024  # what ONNX Runtime reads fastest on a CPU
TORCHSCRIPT = "torchscript"
REFUSED = (
    "A TorchScript file is a program that may do anything to this machine, so Roadlens does not open one. "
    "Score with the ONNX format or with the run's checkpoint."
)
Answer = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (ids, mask), (rows, tokens) int64 -> (rows, labels)


@dataclass(frozen=True)
class Opened:
    """Answers as the model it was made of does."""

    kind: str  # the format
    labels: tuple[str, ...]
    multi: bool
    max_tokens: int
    pad: int
    tokenizer: object
    answer: Answer
    without: Without = Without()

    def probabilities(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """Calibrated (texts, labels) float64; each distinct text is read once."""
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        rows = [
            encoding.ids
            for encoding in self.tokenizer.encode_batch([self.without.blanked(text) for text in distinct])
        ]
        found = np.zeros((len(rows), len(self.labels)))
        done = 0
        for batch in sorted_batches([len(row) for row in rows], BATCH_TOKENS):
            found[batch] = self.answer(*self._padded([rows[number] for number in batch]))
            done += len(batch)
            if on_batch:
                on_batch(done, len(rows))
        return found[[distinct[text] for text in texts]]

    def _padded(self, rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
        longest = max(1, *(len(row) for row in rows)) if rows else 1
        ids = np.full((len(rows), longest), self.pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)], mask[number, : len(row)] = row, 1
        return ids, mask


def format_of(folder: Path) -> str | None:
    """The format in which `open_exported` reads it; None where it does not, as a checkpoint of a run."""
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("format")
        return said if said in FORMATS else None
    except (OSError, ValueError, AttributeError, TypeError):  # TypeError: it is no word
        return None


def open_exported(folder: Path, threads: int = 1, made_here: bool = False) -> TextModel | Opened:
    """The model in the folder of one format; `made_here`: written by this process a moment ago.

    Raises Damaged when a file is not the one that was written, UnsafeModel for TorchScript, which could run
    code of its own, unless it was made here.
    """
    about = read_manifest(folder)
    try:
        key = about["format"]
        if key == TORCHSCRIPT and not made_here:
            raise UnsafeModel(REFUSED)
        if FORMATS[key].kinds == OTHERS:
            return _open_native(folder, about)
        facts = json.loads((folder / LABELS).read_text(encoding="utf-8"))
        tokenizer = _tokenizer(folder / TOKENIZER)
        answer = OPEN[key](folder, threads)
        labels, multi = tuple(facts["labels"]), bool(facts["multi"])
        limits, without = (
            (int(facts["max_tokens"]), int(facts["pad"])),
            Without(tuple(facts.get("without", ()))),
        )
        return Opened(key, labels, multi, *limits, tokenizer, answer, without)
    except (KeyError, TypeError) as error:
        raise Damaged(damage(MANIFEST)) from error


def _tokenizer(path: Path):
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises no narrower kind
        raise Damaged(damage(path.name)) from error


def _open_native(folder: Path, about: dict) -> TextModel:
    from importlib import import_module

    from core.models.device import choose_device

    reader = import_module(
        {"tfidf": "core.models.linear_text", "bilstm": "core.models.bilstm"}[about["kind"]]
    )
    values = {
        name: tuple(part) if isinstance(part, list) else part for name, part in about["calibration"].items()
    }
    made = Platt if values.pop("kind") == "platt" else Calibration
    known = {**about, "labels": tuple(about["labels"]), "calibration": made(**values)}
    without = Without(tuple(about.get("without", ())))
    return replace(reader.read(folder, known, choose_device("cpu")), without=without)


def _onnx(folder: Path, threads: int) -> Answer:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            folder / "model.onnx", options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # of ONNX Runtime, a kind for each cause
        raise Damaged(damage("model.onnx")) from error
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def _torchscript(folder: Path, threads: int) -> Answer:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch prefers another format of its own
            module = torch.jit.load(str(folder / "model.pt"), map_location="cpu").eval()
    except RuntimeError as error:
        raise Damaged(damage("model.pt")) from error
    return _asked(module)


def _transformers(folder: Path, threads: int) -> Answer:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel

    from core.export.graph import Graph
    from core.models.hub import check_config

    check_config(folder)
    try:
        body = AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        ).eval()
        head = load_file(folder / "head.safetensors")
        multi = json.loads((folder / LABELS).read_text(encoding="utf-8"))["multi"]
        graph = Graph(body, head["weight"].numpy(), head["bias"].numpy(), multi).eval()
    except AppError:
        raise
    except Exception as error:  # of transformers, as many kinds as there are ways to be no encoder
        raise Damaged(damage("model.safetensors")) from error
    return _asked(graph)


def _asked(module) -> Answer:
    import torch

    def answer(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()

    return answer


OPEN = {"onnx": _onnx, "onnx-int8": _onnx, TORCHSCRIPT: _torchscript, "transformers": _transformers}
