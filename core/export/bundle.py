"""One folder for whoever runs the model elsewhere: formats, model card, how to use it, hashes."""

import re
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import Damaged, ModelError
from core.export.formats import FORMATS, Exported, check, possible_formats
from core.export.manifest import BUNDLE, MANIFEST, damage, read_manifest, write_manifest
from core.export.measure import Measured, cpu_ms, model_mb
from core.export.opened import open_exported
from core.export.parity import ROWS, Parity, parity
from core.export.place import NEW, beside, check_place, take_place
from core.models.classifier import TextModel
from core.models.files import sync_all

CARD, README = "MODEL_CARD.md", "README.md"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", re.ASCII)
OLDEST = (1980, 1, 1, 0, 0, 0)  # of a file in a ZIP: the same model gives the same bytes
USES = {
    "onnx": "`python onnx/score_csv.py FILE.csv --text COLUMN` needs onnxruntime, tokenizers and numpy; "
    "several columns are named one after the other and joined in the order of the file.",
    "onnx-int8": "The same, smaller and faster: `python onnx-int8/score_csv.py FILE.csv --text COLUMN`.",
    "torchscript": "`torch.jit.load('torchscript/model.pt')` takes input_ids and attention_mask.",
    "transformers": "`AutoModel.from_pretrained('transformers')`; transformers/README.md has the head.",
    "native": "`python -m core score --model native FILE.csv` of Roadlens.",
}
MASKED = (
    "The model learned from comments whose personal data was masked: an e-mail address reads `[email]`, a "
    "phone number `[phone]`. `python -m core score` of Roadlens masks what it scores in the same way. The "
    "files here, the script too, read a text as it is, so on texts with personal data the two may answer "
    "differently: mask them first, or score with Roadlens.\n\n"
)
OnStep = Callable[[float, str], None]


@dataclass(frozen=True)
class Line:
    """One format that was written and answers as the original does."""

    measured: Measured
    parity: Parity | None  # None: the original itself


MakeCard = Callable[[Sequence[Line]], str]


def export_model(
    model: TextModel,
    about: Mapping,
    texts: Sequence[str],
    folder: Path,
    formats: Sequence[str] = (),
    make_card: MakeCard | None = None,
    on_step: OnStep = lambda done, what: None,
) -> dict:
    """Write beside, check, rename; returns what was written with size, speed and parity. `about` goes into
    the manifest; no format means all that the model can leave in; `texts` are comments to compare it on.

    A format that does not answer as the original is left out and told under `refused`. Raises ModelError
    when none is left, a format is unknown, or `folder` holds something else or cannot be replaced.
    """
    wanted = _wanted(model, formats)
    folder = folder.resolve()
    check_place(folder)
    temporary = beside(folder, NEW)
    temporary.mkdir(parents=True)
    try:
        lines, refused = _write_formats(model, texts, temporary, wanted, on_step)
        lines = [Line(_original(model, texts, lines), None), *lines]
        if make_card:
            (temporary / CARD).write_text(make_card(lines), encoding="utf-8")
        (temporary / README).write_text(_readme([line.measured.name for line in lines[1:]]), encoding="utf-8")
        report = _report(lines, refused)
        write_manifest(temporary, {**about, "bundle": BUNDLE, **report})
        sync_all(temporary)
        take_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return {"folder": str(folder), **report}


def zip_file(folder: Path, target: Path | BinaryIO) -> Path | BinaryIO:
    """The bundle as one ZIP, checked against its manifest; weights do not get smaller, so nothing is packed.

    Raises Damaged when a file is not the one that was written.
    """
    names = [MANIFEST, *read_manifest(folder)["files"]]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            if not PLAIN_NAME.fullmatch(name):
                raise Damaged(damage(MANIFEST))
            entry = zipfile.ZipInfo(f"{BUNDLE}/{name}", OLDEST)
            entry.external_attr = 0o644 << 16
            entry.file_size = (folder / name).stat().st_size  # says when it needs the form for 4 GB and more
            with archive.open(entry, "w") as out, (folder / name).open("rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
    return target


def _wanted(model: TextModel, formats: Sequence[str]) -> list[str]:
    for key in formats:
        if key not in FORMATS:
            raise ModelError(f"There is no format '{key[:40]}'. Choose from: {', '.join(FORMATS)}.")
        check(FORMATS[key], model)
    chosen = set(formats) or {one.key for one in possible_formats(model.kind)}
    return [key for key in FORMATS if key in chosen]  # ONNX before what is made of it


def _write_formats(
    model: TextModel, texts: Sequence[str], folder: Path, wanted: Sequence[str], on_step: OnStep
) -> tuple[list[Line], dict[str, str]]:
    made: dict[str, Path] = {}
    lines, refused = [], {}
    for number, key in enumerate(wanted):
        on_step(number / len(wanted), f"Writing {FORMATS[key].name}")
        exported = FORMATS[key].write(model, folder / key, made)
        opened = open_exported(exported.folder, made_here=True)
        found = parity(model, opened, texts, key, model.multi)
        if found.passed:
            made[key] = exported.folder
            lines.append(Line(_measured(exported, opened, texts), found))
        else:
            refused[key] = _refusal(key, found)
            shutil.rmtree(exported.folder)
    if not lines:
        raise ModelError("No format answers as the model does. " + " ".join(refused.values()))
    return lines, refused


def _measured(exported: Exported, opened: object, texts: Sequence[str]) -> Measured:
    return Measured(exported.format, exported.size_mb, cpu_ms(opened, texts[:ROWS]))


def _original(model: TextModel, texts: Sequence[str], lines: Sequence[Line]) -> Measured:
    size = model_mb(model)
    return Measured(
        "original", lines[0].measured.size_mb if size is None else size, cpu_ms(model, texts[:ROWS])
    )


def _refusal(key: str, found: Parity) -> str:
    return (
        f"{FORMATS[key].name} was left out: on {found.rows} comments it decides {found.agreement:.0%} as the "
        f"model does, and its probabilities are off by up to {found.max_difference:.4f}. Use another format."
    )


def _report(lines: Sequence[Line], refused: Mapping[str, str]) -> dict:
    formats = {
        line.measured.name: {
            "size_mb": round(line.measured.size_mb, 2),
            "cpu_ms_per_row": round(line.measured.cpu_ms_per_row, 3),
            "parity": None if line.parity is None else asdict(line.parity),
        }
        for line in lines
    }
    return {"formats": formats, "refused": dict(refused)}


def lines_of(report: Mapping) -> list[Line]:
    """What `export_model` returned, read back."""
    return [
        Line(
            Measured(name, one["size_mb"], one["cpu_ms_per_row"]),
            Parity(**one["parity"]) if one["parity"] else None,
        )
        for name, one in report["formats"].items()
    ]


def _readme(keys: Sequence[str]) -> str:
    uses = "\n".join(f"- **{FORMATS[key].name}** (`{key}/`): {USES[key]}" for key in keys)
    return (
        "# A text classifier made with Roadlens\n\n"
        "What it is, how good it is and what it is not for: `MODEL_CARD.md`. The answer of every format is "
        "the calibrated probability of each label, in the order of `labels.json`.\n\n"
        f"{uses}\n\n"
        f"{'' if list(keys) == ['native'] else MASKED}"
        "`manifest.json` has the SHA-256 of every file.\n"
    )
