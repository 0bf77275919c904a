"""What the two benchmarks of the engine share: rows, peers, processor seconds."""

import csv
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".." / "shared" / "data"
sys.path.insert(0, str(ROOT))
from core.config import settle_libraries  # noqa: E402

settle_libraries()  # torch is not imported yet

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from transformers import BertModel, BertPreTrainedModel  # noqa: E402
from transformers.modeling_outputs import SequenceClassifierOutput  # noqa: E402

torch.set_num_threads(1)
LAYER_WEIGHTS = 10.6e6  # of the bundled encoder: what every token is multiplied with
MAX_TOKENS = 128


class Peer(BertPreTrainedModel):
    """The same encoder, pooling, head and loss as ours, as a model of transformers."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids, attention_mask, token_type_ids=None, labels=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state.float()
        weights = attention_mask.unsqueeze(-1).float()
        pooled = functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)
        logits = self.classifier(pooled)
        loss = None if labels is None else functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def make_peer(head, attention: str = "sdpa") -> Peer:
    """Untouched encoder with our head."""
    from core.models.bundled import bundled_path
    from core.models.hub import check_config

    check_config(bundled_path())
    encoder = BertModel.from_pretrained(
        bundled_path(), add_pooling_layer=False, attn_implementation=attention
    )
    encoder.config.num_labels = len(head.weight)
    peer = Peer(encoder.config)
    peer.bert.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        peer.classifier.weight.copy_(torch.as_tensor(head.weight))
        peer.classifier.bias.copy_(torch.as_tensor(head.bias))
    return peer


def banking(name: str) -> tuple[list[str], np.ndarray, list[str]]:
    """Texts, label numbers and label names of `train` or `test`."""
    with (DATA / f"banking77_{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = sorted({row["category"] for row in rows})
    return [row["text"] for row in rows], np.array([labels.index(row["category"]) for row in rows]), labels


def some(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` row numbers, every label as often as the others."""
    rng = np.random.default_rng(seed)
    turn = np.zeros(len(labels))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        turn[rows] = rng.permutation(len(rows))
    return np.lexsort((rng.random(len(labels)), turn))[:count]


def product_rate(dtype: torch.dtype) -> float:
    """FLOP a processor second of the products of the encoder's feed-forward part, the best of 5 goes."""
    left, right = torch.randn(1024, 384).to(dtype), torch.randn(1536, 384).to(dtype)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(20):
            functional.linear(left, right)
        seconds.append((time.process_time() - started) / 20)
    return 2 * 1024 * 384 * 1536 / min(seconds)


def interleaved(variants: Mapping[str, Callable[[int], Callable]], rounds: int) -> dict[str, list]:
    """(processor seconds, wall seconds, result) of each variant in each round, A B A B.

    A variant makes ready, untimed, and returns the work.
    """
    found = {name: [] for name in variants}
    for number in range(rounds):
        for name, variant in variants.items():
            work = variant(number)
            cpu, wall = time.process_time(), time.perf_counter()
            result = work()
            found[name].append((time.process_time() - cpu, time.perf_counter() - wall, result))
            print(
                f"  round {number + 1}, {name}: {found[name][-1][0]:.1f} CPU s", file=sys.stderr, flush=True
            )
    return found


def middle(taken: list, place: int = 0) -> float:
    return median(one[place] for one in taken)


def verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"
