import pytest

from core.ingest.id_columns import column_is_ids

TWEETS = [str(570301130888122368 + 7919 * i) for i in range(200)]
PHONES = [f"212555{i:04}" for i in range(200)]
ORDERS = [str(1000000000 + 7919 * i) for i in range(200)]
CARDS = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "4012888888881881"]
CARDS += ["5105105105105100", "371449635398431", "30569309025904", "38520000023237", "3530111333300000"]
CARDS += ["3566002020360505", "4222222222222", "5500005555555559"]


@pytest.mark.parametrize(
    "cells", [TWEETS, ORDERS, ["", " 12 ", "13"], ["A-1001", "A-1002"], ["#77", "#78"], ["3", "5", "1"]]
)
def test_columns_of_single_numbers_are_ids(cells):
    assert column_is_ids("tweet_id", cells)


@pytest.mark.parametrize(
    "name",
    [
        "Phone",
        "phone_number",
        "customerPhone",
        "Tel.",
        "mobile",
        "Handynummer",
        "téléphone",
        "Teléfono",
        "celular",
    ]
    + [
        "card",
        "cardNumber",
        "Kreditkarte",
        "IBAN",
        "手机号",
        "电话",
        "電話番号",
        "전화번호",
        "Телефон",
        "رقم الهاتف",
        "fax",
    ],
)
def test_the_name_can_say_otherwise(name):
    assert not column_is_ids(name, ORDERS)


@pytest.mark.parametrize("name", ["hotel", "discard", "id", "order number", "postcode", "Telos", "scorecard"])
def test_parts_of_other_words_say_nothing(name):
    assert column_is_ids(name, ORDERS)


@pytest.mark.parametrize("cells", [PHONES, CARDS, ["+4930123456", "+4930123457"], ["0049301234567"]])
def test_so_can_the_numbers_themselves(cells):
    assert not column_is_ids("contact", cells)


@pytest.mark.parametrize(
    "cells", [[], ["", " "], ["I paid 12", "twice 13"], ["Anna", "Ben"], ["a@b.example"], ["@ann1", "@ben2"]]
)
def test_words_are_no_ids(cells):
    assert not column_is_ids("id", cells)
