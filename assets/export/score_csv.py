"""Scores a CSV with the model.onnx beside this file: python score_csv.py FILE.csv --text COLUMN

Needs onnxruntime, tokenizers and numpy alone. Writes FILE.scored.csv: the columns of the file, the label (or
labels), and one probability a label. Cells that a spreadsheet would take for a formula get a leading '.
"""

import csv
import json
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer


def safe(cell, starts=tuple("=+-@\t\r\n\0＝＋－＠")):
    return "'" + cell if cell.startswith(starts) or cell.lstrip().startswith(starts) else cell


if len(sys.argv) != 4 or sys.argv[2] != "--text":
    raise SystemExit(__doc__)
here, file, column = Path(__file__).parent, Path(sys.argv[1]), sys.argv[3]
about = json.loads((here / "labels.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(here / "tokenizer.json"))
tokenizer.enable_padding(pad_id=about["pad"])
model = onnxruntime.InferenceSession(here / "model.onnx", providers=["CPUExecutionProvider"])
csv.field_size_limit(2**31 - 1)
with file.open(encoding="utf-8-sig", newline="") as source:
    rows = csv.reader(source)
    header, labels = next(rows, []), np.array(about["labels"])
    if column not in header:
        raise SystemExit(f"There is no column {column!r}. The file has: {', '.join(header)}")
    with file.with_suffix(".scored.csv").open("w", encoding="utf-8-sig", newline="") as target:
        out = csv.writer(target, quoting=csv.QUOTE_ALL)
        out.writerow(map(safe, (*header, "label", *(f"p({label})" for label in labels))))
        while part := [row + [""] * (len(header) - len(row)) for row in islice(rows, 32)]:
            read = tokenizer.encode_batch([row[header.index(column)] for row in part])
            ids, mask = ([getattr(text, name) for text in read] for name in ("ids", "attention_mask"))
            answers = model.run(None, {"input_ids": np.array(ids), "attention_mask": np.array(mask)})[0]
            for row, shares in zip(part, answers, strict=True):
                said = labels[shares >= 0.5] if about["multi"] else labels[[shares.argmax()]]
                out.writerow([*map(safe, (*row, "; ".join(said))), *(f"{share:.4f}" for share in shares)])
