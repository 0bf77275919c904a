"""Patterns of e-mail addresses, handles and internet addresses. Every repetition is bounded: some
comments hold words of 100,000 characters."""

import ipaddress
import re
from collections.abc import Iterator

# Letters of the scripts that put spaces between words, so that a name ends where its letters end.
_LETTERS = "A-Za-zÀ-ʯͰ-ͽΆΈ-ԯԱ-Ֆա-ևא-תؠ-ٟٮ-ۓ\u0900-\u0963\u0980-\u0dff"
NAME = f"0-9{_LETTERS}"
CJK = "\u3005\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_LOCAL = rf"[{NAME}._%+-]{{1,64}}"
_HOST = rf"(?:[{NAME}-]{{1,63}}\.){{1,6}}[{_LETTERS}][{NAME}-]{{1,62}}"
_SUFFIXES = (
    "com|net|org|edu|gov|info|biz|io|co|app|dev|me|ai|eu|uk|de|fr|es|it|nl|be|ch|at|pl|cz|sk|hu|ro|bg|gr|se|no|dk|"
    "fi|ie|pt|br|mx|ar|cl|ru|ua|tr|il|ae|sa|eg|za|in|cn|hk|tw|jp|kr|sg|my|id|th|vn|ph|au|nz|ca|us"
)
_SUFFIX = rf"(?:{_SUFFIXES}|{_SUFFIXES.upper()})(?![{NAME}-]|\.[{NAME}])"
_CJK_SUFFIX = "公司|中国|中國|网络|網絡|香港|台湾|台灣|みんな|コム|한국|닷컴"
MAILERS = "(?:g|google|hot|proton)?mail|yahoo|outlook|icloud|aol|gmx|web|proton|qq|163|126|yandex|live|msn"
_OPEN, _CLOSE = r"\s{0,2}[(\[{<]\s{0,2}", r"\s{0,2}[)\]}>]\s{0,2}"
_AT = rf"{_OPEN}(?:at|AT|At|ät|@){_CLOSE}"
_DOT = rf"(?:{_OPEN}(?:dot|DOT|Dot|punkt|\.){_CLOSE}|\s{{1,2}}(?:dot|DOT|Dot)\s{{1,2}})"
_LABEL = rf"[{NAME}-]{{1,63}}"
_LAST = rf"{_SUFFIX}(?!{_DOT}[{NAME}])"

_HOST_IN_WORDS = rf"{_LABEL}(?:(?:\.|{_DOT}){_LABEL}){{0,3}}?{_DOT}{_LAST}"
_EMAIL_SIGN = re.compile(
    rf"(?:@|%40|&\#0{{0,4}}64;|&\#[xX]0{{0,4}}40;|&commat;)(?=(?:[{CJK}{NAME}-]{{1,63}}\.){{1,6}}[{CJK}{_LETTERS}][{CJK}{NAME}-]|\[)"
)
_EMAILS = (
    re.compile(
        rf"(?:\"[^\"\s@][^\"@\n]{{0,62}}\"|(?:[{NAME}]{{1,20}}['’])?{_LOCAL})"
        rf"(?:@|%40|&\#0{{0,4}}64;|&\#[xX]0{{0,4}}40;|&commat;)"
        rf"(?:{_HOST}|\[(?:IPv6:)?[0-9A-Fa-f.:]{{3,45}}\])"
    ),
    re.compile(
        rf"(?:{_LOCAL}|[{CJK}{NAME}._%+-]{{1,20}})@(?:[{CJK}{NAME}-]{{1,63}}\.){{1,4}}(?:{_CJK_SUFFIX}|{_SUFFIX})"
    ),
)
_EMAILS_IN_WORDS = (
    re.compile(rf"{_LOCAL}{_AT}{_LABEL}(?:(?:\.|{_DOT}){_LABEL}){{0,3}}?(?:\.|{_DOT}){_LAST}"),
    re.compile(rf"{_LOCAL}\s?@\s?{_LABEL}{_DOT}{_LAST}"),
    re.compile(rf"{_LOCAL}(?:\s@\s?|@\s)(?:{MAILERS})\.(?:[a-z]{{2,3}}\.)?{_LAST}", re.IGNORECASE),
    # Without brackets only what cannot be "I bought it at amazon dot com".
    re.compile(rf"{_LOCAL}\s(?:at|AT)\s(?:{MAILERS})(?:\.|{_DOT}){_LAST}", re.IGNORECASE),
    re.compile(
        rf"(?:(?=[^\s@]{{0,63}}[._\d]){_LOCAL}|[{NAME}]{{1,30}}{_DOT}{_LOCAL})\s(?:at|AT)\s{_LABEL}{_DOT}{_LAST}"
    ),
)
_EMAIL_IN_WORDS_SIGN = re.compile(
    rf"{_OPEN}(?:at|ät|@){_CLOSE}(?={_LABEL}(?:\.|{_DOT}))|(?:\sat\s|\s?@\s?)(?:(?:{MAILERS})\.|{_HOST_IN_WORDS})",
    re.IGNORECASE,
)
_CJK_ONE = re.compile(f"[{CJK}]")


