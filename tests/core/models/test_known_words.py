"""Unknown words told by the files of a checkpoint alone, beside what the loaded model says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.domain import BUNDLED_ENCODER
from core.models import coverage, known_words
from core.models.bilstm import BiLstm, Network
from core.models.classifier import Calibration, Classifier, Head
from core.models.linear_text import LinearText
from core.training import checkpoints

NONE = Calibration(1.0, (0.0, 0.0))
LABELS = ("bug", "wish")
TEXTS = ["The app crashes", "", "dark mode!", "app \u2603", "Crashes", "mode mode mode zebra", "\u4e0d\u597d"]


def linear(characters=False):
    terms = "\u4e0d\u597damodrk" if characters else ("the", "app", "crashes", "dark", "mode", "dark mode")
    vocabulary = {term: column for column, term in enumerate(terms)}
    weight = np.zeros((2, len(terms)), dtype=np.float32)
    parts = np.ones(len(terms)), weight, np.zeros(2), np.zeros(2)
    return LinearText(LABELS, False, NONE, vocabulary, *parts, characters=characters)


def recurrent(characters=False):
    words = "\u4e0d\u597dapcrshe" if characters else ("app", "crashes", "mode", "dark")
    numbered = {word: number for number, word in enumerate(words, 2)}
    network = Network(len(numbered) + 2, 4, 2, hidden=4).eval()
    return BiLstm(LABELS, False, NONE, numbered, network, 3, characters=characters)


def saved(folder, model, about=None, tuned=False):
    return checkpoints.save(folder / "checkpoint", model, about or {}, tuned).folder


def said_by(model):
    return sum(bool(model.unknown_tokens(text)) for text in TEXTS)


@pytest.mark.parametrize("characters", [False, True])
@pytest.mark.parametrize("make", [linear, recurrent])
def test_a_word_list_is_read_as_its_model_reads_it(tmp_path, make, characters):
    model = make(characters)
    folder = saved(tmp_path, model)
    assert known_words.rows_with_unknown(folder, TEXTS) == said_by(model) > 0


def test_words_that_a_model_was_trained_without_are_not_unknown_to_it(tmp_path):
    folder = saved(tmp_path, linear(), {"without": ["zebra"]})
    blind = checkpoints.load(folder, None, None)
    assert known_words.rows_with_unknown(folder, TEXTS) == said_by(blind) < said_by(linear())


@pytest.fixture
def classifier(tiny_encoder):
    return Classifier(tiny_encoder, Head(np.zeros((2, tiny_encoder.size)), np.zeros(2)), LABELS, NONE)


def test_a_tuned_encoder_is_asked_by_its_own_tokenizer(tmp_path, classifier):
    folder = saved(tmp_path, classifier, tuned=True)
    own = coverage.rows_with_unknown(TEXTS, folder / "encoder")
    assert known_words.rows_with_unknown(folder, TEXTS) == own == said_by(classifier)
    assert own != coverage.rows_with_unknown(TEXTS)


def test_an_encoder_as_it_came_is_found_where_it_is_kept(tmp_path, classifier, encoder_folder, monkeypatch):
    folder = saved(tmp_path, classifier)
    asked = []
    monkeypatch.setattr(known_words, "local_folder", lambda *given: asked.append(given) or encoder_folder)
    assert known_words.rows_with_unknown(folder, TEXTS) == said_by(classifier)
    assert asked == [("tiny", "abc")]
    monkeypatch.setattr(known_words, "local_folder", lambda *given: None)
    assert known_words.rows_with_unknown(folder, TEXTS) is None
    monkeypatch.setattr(known_words, "local_folder", lambda *given: tmp_path)
    assert known_words.rows_with_unknown(folder, TEXTS) is None, "a tokenizer without tokenizer.json"


def test_the_bundled_encoder_is_asked_too(tmp_path):
    encoder = {"name": BUNDLED_ENCODER, "revision": "", "tuned": False}
    (tmp_path / "manifest.json").write_text(json.dumps({"encoder": encoder}))
    assert known_words.rows_with_unknown(tmp_path, TEXTS) == coverage.rows_with_unknown(TEXTS) > 0


@pytest.mark.parametrize("name", ["manifest.json", "vocabulary.json"])
@pytest.mark.parametrize("content", [None, "", "[]", '{"terms": ["app"], "characters": false}'])
def test_nothing_is_told_of_a_damaged_model(tmp_path, name, content):
    folder = saved(tmp_path, linear())
    (folder / name).unlink() if content is None else (folder / name).write_text(content)
    assert known_words.rows_with_unknown(folder, TEXTS) is None


def test_a_damaged_tokenizer_is_not_asked(tmp_path, classifier):
    folder = saved(tmp_path, classifier, tuned=True)
    (folder / "encoder" / "tokenizer.json").write_text("{")
    assert known_words.rows_with_unknown(folder, TEXTS) is None
    assert known_words.rows_with_unknown(tmp_path / "nowhere", TEXTS) is None


def test_no_page_waits_for_torch(tmp_path):
    folder = saved(tmp_path, recurrent())
    code = (
        "import sys, pathlib; from core.models.known_words import rows_with_unknown as ask; "
        f"print(ask(pathlib.Path({str(folder)!r}), ['zebra']), 'torch' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
