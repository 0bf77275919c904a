"""Scores a CSV with the model.onnx beside this file: python score_csv.py FILE.csv --text COLUMN [COLUMN ...]

Name every column that the comments stand in, such as title and body: they are joined in the order of the
file, an empty line between them. Needs onnxruntime, tokenizers and numpy alone. Writes FILE.scored.csv: the
columns of the file, the label (or labels), and one probability a label; a row without text gets none, nor
does one with more cells than the header, which is cut. Cells that a spreadsheet would take for a formula get
a leading '. Texts are read as they are: Roadlens masks personal data first, so it may answer otherwise there.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession
from tokenizers import Tokenizer

FORMULA, BLANK = tuple("=+-@\t\r\n\0＝＋－＠"), " \t\r\n\ufffd\u200b\ufeff\u00a0\u3000"


def safe(cell):
    return "'" + cell if cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA) else cell


file, *names = [a for a in sys.argv[1:] if a != "--text"] if "--text" in sys.argv[2:-1] else sys.exit(__doc__)
about = json.loads(Path(__file__).with_name("labels.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(Path(__file__).with_name("tokenizer.json")))
model = InferenceSession(Path(__file__).with_name("model.onnx"), providers=["CPUExecutionProvider"])
csv.field_size_limit(2**31 - 1)
with open(file, encoding="utf-8-sig", newline="") as source:
    header = next(rows := csv.reader(source), [])
    at = {header.index(n) if n in header else sys.exit(f"No column {n!r}. Choose: {header}") for n in names}
    with Path(file).with_suffix(".scored.csv").open("w", encoding="utf-8-sig", newline="") as target:
        out = csv.writer(target, quoting=csv.QUOTE_ALL)
        out.writerow(map(safe, (*header, "label", *(f"p({label})" for label in about["labels"]))))
        for row, over in (((c + [""] * len(header))[: len(header)], any(c[len(header) :])) for c in rows):
            read = tokenizer.encode(text := "\n\n".join(row[n] for n in sorted(at) if row[n].strip(BLANK)))
            shares = model.run(None, {"input_ids": [read.ids], "attention_mask": [read.attention_mask]})[0][0]
            said = np.array(about["labels"])[shares >= 0.5 if about["multi"] else [shares.argmax()]]
            answer = [safe("; ".join(said)), *(f"{share:.4f}" for share in shares)]
            out.writerow([*map(safe, row), *(answer if text and not over else [""] * len(answer))])
