"""What is masked and what only looks like it: the table that a change of the patterns is judged by."""

import time

import pytest

from core.ingest.redaction import Masker, mask_text, mask_texts

FILL = ["nothing to see"] * 100  # a column long enough for the patterns that look at whole columns

# The digits and signs of other widths are meant.
FOUND = [
    ("mail anna.b+x@mail.example.co.uk please", "mail [email] please", "email"),
    ("我的邮箱是abc@qq.com谢谢", "我的邮箱是[email]谢谢", "email"),
    ("write to mailto:anna@example.com?subject=hi", "write to mailto:[email]?subject=hi", "email"),
    ("<a href=mailto:anna@example.com>", "<a href=mailto:[email]>", "email"),
    ("info@müller-söhne.de bitte", "[email] bitte", "email"),
    ("пишите на иван.петров@почта.рф спасибо", "пишите на [email] спасибо", "email"),
    ("邮箱：用户@例子.公司。", "邮箱：[email]。", "email"),
    ('"john doe"@example.com wrote', "[email] wrote", "email"),
    ("o'neil@example.ie wrote", "[email] wrote", "email"),
    ("anna (at) example.com", "[email]", "email"),
    ("anna.b [at] example dot com, please", "[email], please", "email"),
    ("anna(at)example(dot)org", "[email]", "email"),
    ("anna {at} mail {dot} example {dot} co.uk", "[email]", "email"),
    ("anna AT gmail DOT com", "[email]", "email"),
    ("john.doe at example dot com is mine", "[email] is mine", "email"),
    ("anna @ gmail.com", "[email]", "email"),
    ("anna (at) example (dot) co (dot) uk", "[email]", "email"),
    ("anna&#64;example.com", "[email]", "email"),
    ("anna%40example.com in the log", "[email] in the log", "email"),
    ("ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ です", "[email] です", "email"),
    ("anna\u200b@exa\u200bmple.com here", "[email] here", "email"),
    ("user@[192.168.1.20] bounced", "[email] bounced", "email"),
    ("card 4111 1111 1111 1111 ok", "card [card] ok", "card"),
    ("card 4111-1111-1111-1111 ok", "card [card] ok", "card"),
    ("card 4111111111111111.", "card [card].", "card"),
    ("amex 3782 822463 10005!", "amex [card]!", "card"),
    ("2345 4111 1111 1111 1111 123", "2345 [card] 123", "card"),
    ("in20 DE89 3704 0044 0532 0130 00", "in20 [iban]", "iban"),
    ("phone(212)555-0123", "phone[phone]", "phone"),
    ("5555.5555.5555.4444 was charged", "[card] was charged", "card"),
    ("6212 3456 7890 1232 in part", "[card] in part", "card"),
    ("卡号４１１１１１１１１１１１１１１１被盗", "卡号[card]被盗", "card"),
    ("4111\u200b1111\u200b1111\u200b1111", "[card]", "card"),
    ("4111\xa01111\xa01111\xa01111 x", "[card] x", "card"),
    ("IBAN DE89 3704 0044 0532 0130 00 is mine", "IBAN [iban] is mine", "iban"),
    ("to DE89370400440532013000.", "to [iban].", "iban"),
    ("iban de89 3704 0044 0532 0130 00 bitte", "iban [iban] bitte", "iban"),
    ("gb29nwbk60161331926819 please", "[iban] please", "iban"),
    ("NL91-ABNA-0417-1643-00", "[iban]", "iban"),
    ("FR14 2004 1010 0505 0001 3M02 606 merci", "[iban] merci", "iban"),
    ("from 192.168.1.20:8080", "from [ip]:8080", "ip"),
    ("我的ip是203.0.113.7谢谢", "我的ip是[ip]谢谢", "ip"),
    ("at fe80::1ff:fe23:4567:890a now", "at [ip] now", "ip"),
    ("from 2001:db8::1 to me", "from [ip] to me", "ip"),
    ("2001:0db8:85a3:0000:0000:8a2e:0370:7334 failed", "[ip] failed", "ip"),
    ("call +44 20 7946 0958 today", "call [phone] today", "phone"),
    ("call 0049 30 1234567 today", "call [phone] today", "phone"),
    ("call 0044 20 7946 0958", "call [phone]", "phone"),
    ("call 004915112345678.", "call [phone].", "phone"),
    ("call 212-555-0123 today", "call [phone] today", "phone"),
    ("(212) 555-0123 is me", "[phone] is me", "phone"),
    ("212.555.0123 is me", "[phone] is me", "phone"),
    ("1-800-555-0199 is me", "[phone] is me", "phone"),
    ("电话13812345678。", "电话[phone]。", "phone"),
    ("電話は090-1234-5678です", "電話は[phone]です", "phone"),
    ("전화 010-1234-5678 주세요", "전화 [phone] 주세요", "phone"),
    ("звоните 8 (912) 345-67-89 вечером", "звоните [phone] вечером", "phone"),
    ("اتصل ٠٥٠١٢٣٤٥٦٧ الآن", "اتصل [phone] الآن", "phone"),
    ("+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨", "[phone]", "phone"),
    ("電話 ０９０－１２３４－５６７８ です", "電話 [phone] です", "phone"),
    ("call 212\u200b555\u200b0123 now", "call [phone] now", "phone"),
    (
        "call 2\ufe0f\u20e31\ufe0f\u20e32\ufe0f\u20e3-5\ufe0f\u20e35\ufe0f\u20e35-0123",
        "call [phone]",
        "phone",
    ),
    (".@united you failed", ".[handle] you failed", "handle"),
    ("thanks @иван_петров !", "thanks [handle] !", "handle"),
    ("谢谢@小明 帮忙", "谢谢[handle] 帮忙", "handle"),
    ("@田中さん ありがとう", "[handle] ありがとう", "handle"),
    ("hi ＠anna_b", "hi [handle]", "handle"),
    ("see https://x.example/a?token=abc&id=5 now", "see https://x.example/a?[token] now", "token"),
    ("https://me:pw@x.example/a", "https://[token]@x.example/a", "token"),
    ("ftp://me:pw@x.example/a", "ftp://[token]@x.example/a", "token"),
    ("postgres://app:s3cret@db.example:5432/main", "postgres://[token]@db.example:5432/main", "token"),
    ("https://x.example/reset/8f7a6b5c4d3e2f1a0b9c8d7e", "https://x.example/reset/[token]", "token"),
    ("x.example/reset?key=8f7a6b5c4d now", "x.example/reset?[token] now", "token"),
    ("https://x.example/#access_token=abcd", "https://x.example/#[token]", "token"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN end", "jwt [token] end", "token"),
    ("key sk-abcd1234efgh5678ijkl works", "key [token] works", "token"),
    ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "[token]", "token"),
    ("AKIAIOSFODNN7EXAMPLE leaked", "[token] leaked", "token"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789 oops", "[token] oops", "token"),
    ("Authorization: Bearer abcdef1234567890abcdef", "Authorization: Bearer [token]", "token"),
    ("password: hunter2hunter2 does not work", "password: [token] does not work", "token"),
    ('api_key="a1b2c3d4e5f6a7b8"', 'api_key="[token]"', "token"),
    ("xoxb-1234567890-abcdefghij", "[token]", "token"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "[token]", "token"),
]

LEFT = [
    "card 4111 1111 1111 1112 fails the check digit",
    "DE88370400440532013000 fails its check digits",
    "version 12.10.0.1 and v4.28.0.1 crash",
    "on 2015-02-24 11:15:59 order 1234567890123",
    "std::vector::x::y at 12:30:45",
    "https://x.example/help/index.html#top",
    "meet @5 or a @ b",
    "I paid 1,000,000 in 2024",
    "Android 4.4.2.1 is old",
    "iOS 10.3.3.1 here",
    "firmware 1.0.3.22",
    "Chrome/41.0.2272.76 works",
    "at 2024-03-01T12:30:45.123456Z",
    "2024-03-01T12:30:45+01:00",
    "2024-03-01 12:30:45.123",
    "20240301123045",
    "epoch 1424804159 seconds",
    "epoch 1424804159000 ms",
    "tweet 570301130888122368 was mine",
    "tweet 1234567890123456789",
    "order 4155552671 is late",
    "order number: 2125550123",
    "ticket #2125550123",
    "booking 2125550123 lost",
    "订单号2125550123没到",
    "52.520008, 13.404954",
    "40.712776, -74.005974",
    "lat 52.5200066 lon 13.404954",
    "$1,299.00 and 2,499.99",
    "1 234 567,89 EUR",
    "price 4.111.111 VND",
    "from 9:00 to 17:30",
    "24.02.2015 and 03/01/2024",
    "01-02-2003 04-05-2006",
    "3.14159265358979",
    "1.4142135623730951",
    "0.30000000000000004",
    "100000000000",
    "9999999999999999",
    "0000000000000000",
    "1111 1111 1111 1111",
    "ISBN 978-3-16-148410-0",
    "EAN 4006381333931 fails",
    "uuid 123e4567-e89b-12d3-a456-426614174000",
    "commit e83c5163316f89bfbde7d9ab23ca2e25604af290",
    "md5 d41d8cd98f00b204e9800998ecf8427e",
    "#FFAABB and #123456",
    "section 1.2.3.4 of the manual",
    "1:2:3:4:5:6:7:8",
    "00:1A:2B:3C:4D:5E",
    "a::b::c::d",
    "score 3:2:1",
    "12:30:45:123",
    "I bought it at amazon dot com",
    "look (at) this. Great",
    "meet me at noon. Thanks",
    "dinner @ home",
    "2个@5元",
    "@ me",
    "[email] and [phone] are gone",
    "call [phone] or [handle]",
    "my token: none",
    "the password is wrong",
    "password: incorrect",
    "risk-averse task-management-systems",
    "a sk-learn question",
    "desk-12 is free",
    "eyJustKidding",
    "www.example.com is slow",
    "https://example.com/a/b/c.html",
    "see example.com/help?",
    "what?a=b",
    "50% off = 10 dollars?",
    "iPhone 15 Pro Max 256 GB",
    "Windows 10.0.19045.3803",
    "flight UA1234 seat 12A",
    "row 1 of 1000000",
    "1920x1080 at 60",
    "ratio 16:9 and 4:3",
    "1 2 3 4 5 6 7 8 9 10",
    "10 20 30 40 50 60",
    "5-10-15-20-25",
    "2015-2016, 2016-2017",
    "7 8 2014 to 9 10 2015",
    "serial ABC-123-DEF-456",
    "PO 4500012345",
    "case 00012345678",
    "error 0x80070057",
    "error -2147483648",
    "range 2147483647",
    "AKIA is short",
    "in10 minutes we go to town",
    "DE12 is a road",
    "BE THERE 2015",
    "1. good 2. bad 3. ugly 4. fine",
    "2e10 and 1e-5",
    "+1 for this",
    "+1000 points",
    "00 is double zero",
    "0012",
    "+/- 5",
    "at 5 dot 5",
]


@pytest.mark.parametrize(("text", "masked", "kind"), FOUND)
def test_each_kind_is_masked_and_counted(text, masked, kind):
    assert Masker().column([text]) == ([masked], {kind: 1})
    texts, counts = Masker().column([*FILL, text])
    assert (texts[-1], counts) == (masked, {kind: 1})
    assert texts[:-1] == FILL


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_like_it_stays(text):
    assert Masker().column([text]) == ([text], {})
    assert Masker().column([*FILL, text]) == ([*FILL, text], {})


@pytest.mark.parametrize(("text", "masked", "kind"), FOUND)
def test_what_is_masked_stays_masked(text, masked, kind):
    assert Masker().column([masked]) == ([masked], {})


def test_handles_can_stay():
    assert mask_texts(["@united hi a@b.example"], handles=False).texts == ("@united hi [email]",)


def test_counts_add_up_over_texts():
    found = mask_texts(["@ann @bob", "a@b.example", "nothing"])
    assert found.counts == {"email": 1, "handle": 2}
    assert found.texts[2] == "nothing"


def test_counts_of_one_text_are_added():
    counts = mask_texts(["a@b.example"]).counts
    from collections import Counter

    total = Counter(counts)
    assert mask_text("me@b.example and @ann", total) == "[email] and [handle]"
    assert total == {"email": 2, "handle": 1}


@pytest.mark.parametrize(
    ("region", "text", "masked"),
    [
        ("DE", "ruf 030 1234567 an", "ruf [phone] an"),
        ("DE", "ruf 0170/1234567 an", "ruf [phone] an"),
        ("GB", "on 020 7946 0958", "on [phone]"),
        ("FR", "au 01 23 45 67 89", "au [phone]"),
        ("US", "ruf 030 1234567 an", "ruf 030 1234567 an"),
        ("NO", "den 24.02.2015 kl 12", "den 24.02.2015 kl 12"),
        ("UA", "звоніть 050 123 45 67", "звоніть [phone]"),
        ("IN", "call 98765 43210 now", "call [phone] now"),
    ],
)
def test_phones_of_the_region(region, text, masked):
    assert Masker(region).column([text])[0] == [masked]


@pytest.mark.parametrize(
    "piece",
    [
        "x",
        "1",
        "1 ",
        "a.b",
        "@",
        ":1",
        "DE89",
        "-",
        "http://a?",
        "a@",
        "1.",
        "[email]",
        "a (at) ",
        "x dot ",
        "４",
        "1\u200b",
    ]
    + ["sk-", "eyJ", "a@a.", "0049", "a at a dot ", "www.", "@小", "password: ", "&#64;", "'"],
)
def test_endless_words_take_no_endless_time(piece):
    text = piece * 20_000 + "@"
    start = time.process_time()
    Masker().column([text])
    Masker().column([*FILL, text])
    assert time.process_time() - start < 4.0
