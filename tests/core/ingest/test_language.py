import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.ingest.language import LANGUAGES, detect, detect_one, named
from core.ingest.letter_model import letter_model

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
SAMPLE = Path(__file__).resolve().parents[3] / "assets/sample/feedback.csv"
TEXTS = [
    ("airline_tweets_60.csv", "text"),
    ("app_reviews_youtube_ios.csv", "review text"),
    ("app_reviews_youtube_ios.csv", "title"),
    ("app_reviews_arminer_facebook_tapfish.csv", "text"),
    ("banking77_train.csv", "text"),
    ("banking77_test.csv", "text"),
    ("waimai_10k.csv", "review"),
    ("votes_polis_freshwater/comments.csv", "comment-body"),
    ("github_issues_nlbse24_train.csv", "title"),
    ("github_issues_nlbse24_train.csv", "body"),
]
FOREIGN = [
    ("de", "Der Flug war verspätet und niemand hat uns etwas gesagt"),
    ("de", "Ich finde die App super, aber das letzte Update macht alles langsam"),
    ("fr", "Le vol était en retard et personne ne nous a rien dit"),
    ("es", "El vuelo salió tarde y nadie nos dijo absolutamente nada"),
    ("es", "Me asignan conversaciones y nadie me avisa."),
    ("it", "Il volo era in ritardo e nessuno ci ha detto niente"),
    ("pt", "O voo atrasou e ninguém nos disse absolutamente nada"),
    ("nl", "De vlucht was vertraagd en niemand heeft ons iets verteld"),
    ("sv", "Flyget var försenat och ingen berättade något för oss"),
    ("pl", "Lot był opóźniony i nikt nam nic nie powiedział"),
    ("tr", "Uçak gecikti ve kimse bize hiçbir şey söylemedi"),
    ("ru", "Приложение постоянно вылетает после последнего обновления"),
    ("uk", "Застосунок постійно вилітає після останнього оновлення"),
    ("ar", "التطبيق لا يعمل بعد التحديث الأخير أبدا"),
    ("he", "האפליקציה לא עובדת מאז העדכון האחרון"),
    ("hi", "ऐप पिछले अपडेट के बाद से काम नहीं कर रहा है"),
    ("th", "แอปใช้งานไม่ได้หลังจากอัปเดตล่าสุด"),
    ("vi", "Ứng dụng không hoạt động sau bản cập nhật mới nhất"),
    ("zh", "送餐很快"),
    ("ja", "アプリが落ちる"),
    ("ko", "앱이 꺼져요"),
]


@pytest.mark.parametrize("whole_columns", [False, True])
@pytest.mark.parametrize(
    ("language", "text"),
    [
        *FOREIGN,
        ("en", "The flight was late and nobody told us anything about it"),
        ("en", "THE FLIGHT WAS LATE AND NOBODY TOLD US ANYTHING ABOUT IT"),
        ("unknown", "送餐很快 thanks iPhone"),
        ("unknown", "ok thanks"),
        ("unknown", "the and you"),
        ("unknown", "@VirginAmerica https://example.com/the/and/you/very/long/address/of/letters"),
        ("unknown", "[phone] [customer] [email] [handle] the and"),
        ("unknown", "12345 67890 !!! 😀😀"),
        ("unknown", "half \ud83d pair"),
        ("unknown", ""),
    ],
)
def test_one_text(text, language, whole_columns):
    assert (detect([text])[0] if whole_columns else detect_one(text)) == language


def test_order_is_kept_over_chunks(monkeypatch):
    monkeypatch.setattr("core.ingest.language.ROWS", 4)
    texts = [text for _, text in FOREIGN]
    assert detect(texts) == [language for language, _ in FOREIGN]


def test_no_texts():
    assert detect([]) == []


@pytest.mark.parametrize(("name", "column"), TEXTS)
def test_real_comments_get_the_language_of_the_model(name, column):
    if not DATA.exists() and not os.environ.get("CI"):
        pytest.skip("the real comments are not on this machine")
    texts = pd.read_csv(DATA / name, dtype=str, keep_default_na=False)[column].tolist()[::5]
    found, alone = detect(texts), [detect_one(text) for text in texts]
    assert sum(a == b for a, b in zip(found, alone, strict=True)) >= 0.99 * len(texts)


def test_the_sample_gets_the_language_of_the_model():
    texts = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)["comment"].tolist()
    found, alone = detect(texts), [detect_one(text) for text in texts]
    assert sum(a == b for a, b in zip(found, alone, strict=True)) >= 0.99 * len(texts)


def test_many_texts_get_the_probabilities_of_one():
    model = letter_model(LANGUAGES)
    texts = [*(text for _, text in FOREIGN), "", "ALL CAPITALS HERE", "x", "e\u0301te\u0301" * 300]
    labels, confidences = model.classify(texts)
    for text, label, confidence in zip(texts, labels, confidences, strict=True):
        expected = model.identifier.classify(text)
        assert confidence == pytest.approx(expected[1], abs=1e-4)
        assert label == expected[0]


def test_a_hundred_thousand_comments_take_a_second():
    texts = [f"the update made this app slow again, it took {i} seconds to open" for i in range(50_000)]
    texts += [f"{FOREIGN[i % len(FOREIGN)][1]} {i}" for i in range(50_000)]
    detect(texts[:100] + texts[-100:])
    start = time.process_time()
    found = detect(texts)
    assert time.process_time() - start < 3.0  # 0.5 s on a machine of its own
    assert set(found[:50_000]) == {"en"}


@pytest.mark.parametrize(
    ("value", "code"), [("en-GB", "en"), ("DE", "de"), ("Français", "fr"), ("Klingon", "unknown")]
)
def test_language_columns(value, code):
    assert named(value) == code


def test_the_model_is_that_of_py3langid():
    model = letter_model(LANGUAGES)
    own = model.identifier
    assert model._labels.tolist() == own.nb_classes and model._aliases == own._alias_pairs
    assert np.array_equal(model._table, own.nb_ptc) and np.array_equal(model._before, own.nb_pc)
    assert np.array_equal(model._next, own.tk_nextmove) and model._feature.tolist() == own.tk_output
    assert (model._row >> 8).tolist() == list(own.tk_row)
