"""Tiny random encoders of the common families, each with a tokenizer of its own kind."""

from pathlib import Path

WORDS = [
    "the",
    "app",
    "is",
    "slow",
    "fast",
    "love",
    "hate",
    "price",
    "login",
    "very",
    "never",
    "速い",
    "é",
    "👍",
]
PLACES = 24  # tokens that each of them can place


def word_pieces(specials):
    return {word: number for number, word in enumerate([*specials, *WORDS, *letters()])}


def letters():
    return [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"] + list("abcdefghijklmnopqrstuvwxyz")


def byte_level(**names):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*names.values(), *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    first, last = names["cls_token"], names["sep_token"]
    ends = [(name, vocabulary[name]) for name in (first, last)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=f"{first} $A {last} $B {last}", special_tokens=ends
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def bert():
    from transformers import BertConfig, BertTokenizer

    tokenizer = BertTokenizer(vocab=word_pieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    return tokenizer, BertConfig(**small(tokenizer), max_position_embeddings=PLACES)


def distilbert():
    from transformers import DistilBertConfig, DistilBertTokenizer

    tokenizer = DistilBertTokenizer(vocab=word_pieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    size = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    return tokenizer, DistilBertConfig(vocab_size=len(tokenizer), **size, max_position_embeddings=PLACES)


def roberta():
    from tokenizers import pre_tokenizers
    from transformers import RobertaConfig, RobertaTokenizer

    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = RobertaTokenizer(vocab={name: number for number, name in enumerate(names)}, merges=[])
    return tokenizer, RobertaConfig(**small(tokenizer), pad_token_id=1, max_position_embeddings=PLACES + 2)


def mpnet():
    from transformers import MPNetConfig, MPNetTokenizer

    tokenizer = MPNetTokenizer(vocab=word_pieces(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]))
    return tokenizer, MPNetConfig(**small(tokenizer), pad_token_id=1, max_position_embeddings=PLACES + 2)


def xlm_roberta():
    from transformers import XLMRobertaConfig, XLMRobertaTokenizer

    pieces = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    pieces += [(f"▁{word}", -2.0) for word in WORDS] + [("▁", -4.0)]
    pieces += [(letter, -8.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    tokenizer = XLMRobertaTokenizer(vocab=[*pieces, ("<mask>", 0.0)])
    return tokenizer, XLMRobertaConfig(**small(tokenizer), pad_token_id=1, max_position_embeddings=PLACES + 2)


def modernbert():
    from transformers import ModernBertConfig

    tokenizer = byte_level(
        unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", mask_token="[MASK]"
    )
    config = ModernBertConfig(
        **small(tokenizer),
        max_position_embeddings=PLACES,
        global_attn_every_n_layers=2,
        local_attention=8,
        attention_dropout=0.1,
        embedding_dropout=0.1,
        mlp_dropout=0.1,
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
    )
    return tokenizer, config


def small(tokenizer) -> dict:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
    }


FAMILIES = {made.__name__: made for made in (bert, distilbert, roberta, mpnet, xlm_roberta, modernbert)}


def make_folder(name: str, folder: Path) -> Path:
    import torch
    from transformers import AutoModel

    tokenizer, config = FAMILIES[name]()
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
