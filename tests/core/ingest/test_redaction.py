import time

import pytest

from core.ingest.redaction import mask_texts


@pytest.mark.parametrize(
    ("text", "masked", "kind"),
    [
        ("mail anna.b+x@mail.example.co.uk please", "mail [email] please", "email"),
        ("我的邮箱是abc@qq.com谢谢", "我的邮箱是[email]谢谢", "email"),
        ("card 4111 1111 1111 1111 ok", "card [card] ok", "card"),
        ("IBAN DE89 3704 0044 0532 0130 00 is mine", "IBAN [iban] is mine", "iban"),
        ("to DE89370400440532013000.", "to [iban].", "iban"),
        ("from 192.168.1.20:8080", "from [ip]:8080", "ip"),
        ("at fe80::1ff:fe23:4567:890a now", "at [ip] now", "ip"),
        ("call +44 20 7946 0958 today", "call [phone] today", "phone"),
        ("call 212-555-0123 today", "call [phone] today", "phone"),
        ("电话13812345678。", "电话[phone]。", "phone"),
        (".@united you failed", ".[handle] you failed", "handle"),
        ("see https://x.example/a?token=abc&id=5 now", "see https://x.example/a?[token] now", "token"),
        ("https://me:pw@x.example/a", "https://[token]@x.example/a", "token"),
        ("https://x.example/reset/8f7a6b5c4d3e2f1a0b9c8d7e", "https://x.example/reset/[token]", "token"),
    ],
)
def test_each_kind_is_masked_and_counted(text, masked, kind):
    found = mask_texts([text])
    assert found.texts == (masked,)
    assert found.counts == {kind: 1}


@pytest.mark.parametrize(
    "text",
    [
        "card 4111 1111 1111 1112 fails the check digit",
        "DE88370400440532013000 fails its check digits",
        "version 12.10.0.1 and v4.28.0.1 crash",
        "on 2015-02-24 11:15:59 order 1234567890123",
        "std::vector::x::y at 12:30:45",
        "https://x.example/help/index.html#top",
        "meet @5 or a @ b",
        "I paid 1,000,000 in 2024",
    ],
)
def test_what_only_looks_like_it_stays(text):
    found = mask_texts([text])
    assert found.texts == (text,)
    assert found.counts == {}


def test_handles_can_stay():
    assert mask_texts(["@united hi a@b.example"], handles=False).texts == ("@united hi [email]",)


def test_counts_add_up_over_texts():
    found = mask_texts(["@ann @bob", "a@b.example", "nothing"])
    assert found.counts == {"email": 1, "handle": 2}
    assert found.texts[2] == "nothing"


@pytest.mark.parametrize(
    "piece", ["x", "1", "1 ", "a.b", "@", ":1", "DE89", "-", "http://a?", "a@", "1.", "[email]"]
)
def test_endless_words_take_no_endless_time(piece):
    start = time.process_time()
    mask_texts([piece * 20_000 + "@"])
    assert time.process_time() - start < 2.0
