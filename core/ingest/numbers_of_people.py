"""Cards, bank accounts and phones among the digits of a text."""

import re
from collections.abc import Iterator

_IBANS = (  # country and length
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 "
    "DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 "
    "IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 "
    "MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 "
    "ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_CARD = re.compile(r"(?<![\d.,-])(?:[2-6]\d{3}(?:[ -]?\d){9,15}|[2-6]\d{3}(?:[ ]?[ .-][ ]?\d{4}){3})(?!\d)")
# First digits, lengths written in one piece, lengths written in groups. Longer ones in one piece are
# numbers of tweets and orders more often than cards.
_CARD_KINDS = (
    ("4", (13, 16, 19), (13, 16, 19)),
    ("62", (16, 17, 19), (16, 17, 18, 19)),
    ("34 37", (15,), (15,)),
    ("300 301 302 303 304 305 36 38 39", (14, 16), (14, 16, 19)),
    ("51 52 53 54 55 22 23 24 25 26 27", (16,), (16,)),
    ("35 60 64 65 50 56 57 58 61 63 66 67 68 69", (16,), (12, 13, 14, 15, 16, 17, 18, 19)),
)
DIGITS = re.compile(r"\d(?:[^A-Za-z\d]{0,3}\d){3}")  # fewer make no number of anybody
_LIMITS = ("2147483647", "2147483648")  # of 32 bits: in error messages, and valid phones of Dallas
_PHONE_LIKE = re.compile(r"(?:\d[\s().\-/–（）·]{0,3}){7,}")
_ABROAD = re.compile(r"(?<![\d+.,/\-A-Za-z])00(?=[ ./()-]{0,2}[1-9])")
_GLUED = re.compile(r"[\w.|=/,-]", re.ASCII)
_AREA = re.compile(r"\(\d{2,5}\)")
_DATE = re.compile(
    r"(?:(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:19|20)\d\d)"
    r"(?:[ (-]{1,3}\d{1,2}(?:[.-]\d\d){0,2})?[(. -]{0,2}"
)
_NUMBER_OF_A_THING = re.compile(
    r"(?:order|ticket|case|invoice|tracking|booking|reference|confirmation|receipt|transaction"
    r"|bestellung|auftrag|rechnung|commande|pedido|fattura|订单号?|單號)(?:\s?(?:number|no|num|nr|id|code)\b)?[\s.:#]{0,3}(?:is\s)?$",
    re.IGNORECASE,
)
_SCRIPTS = {  # numbers without a country code are those of where the script is written
    "JP": "[\u3041-\u30ff]",
    "KR": "[\uac00-\ud7a3]",
    "CN": "[\u4e00-\u9fff]",
    "RU_UA": "[\u0400-\u04ff]",
    "SA_EG_AE": "[\u0600-\u06ff]",
    "IL": "[\u05d0-\u05ea]",
    "GR": "[\u0370-\u03ff]",
    "TH": "[\u0e00-\u0e7f]",
    "IN": "[\u0900-\u097f]",
}
_SCRIPT = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SCRIPTS.items()))


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Digits before or after a card may look like more of it, such as its check code."""
    at = 0
    while match := _CARD.search(text, at):
        end = match.end()
        while end > match.start() and not is_card(text[match.start() : end]):
            end = max(text.rfind(" ", match.start(), end), text.rfind("-", match.start(), end), 0)
        if end > match.start():
            yield match.start(), end
        at = max(end, match.start() + 1)


def is_card(written: str) -> bool:
    """The first digits of an issuer, one of its lengths and the check digit of Luhn."""
    if not written[-1:].isdigit():
        return False
    digits = re.sub(r"\D", "", written)
    in_groups = len(digits) != len(written)
    for starts, in_one, grouped in _CARD_KINDS:
        if digits.startswith(tuple(starts.split())):
            return len(digits) in (grouped if in_groups else in_one) and _luhn(digits)
    return False


def _luhn(digits: str) -> bool:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + doubled) % 10 == 0 and len(set(digits)) > 1


def ibans(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while match := IBAN.search(text, at):
        length = _iban_length(match[0])
        if length:
            yield match.start(), match.start() + length
        at = match.start() + max(length, 1)


def _iban_length(found: str) -> int:
    """Characters of the part that is an IBAN (0: none); the words after it may match the pattern too."""
    wanted = _IBAN_LENGTHS.get(found[:2].upper(), 0)
    places = [i for i, char in enumerate(found) if char.isalnum()][:wanted]
    if not wanted or len(places) < wanted:
        return 0
    iban = "".join(found[i] for i in places)
    number = int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4]))
    return places[-1] + 1 if number % 97 == 1 else 0


def phones(text: str, region: str) -> list[tuple[int, int]]:
    """Only the surroundings of long runs of digits are shown to phonenumbers, which is slow."""
    import phonenumbers

    abroad = {match.start() for match in _ABROAD.finditer(text)}
    shown = _ABROAD.sub(" +", text) if abroad else text
    found: list[tuple[int, int]] = []
    for run in _PHONE_LIKE.finditer(text):
        if _is_no_phone(text, run, region):
            continue
        begin, stop = max(0, run.start() - 6), min(len(text), run.end() + 12)
        for country in _regions(text[begin:stop], region):
            before = len(found)
            for match in phonenumbers.PhoneNumberMatcher(shown[begin:stop], country):
                start, end = begin + match.start, begin + match.end
                start -= start - 1 in abroad  # the plus sign stands for the second zero
                if (not found or start >= found[-1][1]) and not _is_part_or_thing(text, start, end, found):
                    found.append((start, end))
            if len(found) > before:
                break
    return found


def _is_no_phone(text: str, run: re.Match[str], region: str) -> bool:
    """Long numbers, parts of longer words, dates and times: most runs of digits, told at no cost."""
    digits = run[0].rstrip()
    if not digits.isdigit():
        return bool(_DATE.fullmatch(digits)) or re.sub(r"\D", "", digits).startswith("12345678")
    before = text[max(0, run.start() - 1) : run.start()]
    if len(digits) > 17 or digits in _LIMITS or (before != "," and _GLUED.match(before)):
        return True
    american = region in ("US", "CA") and before != "+" and not digits.startswith("0")
    return (
        american
        and len(digits) not in (10, 11)
        and not _SCRIPT.search(text, max(0, run.start() - 6), run.end() + 12)
    )


def _is_part_or_thing(text: str, start: int, end: int, found: list[tuple[int, int]]) -> bool:
    """0.8.2023110701, id=4155552671 and order 4155552671 are no phones."""
    after_another = bool(found) and found[-1][1] == start - 1  # 2125550123,2125550124
    glued = _GLUED.match(text[max(0, start - 1) : start]) and not _AREA.match(text, start)
    if glued and not after_another:
        return True
    return text[start:end].isdigit() and bool(_NUMBER_OF_A_THING.search(text[max(0, start - 40) : start]))


def _regions(text: str, region: str) -> tuple[str, ...]:
    script = _SCRIPT.search(text)
    if not script or not script.lastgroup:
        return (region,)
    own = script.lastgroup.split("_")
    return tuple(own) if region == "US" else tuple(dict.fromkeys((region, *own)))
