import pytest

from core.ingest.language import detect, detect_one, named


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The flight was late and nobody told us anything about it", "en"),
        ("Der Flug war verspätet und niemand hat uns etwas gesagt", "de"),
        ("Le vol était en retard et personne ne nous a rien dit", "fr"),
        ("El vuelo salió tarde y nadie nos dijo absolutamente nada", "es"),
        ("送餐很快", "zh"),
        ("アプリが落ちる", "ja"),
        ("앱이 꺼져요", "ko"),
        ("送餐很快 thanks iPhone", "unknown"),
        ("ok thanks", "unknown"),
        ("@VirginAmerica https://example.com/a/very/long/address/of/letters", "unknown"),
        ("", "unknown"),
    ],
)
def test_one_text(text, language):
    assert detect_one(text) == language


def test_order_is_kept_and_repeats_agree():
    texts = ["ok", "The flight was late and nobody told us", "ok"]
    assert detect(texts) == ("unknown", "en", "unknown")


@pytest.mark.parametrize(
    ("value", "code"), [("en-GB", "en"), ("DE", "de"), ("Français", "fr"), ("Klingon", "unknown")]
)
def test_language_columns(value, code):
    assert named(value) == code
