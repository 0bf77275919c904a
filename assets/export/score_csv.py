"""Scores a CSV with the model.onnx beside this file: python score_csv.py FILE.csv --text COLUMN

Needs onnxruntime, tokenizers and numpy alone. Writes FILE.scored.csv: the columns of the file, the label (or
labels), and one probability a label. Cells that a spreadsheet would take for a formula get a leading '.
"""

import argparse
import csv
import json
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "labels.json").read_text(encoding="utf-8"))
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")


def safe(cell: str) -> str:
    return "'" + cell if cell.startswith(STARTS) or cell.lstrip().startswith(STARTS) else cell


def main(file: Path, column: str, batch: int = 32) -> None:
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
    tokenizer.enable_padding(pad_id=ABOUT["pad"])
    session = onnxruntime.InferenceSession(HERE / "model.onnx", providers=["CPUExecutionProvider"])
    csv.field_size_limit(2**31 - 1)
    target = file.with_name(file.stem + ".scored.csv")
    with (
        file.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8-sig", newline="") as out,
    ):
        rows, write = csv.reader(source), csv.writer(out, quoting=csv.QUOTE_ALL)
        header = next(rows, [])
        if column not in header:
            raise SystemExit(f"There is no column {column!r}. The file has: {', '.join(header)}")
        place, labels = header.index(column), ABOUT["labels"]
        write.writerow([safe(name) for name in (*header, "label", *(f"p({label})" for label in labels))])
        while part := list(islice(rows, batch)):
            part = [row + [""] * (len(header) - len(row)) for row in part]
            read = tokenizer.encode_batch([row[place] for row in part])
            feed = {
                "input_ids": np.array([text.ids for text in read], dtype=np.int64),
                "attention_mask": np.array([text.attention_mask for text in read], dtype=np.int64),
            }
            for row, shares in zip(part, session.run(None, feed)[0], strict=True):
                said = [labels[i] for i in np.flatnonzero(shares >= 0.5)]
                label = "; ".join(said) if ABOUT["multi"] else labels[int(shares.argmax())]
                write.writerow([safe(cell) for cell in (*row, label)] + [f"{share:.4f}" for share in shares])
    print(target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--text", required=True, metavar="COLUMN")
    chosen = parser.parse_args()
    main(chosen.file, chosen.text)
