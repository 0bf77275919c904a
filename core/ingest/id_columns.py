"""Columns of ids, whose digits only look like phones and cards."""

import re
from collections.abc import Iterable
from itertools import islice

from core.ingest.numbers_of_people import is_card, phones

LOOKED_AT = 300  # cells that are not empty
_TOKEN = re.compile(r"[A-Za-z#_.-]{0,8}\d[\d_.-]{0,40}")
_WORDS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_WORDS_OF_PEOPLE = """
tel cell cel handy gsm fax sms whatsapp viber telegram msisdn phone phones card cards iban bic pan konto
kontonummer compte cuenta conta conto rekening karte carte carta tarjeta cartão cartao kaart kort karta
portable móvil movil fijo mobil mobile mobiel mobilnummer rufnummer teléfono téléfono puhelin tlf tfn
"""
_WHOLE_WORDS = frozenset(_WORDS_OF_PEOPLE.split())
_BEGINNINGS_OF_WORDS = """
phone telef telep téléph teléf mobil celul handynummer kreditkart creditcard cardnum cardno bankkart bankacc
cellphone telnr telnum telno iban
"""
_BEGINNINGS = tuple(_BEGINNINGS_OF_WORDS.split())
_PARTS_OF_NAMES = """
电话 電話 手机 手機 联系方式 卡号 卡號 银行卡 信用卡 携帯 カード番号 口座 전화 휴대폰 핸드폰 카드 계좌
телефон мобильн карт هاتف جوال موبايل بطاقة טלפון נייד τηλέφ κινητ โทร फ़ोन फोन मोबाइल thoại
creditcard phonenumber kreditkarte
"""
_ANYWHERE = tuple(_PARTS_OF_NAMES.split())


def column_is_ids(name: str, texts: Iterable[str], region: str = "US") -> bool:
    """Whether nearly all cells are one token of digits, and neither name nor digits say phone or card."""
    if says_phone_or_card(name):
        return False
    cells = list(islice((text.strip() for text in texts if text and text.strip()), LOOKED_AT))
    tokens = sum(bool(_TOKEN.fullmatch(cell)) for cell in cells)
    return bool(cells) and tokens >= 0.9 * len(cells) and not _are_phones_or_cards(cells, region)


def says_phone_or_card(name: str) -> bool:
    lower = name.lower()
    words = {word.lower() for word in _WORDS.findall(_CAMEL.sub(" ", name))}
    return (
        any(part in lower for part in _ANYWHERE)
        or not words.isdisjoint(_WHOLE_WORDS)
        or any(word.startswith(_BEGINNINGS) for word in words)
    )


def _are_phones_or_cards(cells: list[str], region: str) -> bool:
    """Ids are valid by accident, a card number once in ten times and a phone number every second time."""
    distinct = list(dict.fromkeys(cells))[:60]
    if len(distinct) < 12:
        return all(cell.startswith(("+", "00")) for cell in distinct)
    valid_cards = sum(is_card(cell) for cell in distinct)
    valid_phones = sum(phones(cell, region) == [(0, len(cell))] for cell in distinct)
    return max(valid_cards, valid_phones) >= 0.9 * len(distinct)
