"""A tiny random encoder: the real classes at a size that trains in a second."""

import json

import pytest

WORDS = [
    "the",
    "app",
    "is",
    "slow",
    "fast",
    "crash",
    "crashes",
    "love",
    "hate",
    "price",
    "cheap",
    "invoice",
    "bill",
    "login",
    "password",
    "great",
    "bad",
    "please",
    "fix",
    "again",
    "it",
    "very",
    "never",
    "always",
    "my",
    "was",
    "and",
    "not",
    "so",
    "export",
    "import",
    "page",
    "team",
]


def make_encoder_folder(folder):
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=32)
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["hidden_size"] == 32
    return folder


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory):
    return make_encoder_folder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def tiny_encoder(encoder_folder):
    from core.models.device import Device
    from core.models.encoder import load_encoder

    return load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, "test"), 16)


@pytest.fixture(scope="session")
def comments():
    """80 comments of two labels that a tiny model can tell apart, and their label numbers."""
    slow = [f"the app is slow {a} {b}" for a in WORDS[15:25] for b in WORDS[20:24]]
    bill = [f"my invoice price {a} {b}" for a in WORDS[15:25] for b in WORDS[20:24]]
    return slow + bill, [0] * len(slow) + [1] * len(bill)
