from dataclasses import dataclass

import pytest

from core.errors import BadFile, NotText, TooLarge
from core.ingest.encoding import find_encoding
from core.ingest.raw import Limits
from core.ingest.source import ByteSource, text_blocks, utf8_blocks

WESTERN = "id,texte\n1,L'été dernier la facture était déjà payée\n2,Très déçu du côté français\n"
EURO = "text\nIt’s “great” – €5\nThe café was nice\n"


@dataclass
class Decoded:
    text: str
    encoding: str
    warnings: tuple
    unclear: tuple


def decode(data, answer=None):
    source = ByteSource(data, Limits())
    found = find_encoding(source, answer)
    text = "".join(text_blocks(source, found.codec, found.skip))
    return Decoded(text, found.name, found.warnings, tuple(reading.encoding for reading in found.readings))


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (WESTERN, "cp1252", "cp1252"),
        (WESTERN, "mac_roman", "mac_roman"),
        (EURO, "cp1252", "cp1252"),
        ("Größe passt nicht, schöne Grüße", "cp1252", "cp1252"),
        ("Zażółć gęślą jaźń, nie działa płatność łódź", "cp1250", "cp1250"),
        ("Очень плохое приложение не работает", "cp1251", "cp1251"),
        ("Очень плохое приложение не работает", "koi8_r", "koi8_r"),
        ("Η εφαρμογή δεν λειτουργεί καθόλου", "iso8859_7", "iso8859_7"),
        ("アプリがすぐに落ちるので困っています", "shift_jis", "cp932"),
        ("アプリがすぐに落ちるので困っています", "euc_jp", "euc_jp"),
        ("送餐很快，味道也好", "gb18030", "gb18030"),
        ("服務態度不好，等了很久", "big5", "big5"),
        ("앱이 자꾸 꺼져요 고쳐주세요", "cp949", "cp949"),
        ("Uygulama çok yavaş açılıyor, müşteri hizmetleri kötü", "cp1254", "cp1254"),
    ],
)
def test_legacy_encodings_are_found_and_named(text, encoding, found):
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.encoding == found
    assert "Check that accents look right" in decoded.warnings[0]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"\xef\xbb\xbfa,b\n\xc3\xa9,1", "utf-8-sig"),
        (b"\xff\xfe" + "a,b\né,1".encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + "a,b\né,1".encode("utf-16-be"), "utf-16-be"),
        (b"\xff\xfe\x00\x00" + "a,b\né,1".encode("utf-32-le"), "utf-32-le"),
        (b"\x00\x00\xfe\xff" + "a,b\né,1".encode("utf-32-be"), "utf-32-be"),
        ("a,b\né,1".encode(), "utf-8"),
    ],
)
def test_marks_and_utf8_need_no_warning(data, encoding):
    decoded = decode(data)
    assert (decoded.text, decoded.encoding, decoded.warnings) == ("a,b\né,1", encoding, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_without_mark_is_read_with_a_warning(encoding):
    text = "id,text\n1,It works at last\n2,Très bien\n"
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding) == (text, encoding)
    assert "does not name its encoding" in decoded.warnings[0]


def test_control_characters_are_left_to_the_cleaning():
    text = "a\x00b\x1bc\tz\ufffe\r\n"
    assert decode(text.encode()) == Decoded(text, "utf-8", (), ())


def test_lone_surrogates_do_not_make_the_file_another_encoding():
    decoded = decode("é ".encode() + b"\xed\xa0\x80")
    assert (decoded.text, decoded.encoding) == ("é \ufffd", "utf-8")
    assert decoded.warnings[0].endswith(": 1.")


def test_few_broken_bytes_among_utf8_stay_utf8():
    decoded = decode(("é" * 40).encode() + b"\xff")
    assert (decoded.text, decoded.encoding) == ("é" * 40 + "\ufffd", "utf-8")
    assert decoded.warnings[0].endswith(": 1.")


def test_odd_byte_at_the_end_of_utf16_is_counted():
    decoded = decode(b"\xff\xfe" + "ab".encode("utf-16-le") + b"\x41")
    assert decoded.text == "ab\ufffd"
    assert decoded.warnings


def test_binary_is_refused():
    with pytest.raises(NotText, match="not a text file"):
        decode(bytes(range(32)) * 20)


@pytest.mark.parametrize(
    ("text", "encoding", "offered"),
    [
        ("text\nŠkoda příliš\n", "cp1250", {"cp1252", "cp1250"}),
        ("text\nñ\n", "cp1252", {"cp1252", "cp1251"}),
        ("text\nשלום\n", "cp1255", {"cp1255", "cp1251"}),
    ],
)
def test_little_evidence_is_a_question_with_the_true_encoding_among_the_answers(text, encoding, offered):
    assert offered <= set(decode(text.encode(encoding)).unclear)


@pytest.mark.parametrize("text", ["café", "señor", "naïve", "Müller", "São Paulo", "© 2024"])
def test_western_words_need_no_question(text):
    assert decode(f"text\n{text}\n".encode("cp1252")).unclear == ()


def test_one_accent_far_below_decides():
    decoded = decode(b"text\n" + b"plain line\n" * 400_000 + "l'été à Paris déjà payé".encode("cp1252"))
    assert decoded.encoding == "cp1252"
    assert decoded.text.endswith("l'été à Paris déjà payé")


def test_an_answer_wins():
    data = "Größe".encode("cp1252")
    assert decode(data, "cp1250").text == "Größe"
    assert decode(data, "koi8-r").text == data.decode("koi8-r")
    wrong = decode(data, "utf-8")
    assert wrong.text == "Gr\ufffd\ufffde" and wrong.warnings[0].endswith(": 2.")
    assert decode("\ufeffa".encode("utf-16-be"), "utf-16").text == "a"
    assert decode(b"\xef\xbb\xbfa", "utf-8").text == "a"


@pytest.mark.parametrize(
    "answer", ["", "nope", "rot13", "base64", "unicode_escape", "utf-7", "idna", "a\x00b"]
)
def test_answers_that_are_no_encoding(answer):
    with pytest.raises(BadFile, match="is no encoding"):
        decode(b"a", answer)


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,2\r\n3,4",
        "a,b\r1,é\r\r".encode(),
        "a,b\n漢,2\n".encode() * 40_000,
        b"\n" * 3_000_000,
        b"x" * 9,
    ],
)
def test_blocks_of_bytes_are_those_of_the_text(data):
    source = ByteSource(data, Limits())
    assert find_encoding(source).valid_utf8
    texts = [block.encode() for block in text_blocks(source, "utf-8", 0)]
    found = list(utf8_blocks(source, 0))
    assert b"".join(found) == b"".join(texts) == data
    assert all(block.endswith((b"\n", b"\r")) for block in found[:-1])


def test_only_bytes_that_need_no_mending_are_read_as_they_are():
    for data in ("é".encode() * 99 + b"\xff", "\U0001f600é".encode("utf-16", "surrogatepass")):
        assert not find_encoding(ByteSource(data, Limits())).valid_utf8
    pair = b"a,b\n\xed\xa0\xbd\xed\xb8\x80,1\n"  # an emoji as two surrogates of three bytes
    assert not find_encoding(ByteSource(pair, Limits())).valid_utf8
    assert decode(pair).text == "a,b\n\U0001f600,1\n"


def test_long_lines_are_counted_in_characters():
    source = ByteSource("漢".encode() * 100 + b"\n", Limits())
    assert list(utf8_blocks(source, 0, longest=100))
    with pytest.raises(TooLarge):
        list(utf8_blocks(ByteSource("漢".encode() * 101, Limits()), 0, longest=100))
