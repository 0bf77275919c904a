"""A folder that transformers' AutoModel reads, with the head beside it: safetensors, no code."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.export.graph import folded, graph_of
from core.models.classifier import Classifier

HEAD, README = "head.safetensors", "README.md"
SNIPPET = '''\
The encoder of this folder opens with transformers. No class of transformers pools the mean of all tokens,
so the head lies beside it; its weights already hold the calibration.

```python
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModel

folder = Path(".")
about = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.enable_padding(pad_id=about["pad"])
encoder, head = AutoModel.from_pretrained(folder).eval(), load_file(folder / "head.safetensors")


@torch.inference_mode()
def probabilities(texts: list[str]) -> torch.Tensor:
    """(texts, labels), in the order of about["labels"]."""
    rows = tokenizer.encode_batch(texts)
    ids = torch.tensor([row.ids for row in rows])
    mask = torch.tensor([row.attention_mask for row in rows])
    hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    real = mask.unsqueeze(-1).float()
    vectors = torch.nn.functional.normalize((hidden * real).sum(1) / real.sum(1).clamp(min=1), dim=1)
    logits = vectors @ head["weight"].T + head["bias"]
    return logits.sigmoid() if about["multi"] else logits.softmax(1)


print(about["labels"], probabilities(["Write a text here"]))
```
'''


def write(model: Classifier, folder: Path, made: Mapping[str, Path]) -> None:
    """config.json and model.safetensors of the encoder, head.safetensors, README.md with a loader."""
    from safetensors.numpy import save_file

    body = graph_of(model).body
    body.config.id2label = dict(enumerate(model.labels))
    body.config.label2id = {label: number for number, label in enumerate(model.labels)}
    body.save_pretrained(folder)
    weight, bias = folded(model)
    save_file(
        {name: np.ascontiguousarray(part, np.float32) for name, part in (("weight", weight), ("bias", bias))},
        folder / HEAD,
    )
    (folder / README).write_text(SNIPPET, encoding="utf-8")
