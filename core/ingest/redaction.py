"""Personal data out of texts before they are stored. Names are not found."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

EMAIL, CARD, IBAN, IP, TOKEN, PHONE, HANDLE = "email", "card", "iban", "ip", "token", "phone", "handle"
KINDS = (EMAIL, CARD, IBAN, IP, TOKEN, PHONE, HANDLE)
REGION = "US"  # where a phone number without a country code is looked for

# Every repetition is bounded: some comments hold words of 100,000 characters.
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'）】」，。]{3,2048}", re.IGNORECASE)
_NAME_CHARS = "A-Za-z0-9À-ɏ"
_EMAIL = re.compile(
    rf"[{_NAME_CHARS}._%+-]{{1,64}}@(?:[{_NAME_CHARS}-]{{1,63}}\.){{1,6}}[A-Za-zÀ-ɏ][{_NAME_CHARS}-]{{1,62}}"
)
_CARD = re.compile(r"(?<![\d.,-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_IP4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSION_BEFORE = re.compile(r"(?:(?:\bv|version|release|build)[ .:]{0,2}|[=>~]=|[A-Za-z]/)$", re.IGNORECASE)
_PHONE_LIKE = re.compile(r"(?:\d[\s().\-/–]{0,3}){7,}")
_HANDLE = re.compile(rf"(?<![{_NAME_CHARS}_@])[@＠](?=[0-9_]{{0,29}}[A-Za-zÀ-ɏ])[{_NAME_CHARS}_]{{2,30}}")
_SECRET_PART = re.compile(
    r"eyJ[\w.-]{10,2000}|[0-9a-fA-F]{16,200}"
    r"|(?=[\w-]{0,200}\d)(?=[\w-]{0,200}[A-Za-z])[A-Za-z0-9_-]{24,200}"
)
_GLUED = re.compile(r"[\w.|=/,-]", re.ASCII)
_EAST_ASIAN = re.compile(r"(?P<JP>[\u3041-\u30ff])|(?P<KR>[\uac00-\ud7a3])|(?P<CN>[\u4e00-\u9fff])")
_HINTS = re.compile(r"[@＠]|\d[\s().\-/–]{0,3}\d|://|www\.|[0-9A-Fa-f]:[0-9A-Fa-f:]", re.IGNORECASE)

_IBANS = (  # country and length
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 "
    "DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 "
    "IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 "
    "MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 "
    "ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}


@dataclass(frozen=True)
class Masked:
    texts: tuple[str, ...]
    counts: dict[str, int]  # kind -> places masked; kinds without any are left out


def mask_texts(texts: Iterable[str], region: str = REGION, handles: bool = True) -> Masked:
    """Replace personal data by [email], [card], [iban], [ip], [token], [phone] and [handle]."""
    counts: Counter[str] = Counter()
    masked = tuple(
        mask_text(text, counts, region, handles) if _HINTS.search(text) else text for text in texts
    )
    return Masked(masked, {kind: counts[kind] for kind in KINDS if counts[kind]})


def mask_text(text: str, counts: Counter[str], region: str = REGION, handles: bool = True) -> str:
    """One masked text; `counts` grows by what was found."""
    if "://" not in text and "www." not in text.lower():
        return _mask_plain(text, counts, region, handles)
    parts: list[str] = []
    end = 0
    for match in _URL.finditer(text):
        parts.append(_mask_plain(text[end : match.start()], counts, region, handles))
        parts.append(_mask_url(match[0], counts, handles))
        end = match.end()
    parts.append(_mask_plain(text[end:], counts, region, handles))
    return "".join(parts)


def _mask_plain(text: str, counts: Counter[str], region: str, handles: bool) -> str:
    has_at = "@" in text or "＠" in text
    if has_at:
        text = _replace(_EMAIL, EMAIL, text, counts)
    if _PHONE_LIKE.search(text) or ":" in text or "." in text:
        text = _replace(_IBAN, IBAN, text, counts, _iban_end)
        text = _replace(_CARD, CARD, text, counts, _card_end)
        text = _replace(_IP4, IP, text, counts, _ip_end)
        text = _replace(_IP6, IP, text, counts, _ip_end)
    if _PHONE_LIKE.search(text):
        text = _mask_phones(text, counts, region)
    if has_at and handles:
        text = _replace(_HANDLE, HANDLE, text, counts)
    return text


def _replace(
    pattern: re.Pattern[str],
    kind: str,
    text: str,
    counts: Counter[str],
    length: Callable[[re.Match[str]], int] | None = None,
) -> str:
    """Mask each match, or as many of its first characters as `length` says (0: it is none)."""

    def mask(match: re.Match[str]) -> str:
        keep_from = length(match) if length else len(match[0])
        if not keep_from:
            return match[0]
        counts[kind] += 1
        return f"[{kind}]{match[0][keep_from:]}"

    return pattern.sub(mask, text)


def _card_end(match: re.Match[str]) -> int:
    digits = [int(char) for char in match[0] if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(match[0]) if (sum(digits[::-2]) + sum(doubled)) % 10 == 0 else 0


def _iban_end(match: re.Match[str]) -> int:
    """Length of the part that is an IBAN; the words after it may match the pattern too."""
    wanted = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
    places = [i for i, char in enumerate(match[0]) if char.isalnum()][:wanted]
    if not wanted or len(places) < wanted:
        return 0
    iban = "".join(match[0][i] for i in places)
    number = int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4]))
    return places[-1] + 1 if number % 97 == 1 else 0


def _ip_end(match: re.Match[str]) -> int:
    before = match.string[max(0, match.start() - 12) : match.start()]
    if _VERSION_BEFORE.search(before) or match[0].count(":") == 3 and "::" not in match[0]:
        return 0
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return 0
    return len(match[0])


def _mask_phones(text: str, counts: Counter[str], region: str) -> str:
    """Only the surroundings of long runs of digits are shown to phonenumbers, which is slow."""
    import phonenumbers

    found: list[tuple[int, int]] = []
    for run in _PHONE_LIKE.finditer(text):
        start, end = max(0, run.start() - 6), min(len(text), run.end() + 12)
        for match in phonenumbers.PhoneNumberMatcher(text[start:end], _region(text[start:end], region)):
            inside_word = _GLUED.search(text[: start + match.start][-1:])  # 0.8.2023110701, id=4155552671
            if not inside_word and (not found or start + match.start >= found[-1][1]):
                found.append((start + match.start, start + match.end))
    for start, end in reversed(found):
        text = f"{text[:start]}[{PHONE}]{text[end:]}"
    counts[PHONE] += len(found)
    return text


def _region(text: str, region: str) -> str:
    """Chinese, Japanese and Korean comments carry numbers of their own country."""
    script = _EAST_ASIAN.search(text)
    if not script:
        return region
    return next((country for country, group in script.groupdict().items() if group), region)


def _mask_url(url: str, counts: Counter[str], handles: bool) -> str:
    """The address stays readable; query, log-in, long keys and mail addresses in it do not."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    host, slash, path = rest.partition("/")
    if "@" in host:
        host = f"[{TOKEN}]@{host.rpartition('@')[2]}"
        counts[TOKEN] += 1
    host = _replace(_IP4, IP, host, counts, _ip_end)
    path = _replace(_EMAIL, EMAIL, path, counts)
    for sign in "?#":
        before, found, after = (host if sign in host else path).partition(sign)
        if found and ("=" in after or len(after) > 20 or (sign == "?" and after)):
            counts[TOKEN] += 1
            if sign in host:
                host, slash, path = f"{before}{sign}[{TOKEN}]", "", ""
            else:
                path = f"{before}{sign}[{TOKEN}]"
    path = _replace(_SECRET_PART, TOKEN, path, counts)
    if handles:
        path = _replace(_HANDLE, HANDLE, path, counts)
    return f"{scheme}{mark}{host}{slash}{path}"
