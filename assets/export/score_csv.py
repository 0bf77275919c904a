"""Scores a CSV with the model.onnx beside this file: python score_csv.py FILE.csv --text COLUMN

Needs onnxruntime, tokenizers and numpy alone. Writes FILE.scored.csv: the columns of the file, the label (or
labels), and one probability a label. Cells that a spreadsheet would take for a formula get a leading '.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession
from tokenizers import Tokenizer


def safe(cell, starts=tuple("=+-@\t\r\n\0＝＋－＠")):
    return "'" + cell if cell.startswith(starts) or cell.lstrip().startswith(starts) else cell


file, _, column = sys.argv[1:] if sys.argv[2:3] == ["--text"] and len(sys.argv) == 4 else sys.exit(__doc__)
about = json.loads(Path(__file__).with_name("labels.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(Path(__file__).with_name("tokenizer.json")))
model = InferenceSession(Path(__file__).with_name("model.onnx"), providers=["CPUExecutionProvider"])
csv.field_size_limit(2**31 - 1)
with open(file, encoding="utf-8-sig", newline="") as source:
    rows, labels = csv.reader(source), np.array(about["labels"])
    header = next(rows, [])
    place = header.index(column) if column in header else sys.exit(f"No column {column!r}. Choose: {header}")
    with Path(file).with_suffix(".scored.csv").open("w", encoding="utf-8-sig", newline="") as target:
        out = csv.writer(target, quoting=csv.QUOTE_ALL)
        out.writerow(map(safe, (*header, "label", *(f"p({label})" for label in labels))))
        for cells in rows:
            row = cells + [""] * (len(header) - len(cells))
            read = tokenizer.encode(row[place])
            shares = model.run(None, {"input_ids": [read.ids], "attention_mask": [read.attention_mask]})[0][0]
            said = labels[shares >= 0.5] if about["multi"] else labels[[shares.argmax()]]
            out.writerow([*map(safe, (*row, "; ".join(said))), *(f"{share:.4f}" for share in shares)])
