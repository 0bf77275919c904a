"""Which comments hold a word that a stored model does not know, told by its files: no model is loaded."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.domain import BUNDLED_ENCODER
from core.models import coverage
from core.models.files import file_sha256
from core.models.hub import local_folder
from core.models.without import Without

MANIFEST, TOKENIZER = "manifest.json", "tokenizer.json"
CHARACTER = re.compile(r"\S")
WORD_LISTS = {  # kind of model -> its file, the list in it, and what it takes for a word
    "tfidf": ("vocabulary.json", "terms", re.compile(r"\w+")),
    "bilstm": ("words.json", "words", re.compile(r"\w+|[^\w\s]")),
}


def rows_with_unknown(checkpoint: Path, texts: Sequence[str]) -> int | None:
    """How many of the texts hold a token that the model of this folder does not know.

    None when nobody can tell: its files are damaged or gone, or its tokenizer is not on this machine.
    """
    try:
        manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
        without = Without(tuple(manifest.get("without", ())))
        texts = [without.blanked(text) for text in texts]
        if manifest.get("kind") in WORD_LISTS:
            return _with_unknown_word(checkpoint, manifest, texts)
        return _with_unknown_token(checkpoint, manifest, texts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # whoever loads the model is told which file is damaged


def _with_unknown_word(checkpoint: Path, manifest: Mapping, texts: Sequence[str]) -> int | None:
    name, listed, word = WORD_LISTS[manifest["kind"]]
    if not _whole(checkpoint, manifest, name):
        return None
    values = json.loads((checkpoint / name).read_text(encoding="utf-8"))
    known, pattern = set(values[listed]), CHARACTER if values["characters"] else word
    most = values.get("max_tokens")  # of a text; TF-IDF reads all of it
    return sum(not known.issuperset(pattern.findall(text.lower())[:most]) for text in texts)


def _with_unknown_token(checkpoint: Path, manifest: Mapping, texts: Sequence[str]) -> int | None:
    encoder = manifest["encoder"]
    if encoder["tuned"]:
        whole = _whole(checkpoint, manifest, f"encoder/{TOKENIZER}")
        return coverage.rows_with_unknown(texts, checkpoint / "encoder") if whole else None
    if encoder["name"] == BUNDLED_ENCODER:
        return coverage.rows_with_unknown(texts)
    folder = local_folder(encoder["name"], encoder["revision"])
    there = folder is not None and (folder / TOKENIZER).is_file()
    return coverage.rows_with_unknown(texts, folder) if there else None


def _whole(checkpoint: Path, manifest: Mapping, name: str) -> bool:
    """Whether the file is the one that was written; an encoder without a fast tokenizer has none."""
    known = manifest["files"].get(name)
    return known is not None and file_sha256(checkpoint / name) == known["sha256"]
