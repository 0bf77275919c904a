import multiprocessing
import time
from types import SimpleNamespace

import numpy as np
import pytest

from core.domain import BETTER, QUICK, TrainingOptions
from core.errors import BadFile
from core.models.without import Without
from core.workflow import vectors, worker
from core.workflow.task import SILENT, Task


class Encoder:
    """All its vectors are `value`; it remembers what it read."""

    name, revision, max_tokens, size = "mini", "0123456789abcdef", 64, 2
    without = Without()

    def __init__(self, value):
        self.value, self.read = value, []

    def embed(self, texts, on_batch):
        self.read += texts
        on_batch(len(texts), len(texts))
        return np.full((len(texts), 2), self.value, dtype=np.float32)


def run(number, mode):
    return SimpleNamespace(id=number, options=TrainingOptions(mode=mode))


def embed(store, encoder, texts, of=None):
    return vectors.embed(store, encoder, texts, SILENT, 0, 100, of)


def test_texts_are_read_once_and_come_back_in_their_order(store):
    encoder = Encoder(0.5)
    assert embed(store, encoder, ["a", "bb", "a"]).tolist() == [[0.5, 0.5]] * 3
    embed(store, encoder, ["bb", "c"])
    assert encoder.read == ["a", "bb", "c"]
    assert embed(store, encoder, []).shape == (0, 2)


class OneByOne(Encoder):
    """Longest text first, as the real one."""

    def embed(self, texts, on_batch):
        for done in range(1, len(texts) + 1):
            on_batch(done, len(texts))
        return np.full((len(texts), 2), self.value, dtype=np.float32)


def test_progress_of_the_reading_goes_by_letters_and_counts_what_is_kept(store):
    said = []
    task = Task(lambda pct, words: said.append((pct, words)))
    known, texts = "k" * 51, ["s", "l" * 131, "x" * 10_000]
    embed(store, OneByOne(0.5), [known])
    vectors.embed(store, OneByOne(0.5), [known, *texts], task, 0, 100)
    cut = 4.3 * 64 + 9  # letters of 64 tokens, and the frame
    whole = 60 + 10 + 140 + cut
    expected = [100 * (60 + done) / whole for done in (cut, cut + 140, cut + 150)]
    assert np.allclose([pct for pct, _ in said], expected)
    assert [words for _, words in said] == [f"Reading comments: {done} of 3" for done in (1, 2, 3)]


def test_an_encoder_blind_to_some_words_has_vectors_of_its_own():
    blind = Encoder(0.5)
    blind.without = Without(("slow", "crash"))
    assert vectors.name_of(blind).startswith("mini@0123456789ab/64/without-")
    first = vectors.name_of(blind)
    blind.without = Without(("crash", "slow"))
    assert vectors.name_of(blind) == first
    blind.without = Without(("crash",))
    assert vectors.name_of(blind) != first


def test_a_fine_tuned_encoder_has_vectors_of_its_own(store):
    """It bears the name and revision of the encoder that it was tuned from."""
    plain, tuned, other = Encoder(0.25), Encoder(0.5), Encoder(0.75)
    embed(store, plain, ["a"])
    assert embed(store, tuned, ["a"], run(7, BETTER))[0, 0] == 0.5
    assert embed(store, other, ["a"], run(8, BETTER))[0, 0] == 0.75
    assert embed(store, Encoder(9.0), ["a"], run(9, QUICK))[0, 0] == 0.25
    assert vectors.name_of(plain) == "mini@0123456789ab/64"
    store.embeddings.clear(vectors.tuned_name(7))
    assert store.embeddings.get("run-7", [vectors.text_key("a")]) == {}
    assert embed(store, Encoder(9.0), ["a"], run(8, BETTER))[0, 0] == 0.75


# ---- uploaded word vectors ----------------------------------------------------------------

GLOVE = b"slow 0.1 0.2\nprice 0.3 0.4\n"


def test_a_file_of_word_vectors_is_kept_under_its_hash_wherever_it_comes_from(settings, tmp_path):
    path = tmp_path / "glove.txt"
    path.write_bytes(GLOVE)
    upload = vectors.keep(settings, GLOVE)
    assert vectors.keep_file(settings, path) == upload
    assert vectors.path_of(settings, upload).read_bytes() == GLOVE
    assert [kept.name for kept in vectors.folder(settings).iterdir()] == [f"{upload}.txt"]


def test_a_large_file_is_copied_piece_by_piece(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "PIECE", 7)
    path = tmp_path / "glove.txt"
    path.write_bytes(GLOVE)
    assert vectors.path_of(settings, vectors.keep_file(settings, path)).read_bytes() == GLOVE


@pytest.mark.parametrize("data", [b"", b"text,label\nslow,page\n", b"PK\x03\x04\xff\xfe", b"a 1 2\nb 1 x\n"])
def test_what_is_no_file_of_word_vectors_is_refused_at_once(settings, tmp_path, data):
    path = tmp_path / "bad.txt"
    path.write_bytes(data)
    with pytest.raises(BadFile, match="Choose"):
        vectors.keep(settings, data)
    assert not list(vectors.folder(settings).iterdir()), "nothing of it stays"
    with pytest.raises(BadFile, match="Choose"):
        vectors.keep_file(settings, path)
    with pytest.raises(BadFile, match="Check its name"):
        vectors.keep_file(settings, tmp_path / "none.txt")


def copy_and_sleep(settings, begun):
    def pieces():
        yield GLOVE
        begun.set()
        time.sleep(60)

    vectors._keep(settings, pieces())


def test_what_a_killed_copy_left_is_swept_but_not_while_it_is_written(settings, monkeypatch):
    vectors.sweep(settings)  # nothing was ever uploaded
    kept = vectors.keep(settings, GLOVE + b"slower 0.5 0.6\n")
    fork = multiprocessing.get_context("fork")
    begun = fork.Event()
    process = fork.Process(target=copy_and_sleep, args=(settings, begun))
    process.start()
    try:
        assert begun.wait(20)
        vectors.sweep(settings)
        assert len(list(vectors.folder(settings).glob(".*.part"))) == 1, "it is being written"
    finally:
        process.kill()
        process.join()
    assert len(list(vectors.folder(settings).glob(".*.part"))) == 1, "nobody was there to remove it"
    monkeypatch.setattr(worker, "run_worker", lambda *args, **more: None)
    worker.main("import")
    assert [left.name for left in vectors.folder(settings).iterdir()] == [f"{kept}.txt"]
