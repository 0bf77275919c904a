"""What opens doors: keys and tokens anywhere, log-ins and queries of web addresses."""

import re
from collections.abc import Iterator

from core.ingest.addresses import HANDLE, emails, internet_addresses
from core.ingest.numbers_of_people import phones
from core.ingest.plain_view import PlainView

_KEY = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"eyJ[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{4,4000}){1,4}"  # JSON web token
    r"|sk-(?=[A-Za-z_-]{0,100}\d)[A-Za-z0-9_-]{16,200}"
    r"|[sprw]k_(?:live|test)_[A-Za-z0-9]{10,200}"
    r"|(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,100}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,250}|AIza[\w-]{30,45}|ya29\.[\w-]{20,500}"
    r"|npm_[A-Za-z0-9]{30,60}|hf_[A-Za-z0-9]{25,60}|shp(?:at|ss|ca)_[0-9a-fA-F]{32}"
    r"|SG\.[\w-]{16,60}\.[\w-]{16,80}"
    r")|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,8000}"
    r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_VALUE = r"(?=[^\s\"']{0,64}\d)(?=[^\s\"']{0,64}[A-Za-z])"
_ASSIGNED = re.compile(
    r"(?:\bbearer\s{1,3}" + _VALUE + r"([\w.~+/-]{16,2000}={0,2})"
    r"|\b(?:password|passwort|passwd|pwd|api[_ -]?key"
    r"|(?:access|auth|api|secret)[_-]?token|client[_-]?secret|secret[_-]?key)"
    r"[\"']?\s{0,2}(?:[:=]|\bis\b)\s{0,2}[\"']?" + _VALUE + r"([^\s\"'<>,;()\[\]{}\0]{8,200}))",
    re.IGNORECASE,
)
KEY_SIGNS = (  # RE2: a text without any of these holds no key
    r"eyJ[\w-]{8}|sk-|k_live_|k_test_|AKIA|ASIA|AROA|AIDA|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AIza|ya29\."
    r"|npm_|hf_|shp[a-z]{2}_|SG\.|PRIVATE KEY"
    r"|(?i:bearer|passw|pwd|api[_ -]?key|token|client[_-]?secret|secret[_-]?key)"
)
_MAY_BE_KEY = re.compile(KEY_SIGNS.replace("(?i:", "(?:"), re.IGNORECASE)

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'）】」，。]{3,2048}", re.IGNORECASE)
_BARE_URL = re.compile(  # example.com/reset?token=...
    r"(?<![\w@./-])(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?::\d{1,5})?(?:/[^\s<>\"'?\0]{0,500})?"
    r"\?[^\s<>\"'=?\0]{1,100}=[^\s<>\"'）】」，。\0]{1,2048}"
)
_LOGIN = re.compile(r"(?<=://)([^\s/@<>\"'\0]{1,200})@[\w.-]{1,255}")  # of a database, of FTP
_SECRET_PART = re.compile(
    r"eyJ[\w.-]{10,2000}|[0-9a-fA-F]{16,200}"
    r"|(?=[\w-]{0,200}\d)(?=[\w-]{0,200}[A-Za-z])[A-Za-z0-9_-]{24,200}"
)
_PHONE_HOST = re.compile(r"(?:^|\.)(?:wa\.me|whatsapp\.com)$", re.IGNORECASE)


def mask_keys(view: PlainView) -> None:
    if not _MAY_BE_KEY.search(view.text):
        return
    view.take((*match.span(), "token") for match in _KEY.finditer(view.text))
    view.take((*match.span(match.lastindex or 0), "token") for match in _ASSIGNED.finditer(view.text))


def mask_urls(view: PlainView, handles: bool) -> None:
    """The addresses stay readable; queries, log-ins, long keys and mail addresses in them do not."""
    if "://" in view.text or "www." in view.text.lower():
        _mask_each(view, _URL, handles)
        logins = list(_LOGIN.finditer(view.text))
        view.take((*match.span(1), "token") for match in logins)
        view.blank(match.span() for match in logins)
    if "?" in view.text and "=" in view.text:
        _mask_each(view, _BARE_URL, handles)


def _mask_each(view: PlainView, pattern: re.Pattern[str], handles: bool) -> None:
    places = [match.span() for match in pattern.finditer(view.text)]
    for start, end in places:
        _mask_url(view, start, end, handles)
    view.blank(places)


def _mask_url(view: PlainView, start: int, end: int, handles: bool) -> None:
    scheme = view.text.find("://", start, end)
    host = start if scheme < 0 else scheme + 3
    slash = view.text.find("/", host, end)
    path = end if slash < 0 else slash
    if (at := view.text.rfind("@", host, path)) > host and not _cut(view.text[host:at]):
        view.take([(host, at, "token")])
    view.take((*place, "ip") for place in internet_addresses(view.text, host, path))
    view.take([(*place, "email") for place in emails(view.text, path, end)])
    end = _mask_query(view, host, end)
    view.take((*match.span(), "token") for match in _SECRET_PART.finditer(view.text, path, end))
    if _PHONE_HOST.search(view.text[host:path]):
        view.take((path + 1 + a, path + 1 + b, "phone") for a, b in _dialled(view.text[path + 1 : end]))
    if handles:
        view.take((*match.span(), "handle") for match in HANDLE.finditer(view.text, path, end))


def _cut(login: str) -> bool:
    """Whether the part before an at sign already lies in a query: example.com?mail=a@b.example."""
    return "?" in login or "#" in login


def _mask_query(view: PlainView, start: int, end: int) -> int:
    """Where the address ends that may still be read."""
    for sign in "?#":
        place = view.text.find(sign, start, end)
        after = view.text[place + 1 : end] if place >= 0 else ""
        if after and (sign == "?" or "=" in after or len(after) > 20):
            view.take([(place + 1, end, "token")])
            end = place
    return end


def _dialled(path: str) -> Iterator[tuple[int, int]]:
    for digits in re.finditer(r"\d{7,17}", path):
        if phones("+" + digits[0], "US"):
            yield digits.span()
