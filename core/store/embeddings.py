"""Sentence vectors by encoder and text: the same words are encoded once."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, Select, delete, select

from core.store.database import Engines, insert_many, transaction
from core.store.tables import dataset, embedding, run

BLIND = "/without-"  # in the name of an encoder that does not read some words of the texts
HASHES_A_QUERY = 10_000  # below SQLite's limit of parameters


def text_key(text: str) -> str:
    """The name of a text's vectors: of its letters, since an encoder reads those and not only the words."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Embeddings:
    engines: Engines

    def get(self, encoder: str, hashes: Sequence[str]) -> dict[str, np.ndarray]:
        """float32 vectors, rounded to float16, of those texts that are stored."""
        query = select(embedding.c.text_hash, embedding.c.vector)
        with transaction(self.engines.read) as connection:
            rows = list(_matching(connection, query, encoder, hashes))
        return {key: np.frombuffer(cells, dtype="<f2").astype(np.float32) for key, cells in rows}

    def put(
        self, encoder: str, hashes: Sequence[str], vectors: np.ndarray, of: tuple[int, str] | None = None
    ) -> None:
        """`vectors` (n, d); a text that is stored already keeps its vector.

        `of`: a run and the hash of its dataset before the texts were read; when either changed meanwhile,
        nothing is kept, since the texts may have been forgotten.
        """
        cells = np.ascontiguousarray(vectors, dtype="<f2")
        new = {key: row.tobytes() for key, row in zip(hashes, cells, strict=True)}
        with transaction(self.engines.write) as connection:
            if of is not None:
                now = select(dataset.c.sha256).join_from(run, dataset).where(run.c.id == of[0])
                if connection.scalar(now) != of[1]:
                    return
            for (key,) in _matching(connection, select(embedding.c.text_hash), encoder, list(new)):
                del new[key]
            rows = ((encoder, key, row) for key, row in new.items())
            insert_many(connection, embedding, ("encoder", "text_hash", "vector"), rows)

    def clear(self, encoder: str | None = None) -> None:
        """Of one encoder, or of all."""
        change = (
            delete(embedding) if encoder is None else delete(embedding).where(embedding.c.encoder == encoder)
        )
        with transaction(self.engines.full) as connection:
            connection.execute(change)


def _matching(connection: Connection, query: Select, encoder: str, hashes: Sequence[str]) -> Iterable[tuple]:
    query = query.where(embedding.c.encoder == encoder)
    for start in range(0, len(hashes), HASHES_A_QUERY):
        part = embedding.c.text_hash.in_(hashes[start : start + HASHES_A_QUERY])
        yield from connection.execute(query.where(part)).all()