def emails(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Places of e-mail addresses; only what stands around an at sign is read, not 100,000 characters."""
    done = start
    last = len(text) if end is None else end
    for sign in _EMAIL_SIGN.finditer(text, start, last):
        if sign.start() < done:
            continue
        begin, stop = max(done, sign.start() - 90), min(last, sign.end() + 260)
        for pattern in _EMAILS if _CJK_ONE.search(text, begin, stop) else _EMAILS[:1]:
            match = pattern.search(text, begin, stop)
            if match and match.start() <= sign.start() < match.end():
                yield match.span()
                done = match.end()
                break


def emails_in_words(text: str) -> Iterator[tuple[int, int]]:
    """Places of addresses such as "name (at) host dot com"."""
    done = 0
    for sign in _EMAIL_IN_WORDS_SIGN.finditer(text):
        begin, stop = max(done, sign.start() - 90), min(len(text), sign.end() + 120)
        for pattern in _EMAILS_IN_WORDS if sign.start() >= done else ():
            match = pattern.search(text, begin, stop)
            if match and match.start() < sign.end() <= match.end():
                yield match.span()
                done = match.end()
                break


_ONE_HANDLE = rf"@(?:(?=[0-9_]{{0,29}}[{_LETTERS}])[{NAME}_]{{2,30}}|[{CJK}][{CJK}{NAME}_·]{{1,11}})"
HANDLE = re.compile(rf"(?<![A-Za-z0-9À-ɏЀ-ӿ_@]){_ONE_HANDLE}(?:{_ONE_HANDLE}){{0,50}}")

_IP4 = re.compile(r"(?<![A-Za-z0-9_.À-ɏ])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9_À-ɏ]|\.\d)")
_IP6 = re.compile(
    r"(?<![A-Za-z0-9_:.])(?:(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}|[0-9A-Fa-f]{4}::[0-9A-Fa-f]{1,4})(?![A-Za-z0-9_:])"
)
_VERSION_BEFORE = re.compile(
    r"(?:(?:\bv|\bver|version|release|build|firmware|android|ios|windows|macos|chrome|firefox|safari|opera|driver|"
    r"kernel|revision|patch|section|chapter|\bsdk|\bapp|§)[ .:]{0,2}|[=>~]=|[A-Za-z]/)$",
    re.IGNORECASE,
)


def internet_addresses(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Places of IP addresses, which versions of programs look like."""
    last = len(text) if end is None else end
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text, start, last):
            if _is_address(match):
                yield match.span()


def _is_address(match: re.Match[str]) -> bool:
    found = match[0]
    if _VERSION_BEFORE.search(match.string[max(0, match.start() - 12) : match.start()]):
        return False
    if ":" in found and "::" not in found and not re.search("[0-9A-Fa-f]{3}", found):
        return False  # 12:30:45:10 and 1:2:3:4:5:6:7:8
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return False
    return found != "::"
