"""A small fine-tuning on the comments of `conftest.py`."""

from dataclasses import replace

import numpy as np

from core.domain import TrainingOptions
from core.training.loop import Rows
from core.training.material import Material
from core.training.quick import fit_head
from core.training.trainer import fine_tune

OPTIONS = TrainingOptions(mode="better", epochs=3, body_rate=2e-3, batch_tokens=64)
LAST = replace(OPTIONS, averaging=0.0)  # an epoch answers with its last weights


class Killed(Exception):
    pass


def parts(comments):
    texts, truth = comments
    pick = np.random.default_rng(0).permutation(len(texts))
    chosen = [
        Rows([texts[i] for i in rows], np.array([truth[i] for i in rows])) for rows in (pick[:60], pick[60:])
    ]
    return chosen


def start_head(encoder, rows):
    return fit_head(encoder.embed(rows.texts), rows.truth, 2, 0.01)


def tune(encoder, comments, folder, options=OPTIONS, **more):
    train, validation = parts(comments)
    return fine_tune(encoder, start_head(encoder, train), train, validation, options, folder, **more)


def material(fresh, comments, multi=False, options=OPTIONS):
    texts, truth = comments
    matrix = np.eye(2, dtype=bool)[truth]
    if multi:
        matrix = np.column_stack([matrix[:, 0], ["great" in text for text in texts]])
    vectors = fresh().embed(texts)
    return Material(texts, matrix, ("slow", "bill"), multi, options, vectors, fresh)


def numbers(rows=80):
    pick = np.random.default_rng(0).permutation(rows)
    return pick[:50], pick[50:]
